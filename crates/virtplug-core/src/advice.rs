//! What is likely not as meant in a policy, although nothing in it is wrong.
//!
//! Rules alone show what can never hold, what may clash and what breaks with
//! time ([`Findings::of_policy`]); the devices of a host show more
//! ([`Findings::of_devices`]). All of this explains; the engine does not ask it.
//!
//! A finding is right rather than every finding made: where two matchers
//! cannot be compared, nothing is said of them.

mod exclusion;
mod implication;
mod pairs;
mod present;
mod single;
mod term;
#[cfg(test)]
mod tests;
mod texts;
mod wording;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::device::Device;
use crate::matcher::Topology;
use crate::place::StablePort;
use crate::policy::Policy;
use crate::port::PortPath;
use crate::rule::Rule;
use crate::text::{Escaped, RawText};

/// Most findings of one kind; nobody reads more of the same.
const MAX_OF_A_KIND: usize = 20;

/// One thing that is likely not as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// No device can meet all conditions of a rule.
    Impossible {
        /// The rule.
        rule: NamedRule,
    },
    /// A stronger rule takes each device that a rule could get.
    Shadowed {
        /// The rule that gets nothing.
        rule: NamedRule,
        /// The one that takes all.
        by: NamedRule,
    },
    /// Equally strong rules give devices to different owners.
    Overlap {
        /// The rules; where `contained`, all devices of the first are ones of the second, too.
        rules: [NamedRule; 2],
        /// Whether each device that meets one meets the other. Otherwise some device could meet both.
        contained: bool,
    },
    /// A rule by bus and device number.
    Address {
        /// The rule.
        rule: NamedRule,
    },
    /// A rule gives away whatever types or stores, without saying which.
    Anonymous {
        /// The rule.
        rule: NamedRule,
        /// What it would take.
        kind: Sensitive,
    },
    /// Devices that are present have the same serial number, and a rule tells them apart by it.
    SharedSerial {
        /// The rule that means all of them.
        rule: NamedRule,
        /// The number.
        serial: RawText,
        /// Where they are, at least two.
        ports: Vec<PortPath>,
        /// Whether vendor or product differ, so that they would tell them apart.
        ids_differ: bool,
    },
    /// A device without serial number is named by vendor and product alone, so
    /// that a second one of its kind would be meant, too.
    NoSerial {
        /// The rule.
        rule: NamedRule,
        /// Where the device is.
        port: PortPath,
        /// The same in the form that survives a new numbering of buses.
        stable: Option<StablePort>,
    },
    /// Rules give a present device to different owners, so that none gets it.
    Conflict {
        /// Where the device is.
        port: PortPath,
        /// One of the rules.
        first: NamedRule,
        /// The others.
        others: Vec<NamedRule>,
    },
    /// A rule names a hub, and a hub is never given away.
    Hub {
        /// The rule.
        rule: NamedRule,
        /// Where the hub is.
        port: PortPath,
        /// Whether the rule names the port.
        by_port: bool,
    },
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It may well be meant so.
    Note,
    /// It is most likely not meant so.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
        })
    }
}

/// Devices that a machine should not get by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitive {
    /// What types: who has it can log in.
    Keyboard,
    /// What stores: the host may have mounted it.
    Disk,
}

/// A rule with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRule {
    /// Its place in [`Policy::rules`].
    pub number: usize,
    /// The rule.
    pub rule: Arc<Rule>,
}

impl fmt::Display for NamedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = Escaped(&self.rule.origin);
        match &self.rule.name {
            Some(name) => write!(f, "the rule \"{}\" at {origin}", Escaped(name)),
            None => write!(f, "the rule at {origin}"),
        }
    }
}

/// All that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// In the order of the rules, then of the devices; of each kind only the first few.
    pub list: Vec<Advice>,
    /// How many more there are, by [`Advice::code`].
    pub more: BTreeMap<&'static str, usize>,
    /// Whether there were too many rules to compare all of them.
    pub incomplete: bool,
}

impl Findings {
    /// Looks at the rules alone.
    pub fn of_policy(policy: &Policy) -> Self {
        let mut findings = Self::default();
        let impossible = single::look(policy, &mut findings);
        pairs::look(policy, &impossible, &mut findings);
        findings.list.sort_by_key(|advice| advice.rule().number);
        findings
    }

    /// Looks at what the rules mean for these devices.
    pub fn of_devices<'a>(
        policy: &Policy,
        devices: impl IntoIterator<Item = &'a Device>,
        around: &dyn Topology,
    ) -> Self {
        let mut findings = Self::default();
        present::look(policy, devices, around, &mut findings);
        findings
    }

    fn add(&mut self, advice: Advice) {
        let code = advice.code();
        let known = self.list.iter().filter(|one| one.code() == code).count();
        if known < MAX_OF_A_KIND {
            self.list.push(advice);
        } else {
            *self.more.entry(code).or_default() += 1;
        }
    }
}
