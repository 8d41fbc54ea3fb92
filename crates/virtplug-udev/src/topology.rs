//! Topology: the root hub above a device, and the other half of its socket.
//! These are files and links of ports and of root hubs; reading them takes no
//! device's lock.

use std::io;
use std::path::{Path, PathBuf};

use virtplug_core::{Fact, Half, PortPath};

use crate::directory::{Directory, is_absence};
use crate::failure::{Failure, is_exhaustion};

/// First version of USB whose root hub is the fast half of a controller.
const USB3: u32 = 3;

/// Which half of its controller a device is on, from the version of its root hub.
pub(crate) fn half(directory: &Directory) -> Result<Fact<Half>, Failure> {
    let Some(root_hub) = directory.path().ancestors().find(|path| is_root_hub(path)) else {
        return Ok(Fact::Unknown);
    };
    match directory.read(root_hub.join("version")) {
        Ok(version) => Ok(half_of(&version).map_or(Fact::Unknown, Fact::Known)),
        Err(error) if is_exhaustion(&error) => Err(Failure::Exhausted(error)),
        Err(_) => Ok(Fact::Unknown),
    }
}

/// Reads the kernel's text, such as ` 2.00`.
fn half_of(version: &[u8]) -> Option<Half> {
    let (major, minor) = str::from_utf8(version).ok()?.trim().split_once('.')?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !plain(major) || !plain(minor) {
        return None;
    }
    let major = u32::from_str_radix(major, 16).ok()?;
    Some(if major >= USB3 {
        Half::Usb3
    } else {
        Half::Usb2
    })
}

fn is_root_hub(path: &Path) -> bool {
    name(path).is_some_and(|name| root_bus(name).is_some())
}

/// The digits in `usb3`.
fn root_bus(name: &str) -> Option<&str> {
    let bus = name.strip_prefix("usb")?;
    (!bus.is_empty() && bus.bytes().all(|b| b.is_ascii_digit())).then_some(bus)
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// The port on the other half of the socket. Where the port itself has none,
/// the nearest port above that has one tells, because both halves of a hub
/// number their ports alike.
pub(crate) fn peer(
    directory: &Directory,
    port: &PortPath,
) -> Result<Fact<Option<PortPath>>, Failure> {
    for (above, path) in port.upwards().zip(directory.path().ancestors()) {
        match link(path) {
            Ok(Some(target)) => {
                let chain = port.ports().get(above.ports().len()..).unwrap_or_default();
                let peer = port_of(&target).and_then(|peer| peer.below(chain));
                return Ok(peer.map_or(Fact::Unknown, |peer| Fact::Known(Some(peer))));
            }
            Ok(None) => {}
            Err(error) if is_exhaustion(&error) => return Err(Failure::Exhausted(error)),
            Err(_) => return Ok(Fact::Unknown),
        }
    }
    Ok(Fact::Known(None))
}

/// Where the peer link of a device's port points to. `None`: the port has no
/// peer, or the kernel is too old to tell.
fn link(device: &Path) -> io::Result<Option<PathBuf>> {
    // The kernel makes the device's link to its port only after it announced
    // the device; the port itself is there before.
    let paths = [Some(device.join("port")), port_directory(device)];
    for path in paths.into_iter().flatten() {
        match std::fs::read_link(path.join("peer")) {
            Ok(target) => return Ok(Some(target)),
            Err(error) if is_absence(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The directory of the port that a device is on, below the hub's interface.
fn port_directory(device: &Path) -> Option<PathBuf> {
    let hub = device.parent()?;
    let hub_name = name(hub)?;
    let number = name(device)?.rsplit(['-', '.']).next()?;
    let interface = match root_bus(hub_name) {
        Some(bus) => format!("{bus}-0:1.0"),
        None => format!("{hub_name}:1.0"),
    };
    Some(hub.join(interface).join(format!("{hub_name}-port{number}")))
}

/// The port that a directory such as `usb4-port2` or `4-2-port4` stands for.
fn port_of(directory: &Path) -> Option<PortPath> {
    let (hub, number) = name(directory)?.rsplit_once("-port")?;
    let path = match root_bus(hub) {
        Some(bus) => format!("{bus}-{number}"),
        None => format!("{hub}.{number}"),
    };
    path.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_root_hub_tells_the_half() {
        for (text, half) in [
            (" 1.10\n", Some(Half::Usb2)),
            (" 2.00\n", Some(Half::Usb2)),
            (" 3.00\n", Some(Half::Usb3)),
            ("3.20", Some(Half::Usb3)),
            ("10.00", Some(Half::Usb3)),
            ("", None),
            ("3", None),
            (".", None),
            ("+3.00", None),
            ("x.00", None),
            ("99999999999.00", None),
        ] {
            assert_eq!(half_of(text.as_bytes()), half, "{text:?}");
        }
        assert_eq!(half_of(b"\xff\xfe"), None);
    }

    #[test]
    fn a_port_is_named_by_its_directory() {
        for (directory, port) in [
            ("usb4-port2", Some("4-2")),
            ("4-2-port4", Some("4-2.4")),
            ("../../../4-2:1.0/4-2.1-port15", Some("4-2.1.15")),
            ("4-2-port", None),
            ("4-2-port0", None),
            ("usb-port1", None),
            ("usbx-port1", None),
            ("4-1.2.3.4.5.6-port7", None),
            ("..", None),
            ("", None),
        ] {
            let found = port_of(Path::new(directory)).map(|port| port.to_string());
            assert_eq!(found.as_deref(), port, "{directory}");
        }
    }

    #[test]
    fn a_port_is_found_below_the_interface_of_its_hub() {
        for (device, port) in [
            ("/sys/usb3/3-2", "/sys/usb3/3-0:1.0/usb3-port2"),
            ("/sys/usb3/3-2/3-2.14", "/sys/usb3/3-2/3-2:1.0/3-2-port14"),
        ] {
            assert_eq!(port_directory(Path::new(device)), Some(port.into()));
        }
    }
}
