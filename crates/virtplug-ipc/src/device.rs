//! Devices: what they are, where they belong and where they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zlink::introspect::{CustomType, Type};

use crate::{MachineName, RuleName};

/// What a device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Device {
    /// The kernel's port path, `3-2.4`.
    pub port: String,
    /// The port's name that does not depend on bus numbers; absent where there is none.
    pub stable_port: Option<String>,
    /// Bus number.
    pub bus: u16,
    /// Device number.
    pub device: u8,
    /// `idVendor`, four hexadecimal digits.
    pub vendor: String,
    /// `idProduct`, four hexadecimal digits.
    pub product: String,
    /// The class of the device, `09:00:00`.
    pub class: String,
    /// The serial number; absent where the device has none, where it cannot be
    /// read, and where it is hidden.
    pub serial: Option<String>,
    /// The maker's name, as the device says it.
    pub manufacturer: Option<String>,
    /// The product's name, as the device says it.
    pub product_name: Option<String>,
    /// The kernel's `authorized`; absent where it cannot be read.
    pub authorized: Option<bool>,
    /// Whether it is a hub.
    pub hub: bool,
    /// What the host does with it; absent where that cannot be read, which
    /// counts as a use.
    pub in_use: Option<Vec<HostUse>>,
}

/// One way in which the host uses a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct HostUse {
    /// Which way.
    pub kind: HostUseKind,
    /// One sentence.
    pub text: String,
    /// Whether the device stays on the host for it, unless `allow-in-use` is set.
    pub refuses: bool,
}

/// The ways in which the host uses a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
#[serde(rename_all = "snake_case")]
#[zlink(rename_all = "snake_case")]
pub enum HostUseKind {
    /// A file system on it is mounted.
    Mounted,
    /// The host swaps to it.
    Swap,
    /// Another block device is made of it: LUKS, LVM, md, bcache, loop.
    Held,
    /// It is part of an active file system or pool.
    Member,
    /// The kernel still writes to it.
    Writing,
    /// A machine has it as one of its own disks.
    MachineDisk,
    /// A network interface of it has an address.
    Address,
    /// A default route goes through it.
    DefaultRoute,
    /// A network interface of it is part of a bridge, bond or team.
    Enslaved,
    /// It is the last keyboard of a host without a serial console.
    LastKeyboard,
    /// A process has a node of it open.
    Opened,
}

/// Whom a device belongs to, by rules and by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Belongs {
    /// What is decided.
    pub kind: BelongsKind,
    /// The machine that is to have it; absent where it is none or not clear.
    pub machine: Option<MachineName>,
    /// The rules behind the decision; several in a conflict.
    pub rules: Vec<RuleName>,
    /// Whether somebody decided it by hand (`attach`, `detach`).
    pub by_hand: bool,
    /// Whether it is there because it follows a device that a rule names.
    pub followed: bool,
    /// One sentence that says the same.
    pub reason: String,
}

/// What is decided of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
#[serde(rename_all = "snake_case")]
#[zlink(rename_all = "snake_case")]
pub enum BelongsKind {
    /// It stays on the host: nobody asks for it.
    Host,
    /// A rule, or somebody by hand, keeps it on the host.
    Kept,
    /// It is to be in a machine.
    Machine,
    /// The rules that name it have as many devices as they may.
    Spare,
    /// Several owners claim it, or others claim to be the same device, so nobody gets it.
    Conflict,
    /// Something that a rule asks for cannot be read now.
    Unknown,
    /// Such a device is never attached.
    Refused,
}

/// A machine that has a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Holder {
    /// The machine.
    pub machine: MachineName,
    /// Whether virtplug attached it.
    pub own: bool,
}

/// Why a device is not in the machine that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Obstacle {
    /// What it is.
    pub kind: ObstacleKind,
    /// The same in one sentence.
    pub reason: String,
    /// Whether somebody should do something about it.
    pub trouble: bool,
    /// Failed tries in a row.
    pub failures: u32,
    /// Milliseconds until it is tried again; absent where time alone does not help.
    pub retry_ms: Option<u64>,
}

/// What stands between a device and its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
#[serde(rename_all = "snake_case")]
#[zlink(rename_all = "snake_case")]
pub enum ObstacleKind {
    /// There is no connection to libvirt.
    NoConnection,
    /// How the machine is could not be read, or was not yet.
    MachineUnread,
    /// libvirt knows no such machine.
    NoSuchMachine,
    /// The machine is off.
    MachineOff,
    /// The machine is starting, saving, migrating or ending.
    MachineBusy,
    /// The machines of a new connection are being looked at.
    FirstLook,
    /// udev is not done with the device.
    NotProcessed,
    /// An old entry of virtplug is in the way and will go.
    OldEntry,
    /// An entry that is not virtplug's has the device.
    ForeignEntry,
    /// Somebody detached it without virtplug.
    Held,
    /// virtplug is paused for the machine, or for another one that keeps the device.
    Paused,
    /// The host uses it, or that cannot be read.
    InUse,
    /// Its port connects and disconnects too often.
    Flapping,
    /// The last try failed.
    Retry,
    /// Something else has the guest port that the rule asks for.
    GuestPortTaken,
    /// The machine has no USB controller.
    NoController,
    /// All USB ports of the machine are in use.
    NoFreePort,
    /// Too many attaches in a short time.
    RateLimited,
    /// A call to libvirt for this machine is under way.
    CallUnderWay,
}

/// A device, where it belongs and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct DeviceState {
    /// The device.
    pub device: Device,
    /// The name by which hooks know it: that of the rule that gives it to its owner, else of the
    /// strongest rule that means it and has a name; its port where there is none.
    #[serde(default)]
    pub known_as: String,
    /// Whom it belongs to.
    pub belongs: Belongs,
    /// The machines whose live XML has it; empty where the host has it.
    pub holders: Vec<Holder>,
    /// Why it is not where it belongs; absent where it is.
    pub obstacle: Option<Obstacle>,
    /// How often its port connected since it began to flap; absent where it does not.
    pub flapping: Option<u32>,
    /// Whether a machine ended and left it without a driver of the host.
    pub driverless: bool,
}

impl DeviceState {
    /// Whether it is in its machine, by an entry of virtplug.
    pub fn is_attached(&self) -> bool {
        self.holders
            .iter()
            .any(|holder| holder.own && Some(&holder.machine) == self.belongs.machine.as_ref())
    }
}

/// All present devices, by port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct DeviceList {
    /// The version of this form.
    pub version: u32,
    /// The devices.
    pub devices: Vec<DeviceState>,
}

/// All else that is known of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Details {
    /// Its directory in sysfs.
    pub syspath: String,
    /// `bcdDevice`, four hexadecimal digits.
    pub revision: Option<String>,
    /// The classes of its interfaces, `03:01:02`; absent where they cannot be read.
    pub interfaces: Option<Vec<String>>,
    /// Its speed, as rules name it.
    pub speed: Option<String>,
    /// The kernel's `removable`, as rules name it.
    pub removable: Option<String>,
    /// The port of the other half of its socket.
    pub peer: Option<String>,
    /// Whether udev is done with it.
    pub processed: bool,
    /// udev's properties, by name; absent where they cannot be read or are hidden.
    pub properties: Option<Vec<Property>>,
    /// udev's tags.
    pub tags: Vec<String>,
    /// The tags that the last udev event set.
    pub current_tags: Vec<String>,
}

/// A udev property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}
