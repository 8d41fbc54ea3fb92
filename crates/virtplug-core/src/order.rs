//! What somebody decided by hand: it goes before the rules.

use std::collections::{BTreeMap, BTreeSet};

use crate::device::InstanceId;
use crate::machine::MachineKey;
use crate::port::PortPath;
use crate::rule::Owner;

/// One decision by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Ends a pause; `None` ends all.
    Resume(Option<MachineKey>),
}

/// All decisions by hand that are in force. They outlive the daemon, not the boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orders {
    /// Devices whose owner was decided by hand.
    pub holds: BTreeMap<InstanceId, Hold>,
    /// Devices that somebody detached without us, with the machine that they stay out of.
    pub detached: BTreeMap<InstanceId, MachineKey>,
    /// Groups whose rules have another owner.
    pub switches: BTreeMap<String, Owner>,
    /// Machines for which nothing is done on our own.
    pub pauses: BTreeMap<MachineKey, Pause>,
    /// Whether that holds for all machines.
    pub pause_of_all: Option<Pause>,
}

/// A device whose owner was decided by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Where the device is.
    pub port: PortPath,
    /// Whom it belongs to.
    pub owner: Owner,
    /// Whether it was ordered while its machine was paused, so that it counts there.
    pub in_pause: bool,
}

/// How a machine is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let owners = self.holds.values().map(|hold| &hold.owner);
        let owners = owners.chain(self.switches.values());
        let named = owners.filter_map(|owner| match owner {
            Owner::Host => None,
            Owner::Machine(machine) => Some(machine),
        });
        named.chain(self.pauses.keys()).collect()
    }
}
