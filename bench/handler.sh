#!/bin/sh
# The common practice, for comparison: udev runs this for each event of the device,
# it writes the device's XML and calls virsh. See `lab compare`.
#
#   usb-handler MACHINE
#
# udev sets ACTION, BUSNUM, DEVNUM and PRODUCT (such as 403/6001/400).
set -eu
machine=$1
entries=/run/usb-handler
entry=$entries/$BUSNUM-$DEVNUM.xml

without_zeros() {
    echo "${1#"${1%%[!0]*}"}"
}

case $ACTION in
add)
    mkdir -p "$entries"
    vendor=${PRODUCT%%/*}
    rest=${PRODUCT#*/}
    cat > "$entry" << END
<hostdev mode='subsystem' type='usb' managed='yes'>
  <source startupPolicy='optional'>
    <vendor id='0x$vendor'/>
    <product id='0x${rest%%/*}'/>
    <address bus='$(without_zeros "$BUSNUM")' device='$(without_zeros "$DEVNUM")'/>
  </source>
</hostdev>
END
    virsh attach-device "$machine" "$entry" --live
    ;;
remove)
    [ -e "$entry" ] || exit 0
    virsh detach-device "$machine" "$entry" --live
    rm "$entry"
    ;;
esac
