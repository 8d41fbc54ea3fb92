//! What a connection tells by itself.

#![forbid(unsafe_code)]

use virtplug_core::{MachineKey, Uuid};

/// Something that libvirt reported. It only says where to look again. A machine
/// is told by its name and its UUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// The machine was defined, started, suspended, stopped or the like.
    MachineChanged(MachineKey, Uuid),
    /// A device with this alias is in the machine now.
    HostdevAdded(MachineKey, Uuid, String),
    /// The device with this alias is gone from the machine.
    HostdevRemoved(MachineKey, Uuid, String),
    /// The machine did not give up the device with this alias.
    RemovalFailed(MachineKey, Uuid, String),
    /// The connection is lost, with the reason. Nothing else will come from it.
    Closed(String),
}
