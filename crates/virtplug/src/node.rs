//! The node of a device, which QEMU opens: as root's helper in the machines of the system, by itself
//! in those of a user.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use virtplug_core::{ConnectionUri, HostAddress, PortPath};

/// Where libusb finds it.
fn path(address: HostAddress) -> PathBuf {
    let (bus, device) = (address.bus.0, address.device.0);
    PathBuf::from(format!("/dev/bus/usb/{bus:03}/{device:03}"))
}

/// Whether the machines of a connection run as this user.
pub(crate) fn is_opened_by_user(uri: &ConnectionUri) -> bool {
    let path = uri.as_str().split('?').next().unwrap_or_default();
    path.ends_with(":///session")
}

/// That this user may not open a device, and what mends it.
pub(crate) fn refusal(address: HostAddress, port: &PortPath) -> Option<String> {
    told(&path(address), port)
}

fn told(node: &Path, port: &PortPath) -> Option<String> {
    match access(node, AccessFlags::R_OK | AccessFlags::W_OK) {
        Err(Errno::EACCES | Errno::EPERM | Errno::EROFS) => Some(format!(
            "this user may not open {}, as QEMU must; `virtplug snippet udev-rule {port} --group GROUP` \
             prints a rule that lets a group of yours (`id -gn`)",
            node.display()
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_machines_of_a_session_are_the_users() {
        let own = |uri: &str| is_opened_by_user(&ConnectionUri::new(uri));
        assert!(own("qemu:///session") && own("qemu:///session?socket=/run/x"));
        assert!(!own("qemu:///system") && !own("qemu+ssh://host/session"));
    }

    #[test]
    fn what_is_not_there_is_not_refused() {
        let port: PortPath = "1-2".parse().unwrap();
        assert_eq!(told(Path::new("/nowhere/at/all"), &port), None);
        assert_eq!(told(Path::new("/dev/null"), &port), None);
    }
}
