#!/bin/bash
MATCH_SERIAL_ID=1
declare -a stick1=("haos" "10c4:ea60" "AAAA")
declare -a stick2=("lab" "10c4:ea60" "BBBB")
declare -a stick3=("elsewhere" "46d:825" "CCCC")
declare -a groups=("stick1" "stick2" "stick3")
