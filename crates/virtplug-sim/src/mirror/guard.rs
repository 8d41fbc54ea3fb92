//! The guard, by what the engine was told.

use virtplug_core::{CallError, Device, Fact, MachineKey, Outcome, OwnAlias, Use};

use super::{Known, Mirror};
use crate::wish::holding;

/// Whether nothing of a device changed that a failed call may depend on.
pub(super) fn is_same_to_calls(before: &Device, after: &Device) -> bool {
    let with_use = Device {
        in_use: after.in_use.clone(),
        disks: after.disks.clone(),
        bound: after.bound,
        ..before.clone()
    };
    with_use == *after
}

impl Mirror {
    /// Whether the host uses a device, a machine has it as a disk, or that could
    /// not be found out.
    pub(crate) fn is_refused(&self, device: &Device) -> bool {
        let known = device.in_use.known();
        let used = known.is_none_or(|uses| uses.iter().any(Use::refuses));
        let mut machines = self.machines.values().filter_map(Known::live);
        used || machines.any(|live| !live.disks.is_disjoint(&device.disks))
    }

    /// A call saw that the host uses the device, or could not find it out.
    pub(super) fn refused_by_call(&mut self, alias: &OwnAlias, outcome: &Outcome) {
        let mut devices = self.devices.values_mut();
        let device = devices.find(|one| one.instance == alias.instance);
        if let (Some(device), Err(CallError::InUse(uses))) = (device, &outcome.result) {
            let refuses = uses.iter().any(Use::refuses);
            device.in_use = refuses
                .then(|| uses.clone())
                .map_or(Fact::Unknown, Fact::Known);
        }
    }

    /// Whether something lets a machine have a device even while the host uses it.
    pub(crate) fn may_be_used(&self, machine: &MachineKey, device: &Device) -> bool {
        let Some(policy) = &self.policy else {
            return false;
        };
        let by_hand = self.orders.holds.get(&device.instance);
        let all = policy.rules().iter().map(AsRef::as_ref);
        let following = all.filter(|rule| rule.options.enabled && rule.options.follow.is_some());
        let rules = holding(policy, device);
        let mut rules = rules
            .iter()
            .map(|one| one.rule)
            .chain(following)
            .filter(|rule| rule.machine() == Some(machine));
        by_hand.is_some_and(|hold| hold.allow_in_use) || rules.any(|rule| rule.options.allow_in_use)
    }
}
