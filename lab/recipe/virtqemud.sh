# Runs outside the root ($1) when the packages of virtqemud.packages are in it. Debian and
# Ubuntu compile virtqemud with the rest of libvirt, but no package of theirs has it. So
# its few files are compiled from the release's own source and linked with the release's
# own library. What is to be installed is in /virtqemud.tar then.
set -e
mkdir "$1/source"
cd "$1/source"
# Without its description: not each mirror has that, and apt checks each part by the index.
for part in tar diff; do
	APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -q source "--$part-only" --download-only libvirt
done
cat > compile <<'END-OF-FILE'
set -e
cd /source
tar -xf libvirt_*.orig.tar.* --strip-components=1
tar -xf libvirt_*.debian.tar.*
grep -v '^#' debian/patches/series | while read -r name; do
	patch -s -p1 < "debian/patches/$name"
done
# Each release takes one of two libraries for JSON.
json=json_c
grep -q "'json_c'" meson_options.txt || json=yajl
meson setup build -Dauto_features=disabled -Ddriver_qemu=enabled -Ddriver_libvirtd=enabled \
	-Ddriver_remote=enabled -Dpolkit=enabled -D$json=enabled -Dinit_script=systemd -Dsystem=true \
	-Ddocs=disabled -Dtests=disabled -Dnls=disabled
cd build
targets() {
	ninja -t targets all | sed -n "s,^\($1\): .*,\1,p"
}
objects=$(targets 'src/virtqemud\.p/[^ ]*\.o')
admin=src/admin/libvirt_admin_driver.a
# Not each release says that the former need the latter.
ninja $(targets 'src/remote/[^ ]*\.h')
ninja $objects $admin
library=/usr/lib/$(gcc -print-multiarch)
gcc -pie -rdynamic -s -o virtqemud $objects $admin "$library/libvirt.so.0" \
	"$library/libvirt-lxc.so.0" "$library/libvirt-qemu.so.0" \
	-lglib-2.0 -lgobject-2.0 -lgio-2.0 -lgnutls -lxml2 -ltirpc -Wl,-z,defs
install -D -t /made/usr/sbin virtqemud
install -D -m 644 -t /made/usr/lib/systemd/system src/virtqemud*.service src/virtqemud*.socket
tar -C /made -cf /virtqemud.tar --owner=0 --group=0 usr
END-OF-FILE
chroot "$1" sh /source/compile
