//! From rules to a wish: where a device belongs.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::device::Device;
use crate::fact::Fact;
use crate::machine::MachineKey;
use crate::matcher::Verdict;
use crate::policy::Claim;
use crate::port::PortPath;
use crate::rule::{Owner, Rule};

/// Where a device belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// No rule holds: it stays on the host.
    Host,
    /// A rule keeps it on the host.
    Kept(Arc<Rule>),
    /// Somebody keeps it on the host by hand.
    Withheld,
    /// To a machine.
    Machine(Grant),
    /// The rules that hold have as many devices as they may; it stays on the
    /// host as a spare. The strongest of them.
    Spare(Arc<Rule>),
    /// Equally strong rules give it to several owners, so none gets it.
    Conflict(Vec<Arc<Rule>>),
    /// A rule might hold, and what it asks for cannot be read now; without a
    /// rule, it is not known whether the device is authorised. Nothing that is
    /// attached goes, nothing new is attached.
    Unknown(Option<Arc<Rule>>),
    /// It was given to a machine, but such a device is never attached.
    Refused(Grant, Refusal),
}

/// A device given to a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The machine.
    pub machine: MachineKey,
    /// Who gives it.
    pub giver: Giver,
}

/// Who gives a device to a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Giver {
    /// A rule that names it.
    Rule(Arc<Rule>),
    /// A rule that does not name this device: it appeared at the port of one
    /// that it names (`follow`).
    Followed(Arc<Rule>),
    /// Somebody, by hand; with the rule that would give it to the same machine.
    Hand(Option<Arc<Rule>>),
}

impl Grant {
    /// The rule that gives it, or would.
    pub fn rule(&self) -> Option<&Arc<Rule>> {
        match &self.giver {
            Giver::Rule(rule) | Giver::Followed(rule) => Some(rule),
            Giver::Hand(rule) => rule.as_ref(),
        }
    }

    /// Whether it is given because it follows a device that a rule names.
    pub fn is_followed(&self) -> bool {
        matches!(self.giver, Giver::Followed(_))
    }

    /// Whether it is given by hand.
    pub fn is_by_hand(&self) -> bool {
        matches!(self.giver, Giver::Hand(_))
    }
}

/// Why a device is never attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is a hub; with it everything behind it would vanish from the host.
    Hub,
    /// The kernel's `authorized` is 0: usbguard or an administrator blocks it.
    Unauthorised,
    /// Its rule tells devices by their serial number, and the devices at these
    /// ports claim the same one: nobody knows which is meant.
    Ambiguous(Vec<PortPath>),
}

impl Refusal {
    /// What keeps a device from every machine, if anything surely does.
    pub fn of(device: &Device) -> Option<Self> {
        if device.is_hub() {
            Some(Self::Hub)
        } else {
            (device.authorized == Fact::Known(false)).then_some(Self::Unauthorised)
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub => {
                f.write_str("it is a hub, and what is behind it would vanish from the host")
            }
            Self::Unauthorised => f.write_str("it is not authorised on the host (usbguard?)"),
            Self::Ambiguous(ports) => {
                let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "the device at {} claims the same serial number; unplug one, or add `port` to the rule",
                    ports.join(" and ")
                )
            }
        }
    }
}

impl Assignment {
    /// The machine that is to have the device, if it is clear.
    pub fn machine(&self) -> Option<&MachineKey> {
        self.grant().map(|grant| &grant.machine)
    }

    /// How it is given to a machine, if it is.
    pub fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Machine(grant) => Some(grant),
            _ => None,
        }
    }
}

/// What a decision depends on beside the rules and the device itself.
pub(crate) trait Situation {
    /// Whom somebody gave the device to by hand.
    fn held_for(&self) -> Option<&Owner>;
    /// Whether a machine runs.
    fn runs(&self, machine: &MachineKey) -> Fact<bool>;
    /// The machine that has the device by an entry of ours.
    fn holder(&self) -> Option<&MachineKey>;
    /// Whether the device was given by this rule so far.
    fn was_given_by(&self, number: usize) -> bool;
    /// Whether a rule with a `count` can give one more device, or gives this one.
    fn has_room(&self, number: usize) -> bool;
    /// Whether the device was plugged in a moment ago, so that rules with
    /// `start-machine` start this machine.
    fn may_start(&self, machine: &MachineKey) -> bool;
    /// The rule that named the device that was at its port before, if its
    /// successor follows it.
    fn follows(&self) -> Option<&Arc<Rule>>;
    /// The ports of other devices with the same vendor, product and serial
    /// number for which a rule holds or could.
    fn namesakes(&self, rule: &Rule) -> Vec<PortPath>;
}

/// An assignment, and the rule whose `count` it uses up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) assignment: Assignment,
    /// The number of the rule that gives the device to a machine.
    pub(crate) given_by: Option<usize>,
}

impl Decision {
    fn of(assignment: Assignment) -> Self {
        Self {
            assignment,
            given_by: None,
        }
    }
}

/// Decides where a device belongs. `claims` are the rules that hold or could,
/// the strongest first.
pub(crate) fn decide(device: &Device, claims: &[Claim], situation: &dyn Situation) -> Decision {
    let chosen = match situation.held_for() {
        Some(Owner::Host) => return Decision::of(Assignment::Withheld),
        Some(Owner::Machine(machine)) => Some(by_hand(machine, claims)),
        None => followed(device, claims, situation),
    };
    let decision = match chosen {
        Some(assignment) => Decision::of(assignment),
        None => by_rank(claims, situation),
    };
    let Assignment::Machine(grant) = &decision.assignment else {
        return decision;
    };
    if device.is_hub() {
        return Decision::of(Assignment::Refused(grant.clone(), Refusal::Hub));
    }
    match device.authorized.known() {
        Some(true) => decision,
        Some(false) => Decision::of(Assignment::Refused(grant.clone(), Refusal::Unauthorised)),
        None => Decision::of(Assignment::Unknown(grant.rule().cloned())),
    }
}

/// The machine that somebody gave the device to, as the strongest of its own
/// rules would.
fn by_hand(machine: &MachineKey, claims: &[Claim]) -> Assignment {
    let own = |claim: &&Claim| claim.certain && claim.rule.machine() == Some(machine);
    let rule = claims.iter().find(own).map(|claim| Arc::clone(&claim.rule));
    Assignment::Machine(Grant {
        machine: machine.clone(),
        giver: Giver::Hand(rule),
    })
}

/// The machine of the device that was at the port before, unless a rule that
/// is as strong names this one, a rule keeps it on the host, or its interfaces
/// are not those that the rule asks for.
fn followed(device: &Device, claims: &[Claim], situation: &dyn Situation) -> Option<Assignment> {
    let rule = situation.follows()?;
    let stronger = |claim: &Claim| {
        claim.rule.owner == Owner::Host
            || claim.rule.owner == rule.owner
            || claim.rank >= rule.rank()
    };
    if device.is_hub() || claims.iter().any(stronger) {
        return None;
    }
    match rule.matcher.judge_kind(device) {
        Verdict::Yes => Some(Assignment::Machine(Grant {
            machine: rule.machine()?.clone(),
            giver: Giver::Followed(Arc::clone(rule)),
        })),
        Verdict::Unknown => Some(Assignment::Unknown(Some(Arc::clone(rule)))),
        // What was let in as storage must not come back as a keyboard.
        Verdict::No => None,
    }
}

fn by_rank(claims: &[Claim], situation: &dyn Situation) -> Decision {
    // The strongest claim that waits for its machine, and the strongest that is used up.
    let mut waiting = None;
    let mut full = None;
    let mut later = claims;
    for equal in claims.chunk_by(|a, b| a.rank == b.rank) {
        let owners: BTreeSet<&Owner> = equal
            .iter()
            .filter(|claim| claim.certain)
            .map(|claim| &claim.rule.owner)
            .collect();
        let doubtful = |claim: &&Claim| !claim.certain && !owners.contains(&claim.rule.owner);
        if let Some(claim) = equal.iter().find(doubtful) {
            return Decision::of(Assignment::Unknown(Some(Arc::clone(&claim.rule))));
        }
        let certain = || equal.iter().filter(|claim| claim.certain);
        if owners.len() > 1 && !certain().all(|claim| claim.rule.options.count.is_some()) {
            let rules = certain().map(|claim| Arc::clone(&claim.rule));
            return Decision::of(Assignment::Conflict(rules.collect()));
        }
        for claim in equal {
            later = later.get(1..).unwrap_or_default();
            if !claim.certain {
                continue;
            }
            let Owner::Machine(machine) = &claim.rule.owner else {
                return Decision::of(Assignment::Kept(Arc::clone(&claim.rule)));
            };
            match chance(claim, machine, later, situation) {
                Chance::Taken => return grant(claim, machine, situation),
                Chance::Full => {
                    full.get_or_insert(claim);
                }
                Chance::Off => {
                    waiting.get_or_insert((claim, machine));
                }
                Chance::Elsewhere => {}
            }
        }
    }
    match (waiting, full) {
        (Some((claim, machine)), _) => grant(claim, machine, situation),
        (None, Some(claim)) => Decision::of(Assignment::Spare(Arc::clone(&claim.rule))),
        (None, None) => Decision::of(Assignment::Host),
    }
}

/// What a claim comes to.
enum Chance {
    Taken,
    /// Its rule gives as many devices as it may.
    Full,
    /// Its machine is off, and it lets others have the device meanwhile.
    Off,
    /// The device stays with the machine of a later claim.
    Elsewhere,
}

fn chance(
    claim: &Claim,
    machine: &MachineKey,
    later: &[Claim],
    situation: &dyn Situation,
) -> Chance {
    let options = &claim.rule.options;
    let running = situation.runs(machine);
    let mut later = later.iter().filter(|claim| claim.certain);
    let held_by = |other: &Claim| {
        other.rule.machine() == situation.holder() && other.rule.machine() != Some(machine)
    };
    let held_later = situation.holder().is_some() && later.clone().any(held_by);
    let takes_back = options.yields && options.preempts && running == Fact::Known(true);
    if options.count.is_some() {
        if !situation.has_room(claim.number) {
            return Chance::Full;
        }
        // Room that was made later moves no device. Where it is counts more
        // than which rule gave it: a call may have been under way then, or the
        // machine was not looked at yet.
        let held_here = situation.holder() == Some(machine);
        let given_later = !held_here
            && !situation.was_given_by(claim.number)
            && later.any(|other| situation.was_given_by(other.number));
        if (held_later || given_later) && !takes_back {
            return Chance::Elsewhere;
        }
    }
    if options.yields {
        if held_later && !takes_back {
            return Chance::Elsewhere;
        }
        let starting = options.start_machine && situation.may_start(machine);
        if running == Fact::Known(false) && !starting {
            return Chance::Off;
        }
    }
    Chance::Taken
}

fn grant(claim: &Claim, machine: &MachineKey, situation: &dyn Situation) -> Decision {
    let grant = Grant {
        machine: machine.clone(),
        giver: Giver::Rule(Arc::clone(&claim.rule)),
    };
    let namesakes = ambiguity(&claim.rule, machine, situation);
    if !namesakes.is_empty() {
        return Decision::of(Assignment::Refused(grant, Refusal::Ambiguous(namesakes)));
    }
    Decision {
        assignment: Assignment::Machine(grant),
        given_by: Some(claim.number),
    }
}

/// The other devices that a rule means as well, where it means one by its
/// serial number. The device that is attached stays, or whoever copies a serial
/// number could take the real device out. A `count` asks for several.
fn ambiguity(rule: &Rule, machine: &MachineKey, situation: &dyn Situation) -> Vec<PortPath> {
    let tells = !rule.matcher.asks_for_serial();
    if tells || rule.options.count.is_some() || situation.holder() == Some(machine) {
        return Vec::new();
    }
    situation.namesakes(rule)
}

#[cfg(test)]
mod tests;
