//! What the engine is told. Events carry facts that were read, or say where to
//! look again; they never carry decisions.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::action::OpId;
use crate::device::Device;
use crate::fact::Fact;
use crate::host_use::Use;
use crate::machine::{ConnectionUri, MachineKey, MachineRead, Uuid};
use crate::order::{Order, Orders};
use crate::policy::Policy;
use crate::port::PortPath;
use crate::text::Escaped;

/// All that can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A valid configuration was loaded; it replaces the one before.
    Policy(Policy),
    /// All devices that are present, read after the monitor was opened.
    Devices {
        /// Those that could be read.
        present: Vec<Device>,
        /// Ports with a device that could not; what was known of it stays.
        unreadable: Vec<PortPath>,
    },
    /// One device, read again.
    Device(Device),
    /// There is a device at this port and it could not be read.
    DeviceUnreadable(PortPath),
    /// sysfs has no device at this port any more.
    DeviceGone(PortPath),
    /// A scan of all devices failed; nothing is known from it.
    ScanFailed(String),
    /// A connection is open and its events are registered.
    Connected(ConnectionUri),
    /// A connection could not be opened, or was lost, with the reason.
    Disconnected(ConnectionUri, String),
    /// The machines that exist on a connection. Each is looked at by itself afterwards.
    Machines(ConnectionUri, Vec<MachineListing>),
    /// Listing the machines failed, with the reason.
    ListFailed(ConnectionUri, String),
    /// libvirt said that something about this machine changed.
    MachineChanged(MachineKey),
    /// libvirt said that a hostdev came or went.
    HostdevChanged(MachineKey, String),
    /// A look at a machine is done.
    MachineRead(MachineKey, MachineRead),
    /// Somebody decided something by hand.
    Order(Order),
    /// What was decided by hand before the daemon started; comes before the first scan.
    Restore(Orders),
    /// A call is done.
    Done(OpId, Outcome),
    /// Nothing but time; a wakeup that the engine asked for.
    Tick,
}

/// One line of a list of machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineListing {
    /// Which machine.
    pub machine: MachineKey,
    /// Its UUID.
    pub uuid: Uuid,
    /// Whether it runs or is paused.
    pub active: bool,
}

/// How a call ended and what is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What libvirt answered.
    pub result: Result<(), CallError>,
    /// The machine, read again after the call.
    pub after: MachineRead,
    /// After an attach: whether the instance that was meant is still there.
    pub instance_present: Fact<bool>,
}

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum CallError {
    /// The device was re-enumerated or unplugged since the decision; nothing was called.
    #[error("the device is not the one that was decided on any more")]
    InstanceChanged,
    /// The host uses the device, as was seen right before the call; nothing was
    /// called. Empty: it could not be found out.
    #[error("the host uses the device")]
    InUse(BTreeSet<Use>),
    /// libvirt refused.
    #[error("{} (libvirt error {code})", Escaped(message))]
    Libvirt {
        /// `virErrorNumber`.
        code: i32,
        /// libvirt's text, in the language of its daemon.
        message: String,
    },
}
