//! What a decision on a device depends on beside the rules.

use std::sync::Arc;

use super::Engine;
use super::devices::Present;
use super::placement::places;
use crate::assignment::Situation;
use crate::fact::Fact;
use crate::machine::MachineKey;
use crate::matcher::Verdict;
use crate::policy::Policy;
use crate::port::PortPath;
use crate::rule::{Owner, Rule};

/// What the engine knows beside the rules when it decides on a device.
pub(super) struct View<'e> {
    pub(super) engine: &'e Engine,
    pub(super) policy: &'e Policy,
    pub(super) present: &'e Present,
    pub(super) holder: Option<&'e MachineKey>,
}

impl Situation for View<'_> {
    fn held_for(&self) -> Option<&Owner> {
        let instance = self.present.device.instance;
        let hold = self.engine.orders.holds.get(&instance)?;
        Some(&hold.owner)
    }

    fn runs(&self, machine: &MachineKey) -> Fact<bool> {
        self.engine.runs(machine)
    }

    fn holder(&self) -> Option<&MachineKey> {
        self.holder
    }

    fn was_given_by(&self, number: usize) -> bool {
        self.present.given_by == Some(number)
    }

    fn has_room(&self, number: usize) -> bool {
        let Some(rule) = self.engine.switched.rule(self.policy, number) else {
            return false;
        };
        let count = rule.options.count.map_or(usize::MAX, places);
        let device = &self.present.device;
        let pools = &self.engine.pools;
        if pools.has(number, &device.port) || pools.taken_by_others(number, device) < count {
            return true;
        }
        let given = self.present.given_by;
        let given = given.and_then(|number| self.engine.switched.rule(self.policy, number));
        if given.is_some_and(|given| given.machine() == rule.machine()) {
            // It has a place there by another rule.
            return false;
        }
        // One that is in the machine already goes before those that are not.
        let held = |port: &PortPath| self.engine.holder_at(port) == rule.machine();
        let attached = pools.given(number).filter(|port| held(port)).count();
        self.holder.is_some() && self.holder == rule.machine() && attached < count
    }

    fn may_start(&self, machine: &MachineKey) -> bool {
        self.engine.may_start(machine, self.present)
    }

    fn follows(&self) -> Option<&Arc<Rule>> {
        self.present.follows.as_ref()
    }

    fn namesakes(&self, rule: &Rule) -> Vec<PortPath> {
        let devices = &self.engine.devices;
        let meant = |other: &&Present| {
            // What might hold cannot be told apart either.
            rule.matcher.judge(&other.device, devices) != Verdict::No
        };
        let others = devices.namesakes(&self.present.device).filter(meant);
        others.map(|other| other.device.port.clone()).collect()
    }
}
