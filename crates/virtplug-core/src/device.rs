//! USB devices of the host.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::Hasher;

use crate::fact::Fact;
use crate::id::{HostAddress, ProductId, VendorId};
use crate::port::PortPath;
use crate::text::RawText;

/// `bDeviceClass` of a hub (USB 2.0, 11.23.1).
const CLASS_HUB: u8 = 0x09;

/// One USB device present on the host, as last read from sysfs and the udev
/// database. Root hubs are not devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Where it sits. The key of a present device.
    pub port: PortPath,
    /// Its directory below `/sys`, for reading it again.
    pub syspath: String,
    /// This enumeration of it.
    pub instance: InstanceId,
    /// The address to hand to libvirt, valid for this instance.
    pub address: HostAddress,
    /// `idVendor`.
    pub vendor: VendorId,
    /// `idProduct`.
    pub product: ProductId,
    /// `bDeviceClass`.
    pub class: u8,
    /// The kernel's `authorized` attribute; `false` where a tool such as
    /// usbguard blocks the device.
    pub authorized: Fact<bool>,
    /// `iSerialNumber`, raw from sysfs. `Known(None)`: it has none (or a blank one).
    pub serial: Fact<Option<RawText>>,
    /// `iManufacturer`, raw from sysfs.
    pub manufacturer: Fact<Option<RawText>>,
    /// `iProduct`, raw from sysfs.
    pub product_name: Fact<Option<RawText>>,
    /// What udev knows of it; unknown until udev has processed the device.
    pub udev: Fact<UdevRecord>,
    /// Whether udev is done with it. Also true where no udev runs. Acting
    /// earlier would race with the rules that udev still applies.
    pub processed: bool,
}

impl Device {
    /// Whether this is a hub. Passing a hub on makes everything behind it vanish.
    pub fn is_hub(&self) -> bool {
        self.class == CLASS_HUB
    }
}

/// The udev database record of a device: properties and tags, as `udevadm info` shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UdevRecord {
    /// Properties (`E:` lines).
    pub properties: BTreeMap<String, String>,
    /// Tags that the device has or had (`G:` lines).
    pub tags: BTreeSet<String>,
    /// Tags of the last event (`Q:` lines).
    pub current_tags: BTreeSet<String>,
}

/// One enumeration of a device: a short hash that no other enumeration of this
/// boot shares, and that a restarted daemon computes again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u64);

impl InstanceId {
    /// Hashes what tells enumerations apart: the boot, the sysfs path and the
    /// inode of the sysfs directory. The kernel gives each new directory a new
    /// inode, even when bus and device number stay the same, and the inode is
    /// there before, and without, udev.
    pub fn new(boot_id: &str, syspath: &str, inode: u64) -> Self {
        let mut hasher = fnv::FnvHasher::default();
        for part in [boot_id.as_bytes(), syspath.as_bytes()] {
            hasher.write(part);
            hasher.write_u8(0);
        }
        hasher.write(&inode.to_be_bytes());
        Self(hasher.finish())
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
