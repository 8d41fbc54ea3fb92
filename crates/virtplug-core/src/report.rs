//! What is worth a line in the journal.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::DetachReason;
use crate::alias::OwnAlias;
use crate::fact::Fact;
use crate::flap::Tally;
use crate::host_use::Use;
use crate::machine::{ConnectionUri, MachineKey};
use crate::order::Order;
use crate::port::PortPath;
use crate::rule::Rule;

/// Something that a reader of the journal wants to know, told once per change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// A device is in its machine now.
    Attached(MachineKey, OwnAlias),
    /// An attach failed; `attempt` counts from 1, `retry_ms` is the time until
    /// the next try, `None` when only a change of the machine can help.
    AttachFailed {
        /// Where.
        machine: MachineKey,
        /// The entry that was to be made.
        alias: OwnAlias,
        /// Counts from 1 for this instance and machine.
        attempt: u32,
        /// Milliseconds until the next try.
        retry_ms: Option<u64>,
        /// Why it failed.
        error: String,
    },
    /// An entry of ours is gone, as we asked.
    Detached(MachineKey, OwnAlias, DetachReason),
    /// A detach failed.
    DetachFailed {
        /// Where.
        machine: MachineKey,
        /// Which entry.
        alias: OwnAlias,
        /// Counts from 1 for this entry.
        attempt: u32,
        /// Milliseconds until the next try.
        retry_ms: u64,
        /// Why it failed.
        error: String,
    },
    /// Somebody else detached a device of ours; it stays out until it is
    /// plugged in again or the machine starts anew.
    Held(MachineKey, OwnAlias),
    /// The guard refuses a device that would be attached now, as the host uses
    /// it; told once until the uses change. That it ended is told by the attach.
    InUse {
        /// The machine that it belongs to.
        machine: MachineKey,
        /// Where it is.
        port: PortPath,
        /// What it is refused for; `Unknown`: that could not be found out.
        uses: Fact<BTreeSet<Use>>,
    },
    /// A device is taken from the host while the host uses it: in a way that
    /// only warns, or because that is allowed (`allow-in-use`).
    TakenInUse {
        /// The machine that it belongs to.
        machine: MachineKey,
        /// Where it is.
        port: PortPath,
        /// How the host uses it; `Unknown`: that could not be found out.
        uses: Fact<BTreeSet<Use>>,
    },
    /// What somebody decided by hand is in force from now on.
    Ordered(Order),
    /// A device that was given to somebody by hand is where the rules say again.
    HoldEnded {
        /// Where it is, or was.
        port: PortPath,
        /// Why.
        end: HoldEnd,
    },
    /// A port enumerates too often; attaching pauses. Told again when the pause
    /// grows. What else happens there is counted until it is calm.
    Flapping {
        /// The port.
        port: PortPath,
        /// Milliseconds until the next attach there.
        pause_ms: u64,
    },
    /// A port that enumerated too often is calm again.
    Calmed {
        /// The port.
        port: PortPath,
        /// What happened meanwhile.
        tally: Tally,
        /// Milliseconds that it took.
        lasted_ms: u64,
    },
    /// Equally strong rules give a device to several owners; nobody gets it.
    Conflict(PortPath, Vec<Arc<Rule>>),
    /// The device at a port and those at others claim the same serial number, by
    /// which a rule tells its device; it is not given.
    Ambiguous(PortPath, Vec<PortPath>),
    /// A machine is started or resumed, because its device was plugged in there.
    Starting(MachineKey, PortPath),
    /// That failed, with the reason. It is tried again when the device is plugged in again.
    StartFailed(MachineKey, String),
    /// A connection is up.
    Connected(ConnectionUri),
    /// A connection is down, with the reason; told once until it is up again.
    Waiting(ConnectionUri, String),
    /// A call takes longer than it should; its machine waits for it, no other does.
    Overdue(MachineKey),
    /// A scan of the devices or a look at a machine failed; nothing is decided from it.
    LookFailed(String),
}

/// Why a decision by hand ended by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldEnd {
    /// The device was unplugged and did not come back at once.
    Unplugged,
    /// It left, and what is at its port now is another device.
    Replaced,
    /// This machine ended.
    MachineEnded(MachineKey),
}

impl fmt::Display for HoldEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unplugged => f.write_str("it was unplugged"),
            Self::Replaced => f.write_str("another device came in its place"),
            Self::MachineEnded(machine) => write!(f, "machine {machine} ended"),
        }
    }
}
