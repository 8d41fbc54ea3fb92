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
