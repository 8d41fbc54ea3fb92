//! Why a device that belongs to a machine is not in it.

use std::collections::BTreeSet;
use std::fmt;

use crate::engine::Stuck;
use crate::fact::Fact;
use crate::host_use::{self, Use};
use crate::machine::{GuestPort, MachineKey};
use crate::time::Time;

/// What stands between an assigned device and its machine. The engine attaches
/// exactly when there is none, so this is the whole explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The connection to libvirt is down, with the reason where known.
    NoConnection(Option<String>),
    /// The machine was not looked at yet, or the last look failed.
    MachineUnread,
    /// libvirt knows no such machine.
    NoSuchMachine,
    /// The machine is off.
    MachineOff,
    /// The machine is starting, saving, migrating or ending.
    MachineBusy,
    /// The first look at all machines of a new connection is not done.
    FirstLook(Time),
    /// udev is not done with the device.
    NotProcessed(Time),
    /// Its address is held by a hostdev of this machine; `own`: by an old one of ours.
    Occupied {
        /// Where.
        machine: MachineKey,
        /// Whether the entry is ours and will go.
        own: bool,
    },
    /// Somebody detached it by hand.
    Held,
    /// Nothing is done for its machine on our own (`pause`).
    Paused,
    /// The guard: the host uses it, and nobody allowed to take it all the
    /// same. `Unknown`: that could not be found out. Ends when the host lets go.
    InUse(Fact<BTreeSet<Use>>),
    /// Its port enumerates too often.
    Flapping(Time),
    /// The last try failed, with the error.
    Retry {
        /// Failed tries in a row.
        failures: u32,
        /// When the next is.
        until: Time,
        /// What failed.
        error: String,
    },
    /// Something else has the guest port that the rule asks for.
    GuestPortTaken(GuestPort),
    /// Waiting does not help; the machine must change.
    Stuck(Stuck),
    /// Too many attaches in a short time, over all machines.
    RateLimited(Time),
    /// A call to this machine is under way.
    CallUnderWay {
        /// Whether it takes longer than it should.
        overdue: bool,
    },
}

impl Obstacle {
    /// When it ends by time alone, if it does.
    pub fn until(&self) -> Option<Time> {
        match self {
            Self::FirstLook(until)
            | Self::NotProcessed(until)
            | Self::Flapping(until)
            | Self::Retry { until, .. }
            | Self::RateLimited(until) => Some(*until),
            _ => None,
        }
    }

    /// Whether somebody should do something, beside starting the machine.
    pub fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::NoConnection(_)
                | Self::NoSuchMachine
                | Self::MachineUnread
                | Self::Occupied { .. }
                | Self::InUse(_)
                | Self::Flapping(_)
                | Self::Retry { .. }
                | Self::Stuck(_)
                | Self::GuestPortTaken(_)
                | Self::CallUnderWay { overdue: true }
        )
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConnection(None) => f.write_str("not connected to libvirt"),
            Self::NoConnection(Some(reason)) => write!(f, "not connected to libvirt: {reason}"),
            Self::MachineUnread => f.write_str("libvirt did not say how the machine is"),
            Self::NoSuchMachine => f.write_str("libvirt knows no machine of this name"),
            Self::MachineOff => f.write_str("the machine is off"),
            Self::MachineBusy => {
                f.write_str("the machine is starting, saving, migrating or shutting down")
            }
            Self::FirstLook(_) => f.write_str("the machines are being looked at"),
            Self::NotProcessed(_) => f.write_str("udev is not done with the device"),
            Self::Occupied { machine, own: true } => {
                write!(f, "an old entry of ours in machine {machine} has to go first")
            }
            Self::Occupied { machine, own: false } => {
                write!(f, "machine {machine} has it by an entry that is not ours")
            }
            Self::Held => f.write_str(
                "somebody detached it; plug it in again or restart the machine to give it back",
            ),
            Self::Paused => f.write_str("virtplug is paused for this machine; `virtplug resume` ends that"),
            Self::InUse(Fact::Known(uses)) => write!(
                f,
                "the host uses it: {}; {}, or allow it with `allow-in-use`",
                host_use::in_words(uses),
                host_use::remedies(uses)
            ),
            Self::InUse(Fact::Unknown) => f.write_str(
                "whether the host uses it cannot be read; `allow-in-use` allows to take it all the same",
            ),
            Self::Flapping(_) => f.write_str("the port connects and disconnects too often"),
            Self::Retry {
                failures, error, ..
            } => write!(f, "try {failures} failed and will be repeated: {error}"),
            Self::GuestPortTaken(port) => {
                write!(f, "something else is at the guest port {port}; free it or change `guest-port`")
            }
            Self::Stuck(Stuck::NoController) => {
                f.write_str("the machine has no USB controller; add <controller type='usb' model='qemu-xhci' ports='15'/>")
            }
            Self::Stuck(Stuck::NoFreePort) => {
                f.write_str("all USB ports of the machine are in use; give its controller more (qemu-xhci ports='15')")
            }
            Self::RateLimited(_) => f.write_str("too many attaches at once"),
            Self::CallUnderWay { overdue: false } => f.write_str("a call to libvirt is under way"),
            Self::CallUnderWay { overdue: true } => {
                f.write_str("libvirt has not answered a call for this machine")
            }
        }
    }
}
