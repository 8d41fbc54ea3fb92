//! Node: what a driver of the host made of an interface of a device.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::{fs, str};

use virtplug_core::PortPath;

use super::is_nothing;

/// Deepest nesting that is followed below an interface. An SD card in a reader
/// or a keyboard behind a Bluetooth adapter takes six.
const DEPTH: usize = 10;

/// Kinds of nodes that tell what the host does with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Block,
    Net,
    Input,
    Sound,
    Video,
    Hidraw,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Block,
        Self::Net,
        Self::Input,
        Self::Sound,
        Self::Video,
        Self::Hidraw,
    ];

    /// The kernel puts nodes into a directory with the name of their class.
    pub(crate) fn of_class(name: &str) -> Option<Self> {
        Some(match name {
            "block" => Self::Block,
            "net" => Self::Net,
            "input" => Self::Input,
            "sound" => Self::Sound,
            "video4linux" => Self::Video,
            "hidraw" => Self::Hidraw,
            _ => return None,
        })
    }
}

/// A disk, network interface, input device, sound card, video or raw HID device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// The kernel's name, such as `sdb`.
    pub(crate) name: String,
    /// Its directory.
    pub(crate) path: PathBuf,
}

/// The nodes below a device's own interfaces. Other USB devices, which sit in
/// the directory of a hub, are left out.
pub(super) fn below(device: &Path, port: &PortPath) -> io::Result<Vec<Node>> {
    let mut found = Vec::new();
    for interface in interfaces(device, port)? {
        walk(&interface, DEPTH, &mut found)?;
    }
    Ok(found)
}

/// The directories of a device's interfaces, such as `1-2:1.0`.
pub(super) fn interfaces(device: &Path, port: &PortPath) -> io::Result<Vec<PathBuf>> {
    let mut found = directories(device)?;
    found.retain(|path| is_interface(path.file_name(), &port.to_string()));
    Ok(found)
}

fn is_interface(name: Option<&OsStr>, port: &str) -> bool {
    name.and_then(OsStr::to_str)
        .and_then(|name| name.strip_prefix(port))
        .is_some_and(|rest| rest.starts_with(':'))
}

fn walk(directory: &Path, depth: usize, found: &mut Vec<Node>) -> io::Result<()> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(io::Error::other("a device is nested too deeply"));
    };
    for path in directories(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Every device and endpoint has these; no driver's node is below.
        if name == "power" || name == "wakeup" || name.starts_with("ep_") {
            continue;
        }
        let Some(kind) = Kind::of_class(&name) else {
            walk(&path, depth, found)?;
            continue;
        };
        found.extend(directories(&path)?.into_iter().map(|path| {
            Node {
                kind,
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                path,
            }
        }));
    }
    Ok(())
}

/// The directories in a directory, without links; none if it is gone.
pub(super) fn directories(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if is_nothing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The port of the USB device that a node belongs to, from the node's path in
/// sysfs: the name before that of the last interface.
pub(crate) fn port_above(devpath: &str) -> Option<PortPath> {
    let mut above = None;
    let mut before = "";
    for name in devpath.split('/') {
        if !before.is_empty() && is_interface(Some(OsStr::new(name)), before) {
            above = before.parse().ok().or(above);
        }
        before = name;
    }
    above
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_a_node_is_that_of_the_nearest_usb_device() {
        for (path, port) in [
            (
                "/devices/pci0/usb1/1-2/1-2:1.0/host2/target2:0:0/2:0:0:0/block/sda",
                Some("1-2"),
            ),
            (
                "/devices/pci0/usb1/1-2/1-2.4/1-2.4:1.1/net/eth1",
                Some("1-2.4"),
            ),
            // A network interface may have any name.
            ("/devices/pci0/usb1/1-2/1-2:1.0/net/3-1", Some("1-2")),
            ("/devices/pci0/usb1/1-2/1-2:1.0/net/3-1/3-1", Some("1-2")),
            ("/devices/pci0/usb1/1-0:1.0/usb1-port1", None),
            ("/devices/virtual/block/dm-0", None),
            ("/devices/pci0000:00/0000:00:14.0/net/eth0", None),
            ("", None),
            ("1-2:1.0", None),
        ] {
            let found = port_above(path).map(|port| port.to_string());
            assert_eq!(found.as_deref(), port, "{path}");
        }
    }
}
