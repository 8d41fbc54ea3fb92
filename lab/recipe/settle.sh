# Brings the booted outer machine to the point from which every test starts.
set -e
systemctl is-system-running --wait > /dev/null || systemctl --failed >&2
chmod 755 /usr/lib/virtplug-lab/world
systemctl -q enable --now virtplug-lab
# A firmware that halts the processor. With the usual one, which finds no disk,
# each machine keeps half of a processor busy for ever.
mkdir -p /usr/share/virtplug-lab
perl -e 'print "\xf4" x 0xfff0, "\xfa\xf4\xeb\xfd", "\xf4" x 12' > /usr/share/virtplug-lab/halt.bin
for name in alpha beta; do
	sed "s/NAME/$name/" /root/small.xml > "/root/$name.xml"
	virsh -q define "/root/$name.xml" >&2
	virsh -q start "$name" >&2
done
virsh -q define /root/guest.xml >&2
# Drivers that the first plug would otherwise have to wait for.
modprobe -a ftdi_sio usb_storage usbhid sd_mod
# Tools that every test runs, so that they are in memory.
journalctl -n 1 > /dev/null
lsusb > /dev/null
