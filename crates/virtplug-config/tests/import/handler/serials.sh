#!/bin/bash
FILEPATH="/opt/udev/"
MATCH_SERIAL_ID=1
declare -a stick1=("haos" "10c4:ea60" "0123abcd")
declare -a stick2=("haos" "VEN2:PROD2" "with_line")
declare -a stick3=("camera" "46d:825" "CAM1")
declare -a groups=("stick1" "stick2" "stick3")
if [ "${ACTION}" == 'add' ]; then
  for group in ${groups[@]}; do
    lst="$group[@]"
  done
fi
virsh "x" <<END
MATCH_SERIAL_ID=0
END
