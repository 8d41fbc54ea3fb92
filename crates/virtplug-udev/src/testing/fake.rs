//! A host in a temporary directory, laid out as the kernel does it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use virtplug_core::PortPath;

use crate::host::{Host, HostPaths};

/// Attributes to write, beside or instead of the default ones.
type Attributes<'a> = &'a [(&'a str, &'a [u8])];

pub(crate) struct Fake {
    root: tempfile::TempDir,
    removed: AtomicU32,
}

impl Fake {
    /// A host without devices and without udev.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let fake = Self {
            root,
            removed: AtomicU32::new(0),
        };
        for directory in [
            "sys/bus/usb/devices",
            "sys/devices/pci0",
            "run/udev",
            "graves",
        ] {
            fs::create_dir_all(fake.path(directory)).unwrap();
        }
        fs::write(fake.path("boot_id"), "boot-1\n").unwrap();
        fake
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    /// A host where udev runs.
    pub(crate) fn with_udev(self) -> Self {
        fs::write(self.path("run/udev/control"), "").unwrap();
        self
    }

    pub(crate) fn host(&self) -> Host {
        Host::open(self.paths()).unwrap()
    }

    pub(crate) fn paths(&self) -> HostPaths {
        HostPaths {
            sysfs: self.path("sys"),
            procfs: self.path("proc"),
            boot_id: self.path("boot_id"),
            udev_control: self.path("run/udev/control"),
        }
    }

    /// The directory of a device: `1-2.4` is in that of `1-2`, in that of `usb1`.
    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        self.path("sys").join(Self::below_sys(name))
    }

    fn below_sys(name: &str) -> PathBuf {
        let port: PortPath = name.split(':').next().unwrap().parse().unwrap();
        let mut path = PathBuf::from(format!("devices/pci0/usb{}", port.bus()));
        let mut tier = format!("{}-", port.bus());
        for (index, number) in port.ports().iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            tier = format!("{tier}{dot}{number}");
            path.push(&tier);
        }
        if name.contains(':') {
            path.push(name);
        }
        path
    }

    /// Adds a device, the hubs it sits behind not included.
    pub(crate) fn add(&self, port: &str, number: u8, attributes: Attributes<'_>) {
        let directory = self.directory(port);
        fs::create_dir_all(&directory).unwrap();
        let bus = port.split('-').next().unwrap();
        let number = number.to_string();
        let minor = format!(
            "MAJOR=189\nMINOR={number}\nDEVNAME=bus/usb/{bus}/{number}\nDEVTYPE=usb_device\n"
        );
        let plain = descriptors(&[configuration(&[[0xff, 0, 0]])]);
        let defaults: Attributes<'_> = &[
            ("busnum", bus.as_bytes()),
            ("devnum", number.as_bytes()),
            ("idVendor", b"0627"),
            ("idProduct", b"0001"),
            ("bcdDevice", b"0100"),
            ("bDeviceClass", b"00"),
            ("bDeviceSubClass", b"00"),
            ("bDeviceProtocol", b"00"),
            ("descriptors", &plain),
            ("speed", b"12"),
            ("removable", b"unknown"),
            ("authorized", b"1"),
            ("uevent", minor.as_bytes()),
        ];
        for (name, value) in defaults.iter().chain(attributes) {
            self.write(port, name, value);
        }
        symlink(self.path("sys/bus/usb"), directory.join("subsystem")).unwrap();
        self.add_root_hub(bus, b" 2.00");
        self.link(port, &Self::below_sys(port));
    }

    /// The root hub of a bus, unless it is there.
    pub(crate) fn add_root_hub(&self, bus: &str, version: &[u8]) {
        let version_file = self.root_hub(bus).join("version");
        if !version_file.exists() {
            fs::create_dir_all(self.root_hub(bus)).unwrap();
            fs::write(version_file, [version, b"\n"].concat()).unwrap();
        }
    }

    pub(crate) fn root_hub(&self, bus: &str) -> PathBuf {
        self.path("sys/devices/pci0").join(format!("usb{bus}"))
    }

    /// Gives the port of a device a peer: the directory of another port, such
    /// as `usb4-port2`. Returns the directory of the device's port.
    pub(crate) fn add_peer(&self, port: &str, peer: &str) -> PathBuf {
        let device = self.directory(port);
        let hub = device.parent().unwrap();
        let hub_name = hub.file_name().unwrap().to_str().unwrap();
        let interface = match hub_name.strip_prefix("usb") {
            Some(bus) => format!("{bus}-0:1.0"),
            None => format!("{hub_name}:1.0"),
        };
        let number = port.rsplit(['-', '.']).next().unwrap();
        let at = hub.join(interface).join(format!("{hub_name}-port{number}"));
        fs::create_dir_all(&at).unwrap();
        symlink(Path::new("../../../other").join(peer), at.join("peer")).unwrap();
        at
    }

    /// Adds what else is in the list of devices.
    pub(crate) fn add_other(&self, name: &str, below: &str) {
        fs::create_dir_all(self.path("sys").join(below)).unwrap();
        self.link(name, Path::new(below));
    }

    fn link(&self, name: &str, below_sys: &Path) {
        let link = self.path("sys/bus/usb/devices").join(name);
        symlink(Path::new("../../..").join(below_sys), link).unwrap();
    }

    /// Writes an attribute and the newline of sysfs, which binary ones lack.
    pub(crate) fn write(&self, port: &str, name: &str, value: &[u8]) {
        let path = self.directory(port).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let end: &[u8] = if name == "descriptors" { b"" } else { b"\n" };
        fs::write(path, [value, end].concat()).unwrap();
    }

    /// Replaces an attribute by another file; who has the old one open keeps it.
    pub(crate) fn replace(&self, port: &str, name: &str, value: &[u8]) {
        self.erase(port, name);
        self.write(port, name, value);
    }

    /// Makes the reading of an attribute fail with EISDIR.
    pub(crate) fn break_attribute(&self, port: &str, name: &str) {
        self.erase(port, name);
        fs::create_dir(self.directory(port).join(name)).unwrap();
    }

    pub(crate) fn erase(&self, port: &str, name: &str) {
        let _ = fs::remove_file(self.directory(port).join(name));
    }

    /// Removes a device. Its directory is kept elsewhere, so that the inode is
    /// not used again, as in sysfs.
    pub(crate) fn remove(&self, port: &str) {
        fs::remove_file(self.path("sys/bus/usb/devices").join(port)).unwrap();
        let number = self.removed.fetch_add(1, Ordering::Relaxed);
        let grave = self.path("graves").join(number.to_string());
        fs::rename(self.directory(port), grave).unwrap();
    }

    /// Makes a string hang when it is read, as a busy device does, until the
    /// returned pipe gets content.
    pub(crate) fn block(&self, port: &str, name: &str) -> PathBuf {
        self.erase(port, name);
        let path = self.directory(port).join(name);
        let status = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(status.unwrap().success());
        path
    }
}

/// A configuration descriptor with these interfaces.
pub(crate) fn configuration(interfaces: &[[u8; 3]]) -> Vec<u8> {
    let mut bytes = vec![9, 2, 0, 0, 1, 1, 0, 0x80, 50];
    for [class, subclass, protocol] in interfaces {
        bytes.extend([9, 4, 0, 0, 0, *class, *subclass, *protocol, 0]);
    }
    let total = u16::try_from(bytes.len()).unwrap();
    bytes[2..4].copy_from_slice(&total.to_le_bytes());
    bytes
}

/// The descriptors of a device with these configurations, as in sysfs.
pub(crate) fn descriptors(configurations: &[Vec<u8>]) -> Vec<u8> {
    let number = u8::try_from(configurations.len()).unwrap();
    let device = [
        18, 1, 0, 2, 0, 0, 0, 64, 0x27, 6, 1, 0, 0, 1, 0, 0, 0, number,
    ];
    [&device[..], &configurations.concat()].concat()
}
