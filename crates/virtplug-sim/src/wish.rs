//! The wish, judged anew by reading every rule: what the engine's answer is
//! compared with.

use std::collections::BTreeSet;

use virtplug_core::{Device, MachineKey, Owner, Policy, Verdict};

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
        let mut strongest = None;
        for rule in policy.rules() {
            // No rule of this world asks for what is around a device.
            let verdict = rule.matcher.judge(device, &());
            if verdict == Verdict::No || strongest > Some(rule.rank()) {
                continue;
            }
            if strongest < Some(rule.rank()) {
                strongest = Some(rule.rank());
                sure.clear();
                doubtful.clear();
            }
            if verdict == Verdict::Yes {
                sure.insert(&rule.owner);
            } else {
                doubtful.insert(&rule.owner);
            }
        }
        if doubtful.difference(&sure).next().is_some() {
            return Self::Unknown;
        }
        if sure.len() > 1 {
            return Self::Conflict;
        }
        match (sure.first(), device.authorized.known()) {
            (None | Some(Owner::Host), _) => Self::Host,
            (Some(_), _) if device.is_hub() => Self::Refused,
            (Some(_), Some(false)) => Self::Refused,
            (Some(_), None) => Self::Unknown,
            (Some(Owner::Machine(machine)), Some(true)) => Self::Machine(machine.clone()),
        }
    }

    pub(crate) fn is_machine(&self, machine: &MachineKey) -> bool {
        matches!(self, Self::Machine(owner) if owner == machine)
    }
}
