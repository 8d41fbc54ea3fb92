//! What is so, what was told of it, and which targets follow from the difference.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use virtplug_ipc::{BelongsKind, Connection, DeviceState, MachineKind, MachineList, Status};

use super::instance::{Kind, instance, target};

/// A device in a machine, by an entry of ours. Each enumeration has another alias.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Attachment {
    connection: String,
    machine: String,
    alias: String,
    /// The instance of its targets, as it was when it began.
    instance: String,
}

/// A device that several owners claim, for one of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Claim {
    port: String,
    instance: String,
}

/// What is so, or what systemd was told of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    attached: BTreeSet<Attachment>,
    conflicts: BTreeSet<Claim>,
}

/// What is done with a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Start,
    /// Stops and starts it, so that what hangs on it is started again.
    Restart,
    Stop,
}

/// One thing to ask of systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) verb: Verb,
    pub(super) kind: Kind,
    pub(super) instance: String,
}

impl Verb {
    /// The word for the log.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Start => "starting",
            Self::Restart => "starting anew",
            Self::Stop => "stopping",
        }
    }
}

impl Step {
    fn new(verb: Verb, kind: Kind, instance: &str) -> Self {
        Self {
            verb,
            kind,
            instance: instance.to_owned(),
        }
    }

    /// The unit that it concerns.
    pub(super) fn unit(&self) -> String {
        target(self.kind, &self.instance)
    }
}

impl Standing {
    /// How things stand now. What cannot be read now is as it was.
    pub(super) fn now(&self, status: &Status, machines: &MachineList) -> Self {
        let devices: BTreeMap<&str, &DeviceState> = status
            .devices
            .iter()
            .map(|state| (state.device.port.as_str(), state))
            .collect();
        Self {
            attached: self.attached_now(status, machines, &devices),
            conflicts: self.conflicts_now(&devices),
        }
    }

    fn attached_now(
        &self,
        status: &Status,
        machines: &MachineList,
        devices: &BTreeMap<&str, &DeviceState>,
    ) -> BTreeSet<Attachment> {
        let mut unread: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut attached = BTreeSet::new();
        for state in &machines.machines {
            let name = &state.machine;
            let key = (name.connection.as_str(), name.machine.as_str());
            if state.state == MachineKind::Unknown {
                unread.insert(key);
                continue;
            }
            known.insert(key);
            for entry in state.entries.iter().filter(|entry| entry.own) {
                let (Some(alias), Some(port), false) = (&entry.alias, &entry.port, entry.missing)
                else {
                    continue;
                };
                let device = devices.get(port.as_str()).map(|state| known_as(state));
                let mut one = Attachment {
                    connection: name.connection.clone(),
                    machine: name.machine.clone(),
                    alias: alias.clone(),
                    instance: instance(&name.machine, device.unwrap_or(port)),
                };
                // A rule that is renamed names the next attachment.
                if let Some(before) = self.attached.iter().find(|before| before.is(&one)) {
                    one.instance.clone_from(&before.instance);
                }
                attached.insert(one);
            }
        }
        let connection = |uri: &str| {
            let mut all = status.connections.iter();
            all.find(|one| one.connection == uri)
        };
        // A machine that is not listed is gone, if there was a list.
        let is_unread = |one: &&Attachment| {
            let key = (one.connection.as_str(), one.machine.as_str());
            let listed = connection(&one.connection).is_none_or(|one| one.listed);
            unread.contains(&key) || (!known.contains(&key) && !listed)
        };
        attached.extend(self.attached.iter().filter(is_unread).cloned());
        attached
    }

    fn conflicts_now(&self, devices: &BTreeMap<&str, &DeviceState>) -> BTreeSet<Claim> {
        let claimed = |state: &&&DeviceState| state.belongs.kind == BelongsKind::Conflict;
        let mut conflicts: BTreeSet<Claim> = devices
            .values()
            .filter(claimed)
            .flat_map(|state| claims(state))
            .collect();
        let unread = |port: &str| {
            let state = devices.get(port);
            state.is_some_and(|state| state.belongs.kind == BelongsKind::Unknown)
        };
        let kept = self.conflicts.iter().filter(|claim| unread(&claim.port));
        conflicts.extend(kept.cloned());
        conflicts
    }

    /// What is to be asked of systemd when this becomes that: what ends before what begins.
    pub(super) fn steps(&self, now: &Self) -> Vec<Step> {
        let (before, after) = (self.by_instance(), now.by_instance());
        let none = BTreeSet::new();
        let (mut ends, mut begins) = (Vec::new(), Vec::new());
        let all: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        for instance in all {
            let was = before.get(instance).unwrap_or(&none);
            let is = after.get(instance).unwrap_or(&none);
            let end = || Step::new(Verb::Start, Kind::Detached, instance);
            let begin = |verb| Step::new(verb, Kind::Attached, instance);
            if is.is_empty() {
                ends.push(end());
            } else if was.is_empty() {
                begins.push(begin(Verb::Start));
            } else if was.is_disjoint(is) {
                ends.push(end());
                begins.push(begin(Verb::Start));
            } else if !is.is_subset(was) {
                // One more device of the same name.
                begins.push(begin(Verb::Restart));
            }
        }
        let (before, after) = (self.disputed(), now.disputed());
        let step = |verb| move |instance: &&str| Step::new(verb, Kind::Conflict, instance);
        ends.extend(before.difference(&after).map(step(Verb::Stop)));
        begins.extend(after.difference(&before).map(step(Verb::Start)));
        ends.extend(begins);
        ends
    }

    /// This, but for some instances what was before: systemd could not be told.
    pub(super) fn without(mut self, failed: &BTreeSet<String>, before: &Self) -> Self {
        self.attached.retain(|one| !failed.contains(&one.instance));
        self.conflicts.retain(|one| !failed.contains(&one.instance));
        let attached = before.attached.iter();
        let conflicts = before.conflicts.iter();
        self.attached.extend(
            attached
                .filter(|one| failed.contains(&one.instance))
                .cloned(),
        );
        self.conflicts.extend(
            conflicts
                .filter(|one| failed.contains(&one.instance))
                .cloned(),
        );
        self
    }

    fn by_instance(&self) -> BTreeMap<&str, BTreeSet<&Attachment>> {
        let mut found: BTreeMap<&str, BTreeSet<&Attachment>> = BTreeMap::new();
        for one in &self.attached {
            found.entry(&one.instance).or_default().insert(one);
        }
        found
    }

    fn disputed(&self) -> BTreeSet<&str> {
        let claims = self.conflicts.iter();
        claims.map(|claim| claim.instance.as_str()).collect()
    }
}

impl Attachment {
    /// Whether it is the same one, whatever it is called.
    fn is(&self, other: &Self) -> bool {
        (&self.connection, &self.machine, &self.alias)
            == (&other.connection, &other.machine, &other.alias)
    }
}

/// The name of a device; an older daemon does not tell it.
pub(super) fn known_as(state: &DeviceState) -> &str {
    if state.known_as.is_empty() {
        &state.device.port
    } else {
        &state.known_as
    }
}

/// The owners that claim a device, but for the host: the machine, and the device's name there.
pub(super) fn claimants(state: &DeviceState) -> Vec<(&str, &str)> {
    let port = state.device.port.as_str();
    let rules = state.belongs.rules.iter();
    let mut found: Vec<(&str, &str)> = rules
        .filter_map(|rule| {
            let machine = rule.machine.as_ref()?;
            Some((
                machine.machine.as_str(),
                rule.name.as_deref().unwrap_or(port),
            ))
        })
        .collect();
    if let Some(machine) = state.belongs.machine.as_ref().filter(|_| found.is_empty()) {
        found.push((&machine.machine, known_as(state)));
    }
    found
}

fn claims(state: &DeviceState) -> Vec<Claim> {
    let claim = |(machine, device): (&str, &str)| Claim {
        port: state.device.port.clone(),
        instance: instance(machine, device),
    };
    claimants(state).into_iter().map(claim).collect()
}

/// Whether something will be read soon of which no event may tell.
pub(super) fn is_unread(status: &Status, machines: &MachineList) -> bool {
    let up = |uri: &str| {
        let mut all = status.connections.iter();
        all.any(|one: &Connection| one.up && one.connection == uri)
    };
    status.connections.iter().any(|one| one.up && !one.listed)
        || machines
            .machines
            .iter()
            .any(|state| state.state == MachineKind::Unknown && up(&state.machine.connection))
}

#[cfg(test)]
pub(super) mod tests;
