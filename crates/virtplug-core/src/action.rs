//! What the engine asks for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::alias::OwnAlias;
use crate::id::{HostAddress, ProductId, VendorId};
use crate::machine::{ConnectionUri, GuestPort, GuestReset, MachineKey};
use crate::report::Report;

/// Names one call, to tell its answer from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpId(pub u64);

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// All that the engine can want done. Each but `Report` and `Disconnect` is
/// answered by an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Open a connection, then answer `Connected` or `Disconnected`.
    Connect(ConnectionUri),
    /// Close a connection that is no longer needed.
    Disconnect(ConnectionUri),
    /// Read all devices, then answer `Devices` or `ScanFailed`.
    ScanDevices,
    /// List the machines of a connection, then answer `Machines` or `ListFailed`.
    ListMachines(ConnectionUri),
    /// Look at one machine, then answer `MachineRead`.
    ReadMachine(MachineKey),
    /// Attach a device, then answer `Done`.
    Attach(OpId, AttachRequest),
    /// Detach an entry of ours, then answer `Done`.
    Detach(OpId, DetachRequest),
    /// Start a machine, or resume it where it is paused, then answer `Done`.
    Start(OpId, MachineKey),
    /// Tell the journal.
    Report(Report),
}

/// A device to attach, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachRequest {
    /// The machine.
    pub machine: MachineKey,
    /// Our alias; it names the port and the instance, too.
    pub alias: OwnAlias,
    /// The device's directory below `/sys`, to check the instance right before the call.
    pub syspath: String,
    /// Its vendor, which libvirt checks again.
    pub vendor: VendorId,
    /// Its product, which libvirt checks again.
    pub product: ProductId,
    /// Its address.
    pub address: HostAddress,
    /// The USB port of the machine; `None` leaves the choice to libvirt.
    pub guest_port: Option<GuestPort>,
    /// What a reset by the guest does; `None` leaves QEMU's default.
    pub guest_reset: Option<GuestReset>,
    /// Whether it is attached even while the host uses it.
    pub allow_in_use: bool,
}

/// An entry to detach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetachRequest {
    /// The machine.
    pub machine: MachineKey,
    /// The alias of the entry.
    pub alias: OwnAlias,
    /// Why.
    pub reason: DetachReason,
}

/// Why an entry of ours goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetachReason {
    /// Its device was unplugged.
    Unplugged,
    /// Its device was enumerated again and is another instance now.
    NewInstance,
    /// libvirt marked it `missing`: it holds no device.
    Missing,
    /// Its address is not that of the device.
    WrongAddress,
    /// No rule gives the device to this machine any more.
    NotAssigned,
    /// It belongs to another machine now.
    OtherMachine,
    /// Rules give the device to several owners.
    Conflict,
    /// Somebody keeps the device on the host by hand.
    ByHand,
    /// The machine is paused, and its devices go back to the host meanwhile.
    Paused,
    /// The device may not be attached any more.
    Refused,
}

impl fmt::Display for DetachReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unplugged => "the device was unplugged",
            Self::NewInstance => "the device was reset or plugged in again",
            Self::Missing => "libvirt found no device for it",
            Self::WrongAddress => "it holds another address than the device has",
            Self::NotAssigned => "no rule gives the device to this machine",
            Self::OtherMachine => "the device belongs to another machine now",
            Self::Conflict => "rules give the device to several owners",
            Self::ByHand => "somebody keeps the device on the host",
            Self::Paused => "virtplug is paused for this machine",
            Self::Refused => "the device may not be attached any more",
        })
    }
}
