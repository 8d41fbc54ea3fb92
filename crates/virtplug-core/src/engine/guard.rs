//! The guard: a device that the host uses is not taken from it.

use std::collections::BTreeSet;

use super::Engine;
use super::devices::Present;
use super::machine::Machine;
use crate::device::{Device, InstanceId};
use crate::fact::Fact;
use crate::host_use::{self, Use};
use crate::machine::MachineKey;
use crate::port::PortPath;
use crate::report::Report;

/// Whether nothing of a device changed but what the host does with it. Drivers
/// and the disks that they make come and go with each attach.
pub(super) fn is_same_but_for_use(known: &Device, fresh: &mut Device) -> bool {
    let in_use = std::mem::replace(&mut fresh.in_use, known.in_use.clone());
    let disks = std::mem::replace(&mut fresh.disks, known.disks.clone());
    let bound = std::mem::replace(&mut fresh.bound, known.bound);
    let same = fresh == known;
    (fresh.in_use, fresh.disks, fresh.bound) = (in_use, disks, bound);
    same
}

impl Engine {
    /// What the guard refuses a device for, if it does.
    pub(super) fn refusal(
        &self,
        machine: &MachineKey,
        present: &Present,
    ) -> Option<Fact<BTreeSet<Use>>> {
        let refusal = host_use::refusing(&self.uses(&present.device))?;
        (!self.allows_use(machine, present)).then_some(refusal)
    }

    /// Whether the device may be taken from the host even while the host uses it.
    pub(super) fn allows_use(&self, machine: &MachineKey, present: &Present) -> bool {
        let grant = present.assignment.grant();
        let Some(grant) = grant.filter(|grant| grant.machine == *machine) else {
            return false;
        };
        let hold = self.orders.holds.get(&present.device.instance);
        let by_hand = hold.is_some_and(|hold| hold.allow_in_use);
        by_hand || grant.rule().is_some_and(|rule| rule.options.allow_in_use)
    }

    /// Takes what the host does with a device. Rules do not depend on it, and
    /// it makes no failed call succeed: a call itself may end a use and begin
    /// it again, so failed tries count on.
    pub(super) fn take_use(&mut self, port: &PortPath, in_use: Fact<BTreeSet<Use>>) {
        self.devices.use_read(port, &in_use);
        let Some(present) = self.devices.at_mut(port) else {
            return;
        };
        if present.device.in_use == in_use {
            return;
        }
        present.device.in_use = in_use;
        self.use_changed(port);
    }

    /// What the host or a machine does with a device is not what it was.
    pub(super) fn use_changed(&mut self, port: &PortPath) {
        self.forget_ended_refusal(port);
        if let Some(present) = self.devices.at(port) {
            let (instance, address) = (present.device.instance, present.device.address);
            self.touch(instance, address);
        }
    }

    /// A refusal that ended is told again when it comes back.
    pub(super) fn forget_ended_refusal(&mut self, port: &PortPath) {
        let present = self.devices.at(port);
        let told = present.filter(|present| present.refusal_told.is_some());
        let uses = told.map(|present| self.uses(&present.device));
        let ended = uses.is_some_and(|uses| host_use::refusing(&uses).is_none());
        if ended && let Some(present) = self.devices.at_mut(port) {
            present.refusal_told = None;
        }
    }

    /// A call was not made, as the host was seen to use the device right before
    /// it. A read that is newer may have been told already, so it is read again.
    pub(super) fn refused_by_call(&mut self, instance: InstanceId, uses: BTreeSet<Use>) {
        let Some(present) = self.devices.with_instance(instance) else {
            return;
        };
        let port = present.device.port.clone();
        let refuses = uses.iter().any(Use::refuses);
        let in_use = refuses.then_some(uses).map_or(Fact::Unknown, Fact::Known);
        self.take_use(&port, in_use);
        self.devices.use_seen_by_call(&port);
    }

    /// Whether a device waits only for what the host does with it to be read again.
    pub(super) fn awaits_use(&self) -> bool {
        self.devices.with_use_to_read().any(|present| {
            let machine = present.assignment.machine();
            let state = machine.and_then(|machine| self.machines.get(machine));
            let lacks =
                |state: &Machine| state.live().is_some() && !state.has(present.device.instance);
            let refused = machine.and_then(|machine| self.refusal(machine, present));
            state.is_some_and(lacks) && refused.is_some()
        })
    }

    /// Tells that a device is refused, unless that was told.
    pub(super) fn tell_refusal(
        &mut self,
        machine: &MachineKey,
        port: &PortPath,
        uses: Fact<BTreeSet<Use>>,
    ) {
        let Some(present) = self.devices.at_mut(port) else {
            return;
        };
        let told = (machine.clone(), uses.clone());
        if present.refusal_told.replace(told.clone()) != Some(told) {
            self.report(Report::InUse {
                machine: machine.clone(),
                port: port.clone(),
                uses,
            });
        }
    }

    /// Tells at the first try that the host uses what is taken from it.
    pub(super) fn tell_taken(&mut self, machine: &MachineKey, port: &PortPath) {
        let Some(present) = self.devices.at(port) else {
            return;
        };
        let instance = present.device.instance;
        let uses = self.uses(&present.device);
        let is_used = uses.known().is_none_or(|uses| !uses.is_empty());
        let state = self.machines.get(machine);
        let tried = state.is_some_and(|state| state.attempts.contains_key(&instance));
        if is_used && !tried {
            self.report(Report::TakenInUse {
                machine: machine.clone(),
                port: port.clone(),
                uses,
            });
        }
    }
}
