//! What each rule says of a device, and what became of that.

use std::cmp::Reverse;
use std::sync::Arc;

use super::Condition;
use crate::assignment::{Assignment, Grant, Refusal};
use crate::engine::DeviceView;
use crate::machine::MachineKey;
use crate::matcher::{Topology, Verdict};
use crate::policy::{Claim, Policy};
use crate::rule::{Rank, Rule};

/// A rule, judged for one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleView<'a> {
    /// Its number in the order of the files.
    pub number: usize,
    /// The rule.
    pub rule: &'a Arc<Rule>,
    /// How strong it is.
    pub rank: Rank,
    /// Whether it holds for the device.
    pub verdict: Verdict,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// What became of it.
    pub standing: Standing<'a>,
}

/// What became of a rule for one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<'a> {
    /// It gives the device to its owner.
    Gives,
    /// It names the device, and such a device is never attached.
    Refused(Refusal),
    /// It gives the device to several owners together with others.
    Conflicts(&'a [Arc<Rule>]),
    /// What it asks for, or whether the device is authorised, cannot be read
    /// now, so nothing is decided.
    Unread,
    /// It gives as many devices as it may.
    Full,
    /// It lets others have the device while its machine is off.
    Yields(&'a MachineKey),
    /// The device stays with the machine that has it.
    Elsewhere(MachineKey),
    /// This rule of the same owner decides.
    Beside(&'a Arc<Rule>),
    /// This rule is stronger.
    Weaker(&'a Arc<Rule>),
    /// The device follows another one, which this rule names.
    Followed(&'a Arc<Rule>),
    /// Somebody decided by hand.
    ByHand,
    /// It does not hold.
    Fails,
    /// It is not enabled.
    Disabled,
}

/// What the standing of a passed-over rule depends on beside the decision.
pub(crate) trait Surroundings {
    /// Whether a machine is surely off.
    fn is_off(&self, machine: &MachineKey) -> bool;
    /// Whether a rule gives as many other devices as it may.
    fn is_full(&self, claim: &Claim) -> bool;
}

/// Judges each rule: those that hold or could first, the strongest before
/// the others, then the rest in the order of the files.
pub(crate) fn all<'a>(
    policy: &'a Policy,
    view: &DeviceView<'a>,
    around: &dyn Topology,
    surroundings: &dyn Surroundings,
) -> Vec<RuleView<'a>> {
    let rules = policy.rules().iter().enumerate();
    let mut rules: Vec<RuleView<'a>> = rules
        .map(|(number, rule)| {
            let verdict = rule.matcher.judge(view.device, around);
            let claim = view.claims.iter().find(|claim| claim.number == number);
            let standing = match claim {
                _ if !rule.options.enabled => Standing::Disabled,
                None => Standing::Fails,
                Some(claim) => standing(claim, view, surroundings),
            };
            RuleView {
                number,
                rule: claim.map_or(rule, |claim| &claim.rule),
                rank: rule.rank(),
                verdict,
                conditions: rule.matcher.explain(view.device, around),
                standing,
            }
        })
        .collect();
    rules.sort_by_key(|view| {
        let rank = (view.verdict != Verdict::No).then_some(Reverse(view.rank));
        (view.verdict == Verdict::No, rank, view.number)
    });
    rules
}

fn standing<'a>(
    claim: &'a Claim,
    view: &DeviceView<'a>,
    surroundings: &dyn Surroundings,
) -> Standing<'a> {
    let assignment = view.assignment;
    if *assignment == Assignment::Withheld || giver(assignment).is_some_and(Grant::is_by_hand) {
        return Standing::ByHand;
    }
    let Some(decider) = decider(assignment) else {
        return match assignment {
            Assignment::Unknown(_) => Standing::Unread,
            _ => passed_over(claim, view, surroundings),
        };
    };
    match assignment {
        Assignment::Machine(grant) if grant.is_followed() => Standing::Followed(decider),
        Assignment::Conflict(rules) if rules.contains(&claim.rule) => Standing::Conflicts(rules),
        _ if *decider != claim.rule => against(decider, claim, view, surroundings),
        Assignment::Refused(_, refusal) => Standing::Refused(refusal.clone()),
        Assignment::Spare(_) => Standing::Full,
        Assignment::Unknown(_) => Standing::Unread,
        _ => Standing::Gives,
    }
}

fn giver(assignment: &Assignment) -> Option<&Grant> {
    match assignment {
        Assignment::Machine(grant) | Assignment::Refused(grant, _) => Some(grant),
        _ => None,
    }
}

/// The rule that decides, or the first of those in a conflict.
fn decider(assignment: &Assignment) -> Option<&Arc<Rule>> {
    match assignment {
        Assignment::Host | Assignment::Withheld | Assignment::Unknown(None) => None,
        Assignment::Kept(rule) | Assignment::Spare(rule) | Assignment::Unknown(Some(rule)) => {
            Some(rule)
        }
        Assignment::Machine(grant) | Assignment::Refused(grant, _) => grant.rule(),
        Assignment::Conflict(rules) => rules.first(),
    }
}

/// What became of a rule where another one decides.
fn against<'a>(
    decider: &'a Arc<Rule>,
    claim: &'a Claim,
    view: &DeviceView<'a>,
    surroundings: &dyn Surroundings,
) -> Standing<'a> {
    let place = |rule: &Arc<Rule>| view.claims.iter().position(|claim| claim.rule == *rule);
    if place(&claim.rule) < place(decider) && claim.certain {
        return passed_over(claim, view, surroundings);
    }
    if decider.rank() > claim.rank {
        Standing::Weaker(decider)
    } else if decider.owner == claim.rule.owner {
        Standing::Beside(decider)
    } else {
        passed_over(claim, view, surroundings)
    }
}

/// Why a rule that holds leaves the device to later ones.
fn passed_over<'a>(
    claim: &'a Claim,
    view: &DeviceView<'a>,
    surroundings: &dyn Surroundings,
) -> Standing<'a> {
    let Some(machine) = claim.rule.machine() else {
        return Standing::Gives;
    };
    if !claim.certain {
        return Standing::Unread;
    }
    let options = &claim.rule.options;
    if options.count.is_some() && surroundings.is_full(claim) {
        return Standing::Full;
    }
    if options.yields && surroundings.is_off(machine) {
        return Standing::Yields(machine);
    }
    let own = view.holders.iter().find(|holder| holder.own);
    let has = own.map(|holder| &holder.machine);
    let elsewhere = has.or(view.assignment.machine());
    match elsewhere.filter(|other| *other != machine) {
        Some(other) => Standing::Elsewhere(other.clone()),
        None if options.count.is_some() => Standing::Full,
        None => Standing::Yields(machine),
    }
}

#[cfg(test)]
mod tests;
