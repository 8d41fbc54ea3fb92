//! Disks of a machine that are block devices of the host.

use roxmltree::Node;

use super::is;

/// The block devices behind a `<disk>`, those that it is layered on or copied
/// to included. A file image may be one, too: `<source file='/dev/sdb'/>`.
pub(super) fn disks<'a>(entry: Node<'a, '_>) -> impl Iterator<Item = String> + 'a {
    let disk = is(entry, "disk").then_some(entry);
    let parts = disk.into_iter().flat_map(|disk| disk.descendants());
    let sources = parts.filter(|part| is(*part, "source"));
    let files = sources.filter_map(|source| {
        let file = source.attribute("file");
        let file = file.filter(|file| file.starts_with("/dev/"));
        source.attribute("dev").or(file)
    });
    files.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::DomainXml;

    #[test]
    fn disks_are_told_by_the_files_of_the_host() {
        let domain = DomainXml::read(
            "<domain><devices><disk type='block' device='disk'>
               <source dev='/dev/disk/by-id/usb-Stick-0:0'/>
               <backingStore type='block'><source dev='/dev/sdc'/></backingStore>
               <mirror type='block'><source dev='/dev/sdd'/></mirror>
             </disk>
             <disk type='file'><source file='/dev/sde'/></disk>
             <disk type='file'><source file='/var/lib/libvirt/images/a.img'/></disk>
             <disk type='file' device='cdrom'/>
             <interface type='direct'><source dev='enx0' mode='bridge'/></interface>
             <hostdev mode='capabilities' type='storage'><source><block>/dev/sdz</block></source></hostdev></devices></domain>",
        ).unwrap();
        let files = [
            "/dev/disk/by-id/usb-Stick-0:0",
            "/dev/sdc",
            "/dev/sdd",
            "/dev/sde",
        ];
        assert_eq!(domain.disks, files.map(str::to_owned).into());
    }
}
