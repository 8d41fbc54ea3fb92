//! Rules: which devices belong to whom, and how they are given.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::machine::{GuestPort, GuestReset, MachineKey};
use crate::matcher::Matcher;

/// "Devices that match this belong to that owner."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The user's own name for it.
    pub name: Option<String>,
    /// Where it was written, for messages: `file:line`.
    pub origin: String,
    /// Whom the devices belong to.
    pub owner: Owner,
    /// Which devices.
    pub matcher: Matcher,
    /// How they are given.
    pub options: RuleOptions,
}

impl Rule {
    /// How strong its claim is against those of other rules.
    pub fn rank(&self) -> Rank {
        Rank {
            priority: self.options.priority,
            specificity: self.matcher.specificity(),
        }
    }

    /// The machine, where the owner is one.
    pub fn machine(&self) -> Option<&MachineKey> {
        match &self.owner {
            Owner::Machine(machine) => Some(machine),
            Owner::Host => None,
        }
    }
}

/// Whom a device belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Owner {
    /// The host keeps it.
    Host,
    /// A machine gets it.
    Machine(MachineKey),
}

impl From<MachineKey> for Owner {
    fn from(machine: MachineKey) -> Self {
        Self::Machine(machine)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.pad("host"),
            Self::Machine(machine) => machine.fmt(f),
        }
    }
}

/// How a rule gives its devices to its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the configuration"
)]
pub struct RuleOptions {
    /// Whether the rule counts at all.
    pub enabled: bool,
    /// Higher wins over lower, whatever the matchers say.
    pub priority: i32,
    /// The set of rules that it is switched with.
    pub group: Option<String>,
    /// While its machine does not run, the next rule that holds gets the device.
    pub yields: bool,
    /// At its machine's start it takes the device back from a later rule's machine.
    pub preempts: bool,
    /// The most devices that it gives at a time.
    pub count: Option<NonZeroU32>,
    /// How long after a device left its port whatever appears there follows it.
    pub follow: Option<Duration>,
    /// The USB port of the machine.
    pub guest_port: Option<GuestPort>,
    /// What a reset by the guest does.
    pub guest_reset: Option<GuestReset>,
    /// Whether plugging the device in starts or resumes the machine.
    pub start_machine: bool,
    /// Whether the device is taken from the host even while the host uses it.
    pub allow_in_use: bool,
}

impl Default for RuleOptions {
    fn default() -> Self {
        Self {
            enabled: true,
            priority: 0,
            group: None,
            yields: false,
            preempts: false,
            count: None,
            follow: None,
            guest_port: None,
            guest_reset: None,
            start_machine: false,
            allow_in_use: false,
        }
    }
}

/// How strong a claim is: the greater one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// As written.
    pub priority: i32,
    /// As the matcher implies.
    pub specificity: Specificity,
}

/// How exactly a matcher names a device, the least exact first. Only exact
/// values count; patterns are part of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Specificity {
    /// Anything else.
    Rest,
    /// Vendor and product.
    Product,
    /// The serial number.
    Serial,
    /// The serial number with vendor and product.
    SerialOfProduct,
    /// The port.
    Port,
    /// The port with a serial number or vendor and product.
    PortWithIdentity,
}

impl fmt::Display for Specificity {
    /// What it names exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rest => "nothing exactly",
            Self::Product => "vendor and product",
            Self::Serial => "a serial number",
            Self::SerialOfProduct => "a serial number with vendor and product",
            Self::Port => "a port",
            Self::PortWithIdentity => "a port with a serial number or vendor and product",
        })
    }
}
