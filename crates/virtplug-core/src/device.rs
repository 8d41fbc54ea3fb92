//! USB devices of the host.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};

use crate::class::ClassCode;
use crate::fact::Fact;
use crate::host_use::Use;
use crate::id::{HostAddress, ProductId, Revision, VendorId};
use crate::place::{Half, StablePort};
use crate::port::PortPath;
use crate::speed::{Removable, Speed};
use crate::text::RawText;
use crate::udev_record::UdevRecord;

/// One USB device present on the host, as last read from sysfs and the udev
/// database. Root hubs are not devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `bcdDevice`.
    pub revision: Fact<Revision>,
    /// `bDeviceClass`, `bDeviceSubClass` and `bDeviceProtocol`.
    pub class: ClassCode,
    /// The classes of all its interfaces, in every configuration and setting.
    pub interfaces: Fact<BTreeSet<ClassCode>>,
    /// How fast it is connected.
    pub speed: Fact<Speed>,
    /// Whether it can be unplugged.
    pub removable: Fact<Removable>,
    /// The port of the other half of its socket, where the socket has two (a
    /// USB 2 and a USB 3 plug; the kernel's `peer`).
    pub peer: Fact<Option<PortPath>>,
    /// Which half of its controller it is on.
    pub half: Fact<Half>,
    /// Whether one of its interfaces has a driver. A machine that has the device
    /// counts as one. Decides nothing.
    pub bound: Fact<bool>,
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
    /// What the host does with it. Unknown counts as in use.
    pub in_use: Fact<BTreeSet<Use>>,
    /// The files by which programs name its disks and their partitions:
    /// `/dev/sdb1`, `/dev/disk/by-id/…`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub disks: BTreeSet<String>,
}

impl Device {
    /// Whether this is a hub. Passing a hub on makes everything behind it vanish.
    pub fn is_hub(&self) -> bool {
        self.class.is_hub()
    }

    /// Its port's name that does not change when buses are numbered anew.
    /// `Known(None)`: its directory names no controller.
    pub fn stable_port(&self) -> Fact<Option<StablePort>> {
        self.half
            .map(|half| StablePort::of(&self.syspath, half, &self.port))
    }

    /// The stable name of the other half of its socket.
    pub fn stable_peer(&self) -> Fact<Option<StablePort>> {
        match (&self.half, &self.peer) {
            (_, Fact::Known(None)) => Fact::Known(None),
            (Fact::Known(half), Fact::Known(Some(peer))) => {
                Fact::Known(StablePort::of(&self.syspath, half.other(), peer))
            }
            _ => Fact::Unknown,
        }
    }

    /// Whether something of it could not be read and may be read later. What
    /// udev knows comes with an event of its own, at which it may be unreadable.
    pub fn is_partly_unread(&self) -> bool {
        self.authorized == Fact::Unknown
            || self.revision == Fact::Unknown
            || self.interfaces == Fact::Unknown
            || self.speed == Fact::Unknown
            || self.removable == Fact::Unknown
            || self.peer == Fact::Unknown
            || self.half == Fact::Unknown
            || (self.udev == Fact::Unknown && !self.processed)
            || [&self.serial, &self.manufacturer, &self.product_name]
                .into_iter()
                .any(|text| *text == Fact::Unknown)
    }
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
