//! What a connection tells by itself.

#![forbid(unsafe_code)]

use virtplug_core::MachineKey;

/// Something that libvirt reported. It only says where to look again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// The machine was defined, started, suspended, stopped or the like.
    MachineChanged(MachineKey),
    /// A device with this alias is in the machine now.
    HostdevAdded(MachineKey, String),
    /// The device with this alias is gone from the machine.
    HostdevRemoved(MachineKey, String),
    /// The machine did not give up the device with this alias.
    RemovalFailed(MachineKey, String),
    /// The connection is lost, with the reason. Nothing else will come from it.
    Closed(String),
}
