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

# Prints a module without its signature, which nobody asks for and which takes
# an emulated processor seconds to check.
unsigned() {
	chroot "$root" perl -0777 -pe \
		'if (/~Module signature appended~\n\z/) {
			my $length = 12 + 28 + unpack "N", substr $_, -32, 4;
			substr($_, -$length) = ""
		}' "$1"
}

# Prints the kernel that is packed in a bzImage: two processors emulated one in
# the other take a minute to unpack it. Where it lies stands in the header (see
# the kernel's Documentation/x86/boot.rst); its length follows it.
unpacked() {
	number() {
		od -An -t"u$3" -j "$2" -N "$3" "$1" | tr -d ' '
	}
	begin=$((($(number "$1" 497 1) + 1) * 512 + $(number "$1" 584 4)))
	length=$(($(number "$1" 588 4) - 4))
	tail -c "+$((begin + 1))" "$1" | head -c "$length" | chroot "$root" xz -dc
}

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
		unsigned "$file" > "$tree/modules/${file##*/}"
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
unpacked vmlinuz > vmlinux
chmod 644 ./*
rm -rf "$root"/boot/System* "$root"/initrd* "$root"/vmlinuz* "$root/var/lib/apt/lists" \
	"$root"/var/cache/apt/* "$root/usr/share/doc"
