//! The wish, judged anew by reading every rule: what the engine's answer is
//! compared with.

use std::collections::BTreeSet;

use virtplug_core::{Device, MachineKey, Policy, Verdict};

/// Where a device belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    Host,
    Machine(MachineKey),
    Conflict,
    Unknown,
    Refused,
}

impl Wish {
    pub(crate) fn of(policy: &Policy, device: &Device) -> Self {
        let mut sure = BTreeSet::new();
        let mut doubtful = BTreeSet::new();
        for rule in policy.rules() {
            match rule.matcher.judge(device) {
                Verdict::Yes => sure.insert(&rule.machine),
                Verdict::Unknown => doubtful.insert(&rule.machine),
                Verdict::No => false,
            };
        }
        if sure.len() > 1 {
            return Self::Conflict;
        }
        if doubtful.difference(&sure).next().is_some() {
            return Self::Unknown;
        }
        match (sure.first(), device.authorized.known()) {
            (None, _) => Self::Host,
            (Some(_), _) if device.is_hub() => Self::Refused,
            (Some(_), Some(false)) => Self::Refused,
            (Some(_), None) => Self::Unknown,
            (Some(machine), Some(true)) => Self::Machine((*machine).clone()),
        }
    }

    pub(crate) fn is_machine(&self, machine: &MachineKey) -> bool {
        matches!(self, Self::Machine(owner) if owner == machine)
    }
}
