//! From rules to a wish: where a device belongs.

use std::collections::BTreeSet;
use std::fmt;

use crate::device::Device;
use crate::machine::MachineKey;
use crate::policy::Policy;
use crate::rule::{Rule, Verdict};

/// Where the rules say that a device belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// No rule holds: it stays on the host.
    Host,
    /// To this machine, by this rule.
    Machine(MachineKey, RuleName),
    /// Rules give it to several machines, so none gets it.
    Conflict(Vec<(MachineKey, RuleName)>),
    /// A rule might hold, and what it asks for cannot be read now. Nothing
    /// that is attached goes, nothing new is attached.
    Unknown(MachineKey, RuleName),
    /// To this machine, but such a device is never attached.
    Refused(MachineKey, RuleName, Refusal),
}

/// How messages name a rule: its name, where it has one, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleName {
    /// The user's name for it.
    pub name: Option<String>,
    /// `file:line`.
    pub origin: String,
}

impl RuleName {
    fn of(rule: &Rule) -> Self {
        Self {
            name: rule.name.clone(),
            origin: rule.origin.clone(),
        }
    }
}

/// Why a device is never attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is a hub; with it everything behind it would vanish from the host.
    Hub,
    /// The kernel's `authorized` is 0: usbguard or an administrator blocks it.
    Unauthorised,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hub => "it is a hub, and what is behind it would vanish from the host",
            Self::Unauthorised => "it is not authorised on the host (usbguard?)",
        })
    }
}

impl Assignment {
    /// Judges a device by all rules.
    pub(crate) fn decide(policy: &Policy, device: &Device) -> Self {
        let candidates = policy.judge(device);
        let by = |verdict: Verdict| {
            candidates
                .iter()
                .filter(move |(_, found)| *found == verdict)
                .map(|(rule, _)| *rule)
        };
        let owners: BTreeSet<&MachineKey> = by(Verdict::Yes).map(|rule| &rule.machine).collect();
        if owners.len() > 1 {
            return Self::Conflict(
                by(Verdict::Yes)
                    .map(|rule| (rule.machine.clone(), RuleName::of(rule)))
                    .collect(),
            );
        }
        let doubtful = by(Verdict::Unknown).find(|rule| !owners.contains(&rule.machine));
        if let Some(rule) = doubtful {
            return Self::Unknown(rule.machine.clone(), RuleName::of(rule));
        }
        let Some(rule) = by(Verdict::Yes).next() else {
            return Self::Host;
        };
        let (machine, name) = (rule.machine.clone(), RuleName::of(rule));
        if device.is_hub() {
            return Self::Refused(machine, name, Refusal::Hub);
        }
        match device.authorized.known() {
            Some(true) => Self::Machine(machine, name),
            Some(false) => Self::Refused(machine, name, Refusal::Unauthorised),
            None => Self::Unknown(machine, name),
        }
    }

    /// The machine that is to have the device, if it is clear.
    pub fn machine(&self) -> Option<&MachineKey> {
        match self {
            Self::Machine(machine, _) => Some(machine),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Fact;
    use crate::rule::Matcher;
    use crate::testing::{device, machine};

    fn rule(owner: &str, matcher: Matcher) -> Rule {
        Rule {
            name: Some(format!("rule of {owner}")),
            origin: "test:1".into(),
            machine: machine(owner),
            matcher,
        }
    }

    fn serial(serial: &str) -> Matcher {
        Matcher {
            serial: Some(serial.into()),
            ..Matcher::default()
        }
    }

    fn tag(tag: &str) -> Matcher {
        Matcher {
            tags: vec![tag.into()],
            ..Matcher::default()
        }
    }

    #[test]
    fn two_machines_are_a_conflict_and_two_rules_of_one_are_not() {
        let device = device("1-1", 2, "A");
        let same_port = Matcher {
            port: Some(device.port.clone()),
            ..Matcher::default()
        };
        let rules = vec![rule("a", serial("A")), rule("a", same_port.clone())];
        let decided = Assignment::decide(&Policy::new([], rules.clone()), &device);
        assert_eq!(decided.machine(), Some(&machine("a")));
        let rules = vec![rule("a", serial("A")), rule("b", same_port)];
        let decided = Assignment::decide(&Policy::new([], rules), &device);
        assert!(matches!(decided, Assignment::Conflict(owners) if owners.len() == 2));
    }

    #[test]
    fn what_might_be_a_conflict_is_unknown() {
        let mut device = device("1-1", 2, "A");
        device.udev = Fact::Unknown;
        let policy = Policy::new([], vec![rule("a", serial("A")), rule("b", tag("x"))]);
        let decided = Assignment::decide(&policy, &device);
        assert!(matches!(decided, Assignment::Unknown(machine, _) if machine.name() == "b"));
    }

    #[test]
    fn hubs_and_blocked_devices_are_refused() {
        let policy = Policy::new([], vec![rule("a", serial("A"))]);
        let mut device = device("1-1", 2, "A");
        device.authorized = Fact::Known(false);
        let decided = Assignment::decide(&policy, &device);
        assert!(matches!(
            decided,
            Assignment::Refused(_, _, Refusal::Unauthorised)
        ));
        device.authorized = Fact::Unknown;
        let decided = Assignment::decide(&policy, &device);
        assert!(matches!(decided, Assignment::Unknown(..)));
        device.class = 9;
        let decided = Assignment::decide(&policy, &device);
        assert!(matches!(decided, Assignment::Refused(_, _, Refusal::Hub)));
    }
}
