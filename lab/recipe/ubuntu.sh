# Runs outside the root ($1) of Ubuntu when all packages are in, before finish.sh: busybox
# loads no compressed modules.
set -e
chroot "$1" sh -c 'find /lib/modules -name "*.ko.zst" -exec unzstd -q --rm {} + &&
	depmod "$(ls /lib/modules)"'
