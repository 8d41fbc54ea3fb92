//! Groups of rules that somebody gave to another owner.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use crate::machine::MachineKey;
use crate::policy::{Claim, Policy};
use crate::rule::{Owner, Rule};

/// The rules that have another owner than the configuration says, by number,
/// as they are in force.
#[derive(Debug, Default)]
pub(super) struct Switched(BTreeMap<usize, Arc<Rule>>);

impl Switched {
    pub(super) fn new(policy: &Policy, switches: &BTreeMap<String, Owner>) -> Self {
        let mut all = Self::default();
        for (group, owner) in switches {
            all.set(policy, group, Some(owner));
        }
        all
    }

    /// Gives a group to an owner, or back to those of its rules.
    fn set(&mut self, policy: &Policy, group: &str, owner: Option<&Owner>) {
        for number in policy.groups().get(group).into_iter().flatten() {
            let rule = policy.rules().get(*number);
            match owner.zip(rule) {
                Some((owner, rule)) => {
                    let rule = Arc::new(with_owner(rule, owner));
                    self.0.insert(*number, rule);
                }
                None => {
                    self.0.remove(number);
                }
            }
        }
    }

    /// The rule of that number as it is in force.
    pub(super) fn rule<'a>(&'a self, policy: &'a Policy, number: usize) -> Option<&'a Arc<Rule>> {
        self.0.get(&number).or_else(|| policy.rules().get(number))
    }

    /// Puts the rules that are in force in the place of those that are written.
    pub(super) fn rewrite(&self, claims: &mut [Claim]) {
        for claim in claims {
            if let Some(rule) = self.0.get(&claim.number) {
                claim.rule = Arc::clone(rule);
            }
        }
    }

    /// A rule that lets devices follow into a machine.
    pub(super) fn following(&self, policy: &Policy, machine: &MachineKey) -> Option<Arc<Rule>> {
        let mut rules = (0..policy.rules().len()).filter_map(|number| self.rule(policy, number));
        let rule = rules.find(|rule| {
            rule.options.enabled && rule.options.follow.is_some() && rule.machine() == Some(machine)
        });
        rule.cloned()
    }

    /// What is in force now of a rule that was with another owner.
    fn renewed(&self, policy: &Policy, group: &str, rule: &Rule) -> Option<Arc<Rule>> {
        let numbers = policy.groups().get(group)?;
        let mut rules = numbers
            .iter()
            .filter_map(|number| self.rule(policy, *number));
        let same = rules.find(|one| {
            one.origin == rule.origin
                && one.matcher == rule.matcher
                && one.options.follow == rule.options.follow
        });
        same.cloned()
    }
}

/// A guest port is one of the machine that the rule was written for.
fn with_owner(rule: &Rule, owner: &Owner) -> Rule {
    let mut switched = rule.clone();
    if rule.owner != *owner {
        switched.owner = owner.clone();
        switched.options.guest_port = None;
    }
    switched
}

impl Engine {
    /// Gives a group to an owner, or back to those of its rules, and judges the
    /// devices that this concerns.
    pub(super) fn switch(&mut self, group: &str, owner: Option<&Owner>) {
        match owner {
            Some(owner) => self.orders.switches.insert(group.to_owned(), owner.clone()),
            None => self.orders.switches.remove(group),
        };
        let Some(policy) = &self.policy else {
            return;
        };
        self.switched.set(policy, group, owner);
        let switched = &self.switched;
        let renewed = |rule: &Rule| switched.renewed(policy, group, rule);
        self.departures.renew(group, renewed);
        let ports = self.grouped.get(group).cloned().unwrap_or_default();
        for port in &ports {
            if let Some(present) = self.devices.at_mut(port)
                && let Some(rule) = &present.follows
                && rule.options.group.as_deref() == Some(group)
            {
                present.follows = renewed(rule);
            }
        }
        for port in &ports {
            self.judge(port);
            self.try_anew(port);
        }
    }
}
