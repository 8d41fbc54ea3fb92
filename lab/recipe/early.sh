# Runs outside the root ($1) before packages are configured. Debian's own
# initrd takes long to make and is never booted: ours is made at the end.
set -e
chroot "$1" dpkg-divert --quiet --local --rename --add /usr/sbin/update-initramfs
ln -sf /bin/true "$1/usr/sbin/update-initramfs"
