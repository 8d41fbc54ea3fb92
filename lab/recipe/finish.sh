# Runs outside the root ($1) when all packages are in. The init scripts lie in
# /boot/lab already.
set -e
root=$1
echo outer > "$root/etc/hostname"
echo '127.0.0.1 localhost outer' > "$root/etc/hosts"
echo '/dev/vda / ext4 defaults 0 0' > "$root/etc/fstab"
sed -i 's,^root:[^:]*:,root::,' "$root/etc/shadow"

units=$root/etc/systemd/system
mkdir -p "$units/serial-getty@ttyS0.service.d" "$root/etc/systemd/journald.conf.d"
printf '%s\n' '[Service]' 'ExecStart=' \
	'ExecStart=-/sbin/agetty --autologin root --noclear %I linux' \
	> "$units/serial-getty@ttyS0.service.d/autologin.conf"
printf '%s\n' '[Journal]' 'Storage=volatile' 'RateLimitBurst=0' \
	> "$root/etc/systemd/journald.conf.d/lab.conf"

# Nothing may wake up by itself while a test counts or measures.
rm -rf "$units/timers.target.wants"
for unit in e2scrub_reap.service libvirt-guests.service systemd-pstore.service \
	systemd-tmpfiles-clean.timer getty@tty1.service remote-fs.target; do
	ln -sf /dev/null "$units/$unit"
done
rm -f "$root"/etc/libvirt/qemu/networks/autostart/*.xml

# An initrd: busybox, the modules in loading order, one init script.
cd "$root/boot/lab"
version=$(ls "$root/lib/modules")
initrd() {
	name=$1
	shift
	tree=$(mktemp -d)
	mkdir "$tree/bin" "$tree/dev" "$tree/modules" "$tree/proc" "$tree/root" "$tree/sys"
	cp "$root/bin/busybox" "$tree/bin/"
	for module in "$@"; do
		chroot "$root" modprobe -S "$version" -D "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
		cp "$root$file" "$tree/modules/"
		echo "${file##*/}" >> "$tree/modules/order"
	done
	mv "$name.init" "$tree/init"
	chmod 755 "$tree/init"
	(cd "$tree" && find . | "$root/bin/busybox" cpio -o -H newc 2>/dev/null) > "$name.cpio"
	rm -rf "$tree"
}
initrd outer virtio_pci virtio_blk ext4 crc32c_generic
initrd guest xhci_pci
mv "$root/boot/vmlinuz-$version" vmlinuz
chmod 644 ./*
rm -rf "$root"/boot/System* "$root"/initrd* "$root"/vmlinuz* "$root/var/lib/apt/lists" \
	"$root"/var/cache/apt/* "$root/usr/share/doc"
