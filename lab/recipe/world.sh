#!/bin/sh
# Prints the USB devices as sysfs shows them and, with the argument `machines`,
# state and XML of all machines that libvirt has written down.
cd /sys/bus/usb/devices || exit 1
stat -L -c 'inode %n %i' usb* [0-9]*-* 2> /dev/null
for name in usb* [0-9]*-*; do
	case $name in *:*) continue ;; esac
	[ -e "$name/devnum" ] || continue
	driver=
	for interface in "$name"/*:*; do
		[ -L "$interface/driver" ] && driver=$(readlink "$interface/driver") && break
	done
	serial=
	[ -e "$name/serial" ] && IFS= read -r serial < "$name/serial"
	read -r bus < "$name/busnum"
	read -r device < "$name/devnum"
	read -r vendor < "$name/idVendor"
	read -r product < "$name/idProduct"
	read -r class < "$name/bDeviceClass"
	echo "usb $name $bus $device $vendor $product $class ${driver##*/}|$serial"
done
# virsh ends the text of its echo without a newline: the state follows on the same line.
commands=
if [ "$1" = machines ]; then
	for file in /etc/libvirt/qemu/*.xml; do
		name=${file##*/}
		name=${name%.xml}
		commands="$commands echo 'machine $name='; domstate '$name'; dumpxml '$name';"
	done
fi
[ -z "$commands" ] || virsh -q "$commands"
