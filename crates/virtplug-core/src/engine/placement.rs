//! Where each device belongs: decided anew when the device, its surroundings,
//! a machine or a place in a pool changes.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use super::devices::Interest;
use super::machine::Existence;
use super::situation::View;
use super::starting::PLUG_PATIENCE;
use super::switches::Switched;
use super::{Engine, Wake};
use crate::assignment::{Assignment, Refusal, decide};
use crate::device::{Device, InstanceId};
use crate::fact::Fact;
use crate::machine::MachineKey;
use crate::policy::{Claim, Policy};
use crate::port::PortPath;
use crate::report::Report;

pub(super) fn places(count: NonZeroU32) -> usize {
    usize::try_from(count.get()).unwrap_or(usize::MAX)
}

impl Engine {
    /// Whether a machine runs, by the last look at it.
    pub(super) fn runs(&self, machine: &MachineKey) -> Fact<bool> {
        match self.machines.get(machine).map(|state| &state.existence) {
            Some(Existence::Live(_)) => Fact::Known(true),
            Some(Existence::Off | Existence::Absent) => Fact::Known(false),
            Some(Existence::Unread) | None => Fact::Unknown,
        }
    }

    /// The machine that has a device by an entry of ours.
    pub(super) fn holder_of(&self, device: &Device) -> Option<&MachineKey> {
        let occupants = self.occupants.get(&device.address)?;
        let own = occupants.iter().find(|occupant| {
            let alias = occupant.own.as_ref();
            alias.is_some_and(|alias| alias.instance == device.instance)
        });
        own.map(|occupant| &occupant.machine)
    }

    pub(super) fn holder_at(&self, port: &PortPath) -> Option<&MachineKey> {
        self.holder_of(&self.devices.at(port)?.device)
    }

    /// Judges the device at a port by all rules, then decides where it belongs; whether
    /// that changed.
    pub(super) fn judge(&mut self, port: &PortPath) -> bool {
        let (Some(policy), Some(present)) = (&self.policy, self.devices.at(port)) else {
            return false;
        };
        let mut claims = policy.claims(&present.device, &self.devices);
        self.switched.rewrite(&mut claims);
        let rules = claims.iter().map(|claim| &claim.rule);
        let interest = Interest {
            machines: yielding(&claims),
            pools: counted(&claims),
            groups: rules
                .chain(&present.follows)
                .filter_map(|rule| rule.options.group.clone())
                .collect(),
        };
        self.forget_interest(port);
        for machine in &interest.machines {
            let watched = self.watched.entry(machine.clone()).or_default();
            watched.insert(port.clone());
        }
        for group in &interest.groups {
            let grouped = self.grouped.entry(group.clone()).or_default();
            grouped.insert(port.clone());
        }
        self.plan_end_of_plug(port, &claims);
        self.devices.take_claims(port, claims, interest);
        self.reconsider_namesakes(port);
        self.assign(port)
    }

    /// Decides anew on the devices that claim to be the one at a port.
    pub(super) fn reconsider_namesakes(&mut self, port: &PortPath) {
        if let Some(present) = self.devices.at(port) {
            let others = self.devices.namesakes(&present.device);
            let others = others.map(|other| other.device.port.clone());
            self.reconsider.extend(others);
        }
    }

    /// A machine that could not be started by then lets others have the device.
    fn plan_end_of_plug(&mut self, port: &PortPath, claims: &[Claim]) {
        let plugged = self.devices.at(port).and_then(|present| present.plugged);
        let until = plugged.map(|at| at + PLUG_PATIENCE);
        let matters = |claim: &Claim| claim.rule.options.yields && claim.rule.options.start_machine;
        if let Some(until) = until.filter(|until| self.now < *until && claims.iter().any(matters)) {
            self.timers.insert((until, Wake::Plug(port.clone())));
        }
    }

    /// Whether a change of a device may change what rules say of those below it.
    pub(super) fn matters_below(&self, device: &Device) -> bool {
        device.is_hub() && self.policy.as_ref().is_some_and(Policy::looks_upwards)
    }

    /// Judges the devices below a hub, on both halves of its socket.
    pub(super) fn judge_below(&mut self, hub: &Device) {
        if !self.matters_below(hub) {
            return;
        }
        let peer = hub.peer.known().and_then(Option::as_ref);
        let below: BTreeSet<PortPath> = [Some(&hub.port), peer]
            .into_iter()
            .flatten()
            .flat_map(|port| self.devices.below(port))
            .collect();
        for port in below {
            self.judge(&port);
        }
    }

    /// Decides anew where the device at a port belongs; whether that changed. Then the
    /// machines that it concerns are marked.
    pub(super) fn assign(&mut self, port: &PortPath) -> bool {
        self.recall_followed(port);
        let (Some(policy), Some(present)) = (&self.policy, self.devices.at(port)) else {
            return false;
        };
        let view = View {
            engine: self,
            policy,
            present,
            holder: self.holder_of(&present.device),
        };
        let decision = decide(&present.device, &present.claims, &view);
        let instance = present.device.instance;
        let address = present.device.address;
        let before = present.assignment.clone();
        let assignment = decision.assignment;
        let given_by = match assignment {
            // What cannot be read now costs no place.
            Assignment::Unknown(_) => present.given_by,
            _ => decision.given_by,
        };
        self.take_place(port, given_by, &assignment);
        if let Some(machine) = assignment.machine().cloned() {
            self.machine_mut(&machine).wanted.insert(port.clone());
        }
        let after = assignment.machine().cloned();
        let same = assignment == before;
        if let Assignment::Conflict(rules) = &assignment
            && !same
        {
            self.report(Report::Conflict(port.clone(), rules.clone()));
        }
        if let Assignment::Refused(_, Refusal::Ambiguous(others)) = &assignment
            && !same
        {
            self.report(Report::Ambiguous(port.clone(), others.clone()));
        }
        // Also where nothing changes: it is noted what is to be read again.
        self.devices.assign(port, assignment);
        if same {
            return false;
        }
        if let Some(machine) = before
            .machine()
            .filter(|machine| Some(*machine) != after.as_ref())
        {
            self.unwish(machine, port, instance);
        }
        self.touch(instance, address);
        true
    }

    /// Knows a device again that an earlier run of the daemon let follow
    /// another one: no rule names it, only the alias of its entry.
    fn recall_followed(&mut self, port: &PortPath) {
        let (Some(policy), Some(present)) = (&self.policy, self.devices.at(port)) else {
            return;
        };
        let device = &present.device;
        let occupants = self.occupants.get(&device.address);
        let entry = occupants.into_iter().flatten().find(|occupant| {
            let alias = occupant.own.as_ref();
            alias.is_some_and(|alias| alias.followed && alias.instance == device.instance)
        });
        let rule = entry
            .filter(|_| present.follows.is_none())
            .and_then(|entry| self.switched.following(policy, &entry.machine));
        if let (Some(rule), Some(present)) = (rule, self.devices.at_mut(port)) {
            if let Some(group) = rule.options.group.clone() {
                let grouped = self.grouped.entry(group.clone()).or_default();
                grouped.insert(port.clone());
                present.interest.groups.insert(group);
            }
            present.follows = Some(rule);
        }
    }

    /// Keeps the books on places in pools.
    fn take_place(&mut self, port: &PortPath, given_by: Option<usize>, assignment: &Assignment) {
        let Some(before) = self.devices.give(port, given_by) else {
            return;
        };
        if let Some(old) = before.filter(|old| Some(*old) != given_by) {
            self.reconsider.extend(self.pools.free(old, port));
        }
        let spare = matches!(assignment, Assignment::Spare(_));
        let Some(present) = self.devices.at(port) else {
            return;
        };
        for rule in &present.interest.pools {
            if spare {
                self.pools.wait(*rule, port);
            } else {
                self.pools.stop_waiting(*rule, port);
            }
        }
        let counted = given_by.filter(|rule| present.interest.pools.contains(rule));
        if let Some(rule) = counted.filter(|rule| !self.pools.has(*rule, port)) {
            self.make_room(rule, port);
            if let Some(present) = self.devices.at(port) {
                self.pools.give(rule, &present.device);
            }
        }
    }

    /// Takes a place from one that is not in the machine, for one that is.
    fn make_room(&mut self, rule: usize, port: &PortPath) {
        let (Some(policy), Some(present)) = (&self.policy, self.devices.at(port)) else {
            return;
        };
        let Some(options) = self.switched.rule(policy, rule) else {
            return;
        };
        let count = options.options.count.map_or(usize::MAX, places);
        if self.pools.taken_by_others(rule, &present.device) < count {
            return;
        }
        let machine = options.machine();
        let idle = self
            .pools
            .given(rule)
            .rfind(|port| self.holder_at(port) != machine)
            .cloned();
        match idle {
            Some(idle) => {
                self.pools.free(rule, &idle);
                self.devices.give(&idle, None);
                self.reconsider.insert(idle);
            }
            None => self.pools.drop_kept(rule),
        }
    }

    /// Takes the device at a port out of all books; its place in a pool is
    /// kept for a moment.
    pub(super) fn leave_place(&mut self, port: &PortPath) {
        self.forget_interest(port);
        let Some(present) = self.devices.at(port) else {
            return;
        };
        let kept = present
            .given_by
            .and_then(|rule| self.pools.keep(rule, &present.device, self.now));
        self.timers.extend(kept.map(|until| (until, Wake::Pools)));
    }

    pub(super) fn forget_interest(&mut self, port: &PortPath) {
        let Some(Interest {
            machines,
            pools,
            groups,
        }) = self.devices.at(port).map(|present| &present.interest)
        else {
            return;
        };
        for rule in pools {
            self.pools.stop_waiting(*rule, port);
        }
        for machine in machines {
            if let Some(watched) = self.watched.get_mut(machine) {
                watched.remove(port);
                if watched.is_empty() {
                    self.watched.remove(machine);
                }
            }
        }
        for group in groups {
            if let Some(grouped) = self.grouped.get_mut(group) {
                grouped.remove(port);
                if grouped.is_empty() {
                    self.grouped.remove(group);
                }
            }
        }
    }

    /// A place that was kept is free.
    pub(super) fn pools_expired(&mut self) {
        self.reconsider.extend(self.pools.expire(self.now));
    }

    /// Takes over from the old policy which device has which place.
    pub(super) fn renumber_places(&mut self, new: &Policy, switched: &Switched) {
        let old = self.policy.take();
        let same = |number: usize| {
            let old = old.as_ref()?.rules().get(number)?;
            new.rules().iter().position(|rule| {
                rule.owner == old.owner
                    && rule.matcher == old.matcher
                    && rule.options == old.options
            })
        };
        // Only rules with a count have places.
        let rules = old.iter().flat_map(|old| old.rules().iter().enumerate());
        let counting = rules.filter(|(_, rule)| rule.options.count.is_some());
        let renumbered: BTreeMap<usize, usize> = counting
            .filter_map(|(number, _)| Some((number, same(number)?)))
            .collect();
        let renumbered = |number: usize| renumbered.get(&number).copied();
        self.pools.renumber(renumbered);
        for port in self.devices.ports() {
            let given_by = self.devices.at(&port).and_then(|present| present.given_by);
            let kept = given_by.and_then(renumbered);
            self.devices
                .give(&port, kept.filter(|rule| self.pools.has(*rule, &port)));
            if let Some(present) = self.devices.at_mut(&port) {
                let machine = present.follows.as_ref().and_then(|rule| rule.machine());
                present.follows = machine.and_then(|machine| switched.following(new, machine));
            }
        }
        self.departures.forget_rules();
    }

    pub(super) fn unwish(&mut self, machine: &MachineKey, port: &PortPath, instance: InstanceId) {
        if let Some(state) = self.machines.get_mut(machine) {
            state.wanted.remove(port);
            state.attempts.remove(&instance);
            self.dirty.insert(machine.clone());
        }
    }
}

/// The machines whose start or stop may change a decision.
fn yielding(claims: &[Claim]) -> BTreeSet<MachineKey> {
    let yielding = claims.iter().filter(|claim| claim.rule.options.yields);
    yielding
        .filter_map(|claim| claim.rule.machine().cloned())
        .collect()
}

/// The rules of which a place may change a decision.
fn counted(claims: &[Claim]) -> BTreeSet<usize> {
    let counted = claims
        .iter()
        .filter(|claim| claim.rule.options.count.is_some());
    counted.map(|claim| claim.number).collect()
}
