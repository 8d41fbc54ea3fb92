//! What somebody decided by hand: it goes before the rules.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::device::InstanceId;
use crate::machine::{ConnectionUri, MachineKey, RunId};
use crate::port::PortPath;
use crate::rule::Owner;

/// One decision by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// A device belongs to this owner, whatever the rules say: until it is unplugged, until
    /// the machine stops, or until it is released. A reset does not end it.
    Hold {
        /// Where the device is.
        port: PortPath,
        /// Which enumeration was meant; the order is void if it is another one by now.
        instance: InstanceId,
        /// Whom it belongs to.
        owner: Owner,
        /// Whether it is taken from the host even while the host uses it.
        allow_in_use: bool,
    },
    /// The rules decide on the device at this port again, also after somebody
    /// detached it elsewhere.
    Release(PortPath),
    /// The rules decide on all devices and all groups again.
    ReleaseAll,
    /// The rules of a group have this owner instead of theirs; `None`: theirs again.
    Switch {
        /// The name of the group.
        group: String,
        /// Whom its devices belong to.
        owner: Option<Owner>,
    },
    /// Nothing is done for a machine (`None`: for any) but what is ordered by
    /// hand from now on.
    Pause {
        /// The machine.
        machine: Option<MachineKey>,
        /// Whether what is attached goes back to the host first.
        detach: bool,
    },
    /// Ends a pause; `None` ends all. That of one machine ends only what was
    /// ordered for it: while all machines are paused it stays paused.
    Resume(Option<MachineKey>),
}

/// All decisions by hand that are in force. They outlive the daemon, not the boot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// Devices whose owner was decided by hand.
    pub holds: BTreeMap<InstanceId, Hold>,
    /// Devices that somebody detached without us.
    pub detached: BTreeMap<InstanceId, Detached>,
    /// Groups whose rules have another owner.
    pub switches: BTreeMap<String, Owner>,
    /// Machines for which nothing is done on our own.
    #[serde(with = "crate::serial::pairs")]
    pub pauses: BTreeMap<MachineKey, Pause>,
    /// Whether that holds for all machines.
    pub pause_of_all: Option<Pause>,
}

/// A device whose owner was decided by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Where the device is; after it left, where it was.
    pub port: PortPath,
    /// Whom it belongs to.
    pub owner: Owner,
    /// The machines that were paused when it was ordered, and neither resumed nor paused
    /// anew since: it counts there all the same.
    pub in_pause: BTreeSet<MachineKey>,
    /// The machine that it ends with: its owner, or the one that the host took it from.
    pub until_end_of: Option<MachineKey>,
    /// Which run of that machine, once it runs.
    pub run: Option<RunId>,
    /// Whether it is taken from the host even while the host uses it.
    pub allow_in_use: bool,
}

/// A device that somebody detached without us: it stays out of that machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detached {
    /// Where the device is.
    pub port: PortPath,
    /// The machine.
    pub machine: MachineKey,
    /// Which run of it.
    pub run: RunId,
}

/// How a machine is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Whether its devices go back to the host.
    pub detach: bool,
}

impl Orders {
    /// Whether nothing was decided by hand.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How a machine is paused, if it is.
    pub fn pause_of(&self, machine: &MachineKey) -> Option<Pause> {
        self.pauses.get(machine).copied().or(self.pause_of_all)
    }

    /// The machines that decisions by hand name.
    pub fn machines(&self) -> BTreeSet<&MachineKey> {
        self.named().collect()
    }

    /// Whether a decision by hand names a machine, so that it must be known.
    pub(crate) fn names(&self, machine: &MachineKey) -> bool {
        self.name_of(machine).is_some()
    }

    /// A machine as a decision by hand names it, if one does.
    pub(crate) fn name_of(&self, machine: &MachineKey) -> Option<&MachineKey> {
        self.named().find(|named| *named == machine)
    }

    /// Whether a decision by hand names a machine on a connection.
    pub(crate) fn need(&self, uri: &ConnectionUri) -> bool {
        self.named().any(|named| named.uri == *uri)
    }

    fn named(&self) -> impl Iterator<Item = &MachineKey> {
        let owners = self.holds.values().map(|hold| &hold.owner);
        let owners = owners.chain(self.switches.values());
        let named = owners.filter_map(|owner| match owner {
            Owner::Host => None,
            Owner::Machine(machine) => Some(machine),
        });
        let ending = self.holds.values();
        let ending = ending.filter_map(|hold| hold.until_end_of.as_ref());
        named.chain(ending).chain(self.pauses.keys())
    }
}
