//! How the policy names machines: by name, or by UUID.

use std::collections::BTreeMap;
use std::sync::Arc;

use virtplug_core::{
    ConnectionUri, Escaped, MachineKey, MachineListing, MachineRead, Policy, Uuid,
};

/// The machines that the policy names by UUID. libvirt tells of every machine
/// by its name and its UUID; for the engine each has one key.
#[derive(Debug, Clone, Default)]
pub(crate) struct MachineNames(Arc<BTreeMap<(ConnectionUri, Uuid), MachineKey>>);

impl MachineNames {
    pub(crate) fn of(policy: &Policy) -> Self {
        let by_uuid = policy.machines().iter().filter_map(|machine| {
            let uuid = machine.uuid?;
            Some(((machine.uri.clone(), uuid), machine.clone()))
        });
        Self(Arc::new(by_uuid.collect()))
    }

    /// The key that the policy uses for a machine that libvirt names.
    pub(crate) fn key(&self, named: MachineKey, uuid: Uuid) -> MachineKey {
        match self.0.get(&(named.uri.clone(), uuid)) {
            Some(machine) => machine.clone(),
            None => named,
        }
    }

    /// A list with the keys that the policy uses.
    pub(crate) fn keyed(&self, machines: Vec<MachineListing>) -> Vec<MachineListing> {
        let keyed = machines.into_iter().map(|listing| MachineListing {
            machine: self.key(listing.machine, listing.uuid),
            ..listing
        });
        keyed.collect()
    }

    /// A look at a machine, unless another key of the policy means the same
    /// one: two keys would each do with it what they like.
    pub(crate) fn judge(&self, machine: &MachineKey, read: MachineRead) -> MachineRead {
        let MachineRead::Live(live) = &read else {
            return read;
        };
        let uuid = live.run.uuid;
        match self.0.get(&(machine.uri.clone(), uuid)) {
            Some(other) if other != machine => MachineRead::Failed(format!(
                "the configuration names it by its name and as {} by its UUID {uuid}; keep one of the two",
                Escaped(other.name())
            )),
            _ => read,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use virtplug_core::{Activity, GuestPorts, LiveMachine, RunId};

    use super::*;
    use crate::fixture::machine;

    const UUID: Uuid = Uuid([5; 16]);

    fn by_uuid() -> MachineKey {
        MachineKey::with_uuid(ConnectionUri::default(), "label\n", UUID)
    }

    fn live(uuid: Uuid) -> MachineRead {
        MachineRead::Live(LiveMachine {
            disks: BTreeSet::new(),
            run: RunId { uuid, id: 1 },
            activity: Activity::Ready,
            paused: false,
            hostdevs: Vec::new(),
            ports: GuestPorts {
                controller: true,
                free: None,
                used: BTreeSet::new(),
            },
        })
    }

    #[test]
    fn what_libvirt_names_gets_the_key_of_the_policy() {
        let policy = Policy::new([by_uuid(), machine("beta")], Vec::new());
        let names = MachineNames::of(&policy);
        assert_eq!(names.key(machine("alpha"), UUID), by_uuid());
        assert_eq!(names.key(machine("beta"), Uuid([6; 16])), machine("beta"));
        let elsewhere = MachineKey::new(ConnectionUri::new("qemu:///session"), "alpha");
        assert_eq!(names.key(elsewhere.clone(), UUID), elsewhere);
        let listed = names.keyed(vec![MachineListing {
            machine: machine("alpha"),
            uuid: UUID,
            active: true,
        }]);
        assert_eq!(listed.first().map(|one| &one.machine), Some(&by_uuid()));
    }

    #[test]
    fn a_machine_that_is_named_twice_is_refused_by_its_name() {
        let policy = Policy::new([by_uuid(), machine("alpha")], Vec::new());
        let names = MachineNames::of(&policy);
        let other = Uuid([6; 16]);
        for (key, read) in [
            (by_uuid(), live(UUID)),
            (machine("alpha"), live(other)),
            (machine("alpha"), MachineRead::Off),
        ] {
            assert_eq!(names.judge(&key, read.clone()), read);
        }
        let refused = names.judge(&machine("alpha"), live(UUID));
        assert_eq!(
            refused,
            MachineRead::Failed(
                "the configuration names it by its name and as label\\x0a by its UUID \
                 05050505-0505-0505-0505-050505050505; keep one of the two"
                    .to_owned()
            )
        );
    }
}
