//! From what was written to what it means.

mod claim;
mod condition;
mod option;

use std::collections::BTreeMap;

use virtplug_core::{ConnectionUri, MachineKey, Owner, Policy, Rule, RuleOptions, Uuid};

use crate::diagnostic::Diagnostic;
use crate::rule_places::RulePlaces;
use crate::source::Place;
use crate::suggestion::quoted;
use crate::written::{Origin, Written, WrittenDevice, WrittenMachine};
use claim::Claims;
use condition::Conditions;
use option::Options;

/// What all files mean together.
pub(crate) struct Meant {
    pub(crate) policy: Policy,
    pub(crate) places: RulePlaces,
    pub(crate) findings: Vec<Diagnostic>,
}

/// Builds the policy: the host's rules, then those of all machines, the
/// machines of the main file first. `connect` replaces the connection of every
/// machine.
pub(crate) fn policy<'w>(written: &'w Written, asked: &'w crate::Options) -> Meant {
    let mut meaning = Meaning {
        connect: asked.connect.as_deref(),
        default_connect: None,
        usual_connection: &asked.usual_connection,
        options: Options::new(written),
        machines: Vec::new(),
        rules: Vec::new(),
        places: RulePlaces::default(),
        findings: Vec::new(),
        names: BTreeMap::new(),
        uuids: BTreeMap::new(),
        claims: Claims::default(),
    };
    meaning.default_connect = written
        .defaults
        .as_ref()
        .and_then(|defaults| defaults.connect.as_ref())
        .map(|uri| uri.get_ref().as_str());
    meaning.findings.extend(meaning.options.warn_of_defaults());
    for device in &written.host {
        meaning.add_device(device, &Owner::Host);
    }
    let drop_ins: BTreeMap<&str, &WrittenMachine> = written
        .machines
        .iter()
        .filter(|machine| machine.origin == Origin::DropIn)
        .map(|machine| (machine.name.as_str(), machine))
        .collect();
    for machine in &written.machines {
        let replaced_by = match machine.origin {
            Origin::Main => drop_ins.get(machine.name.as_str()),
            Origin::DropIn => None,
        };
        if let Some(drop_in) = replaced_by {
            meaning.note_replaced(machine, drop_in);
        } else if machine.mask {
            meaning.note_mask(machine);
        } else {
            meaning.add_machine(machine);
        }
    }
    let policy = Policy::new(meaning.machines, meaning.rules);
    Meant {
        policy: policy.watching(
            meaning
                .connect
                .or(meaning.default_connect)
                .map_or_else(|| asked.usual_connection.clone(), ConnectionUri::new),
        ),
        places: meaning.places,
        findings: meaning.findings,
    }
}

struct Meaning<'w> {
    /// The connection of every machine, if the user gave one for all.
    connect: Option<&'w str>,
    /// That of machines that give none.
    default_connect: Option<&'w str>,
    usual_connection: &'w ConnectionUri,
    options: Options<'w>,
    machines: Vec<MachineKey>,
    rules: Vec<Rule>,
    places: RulePlaces,
    findings: Vec<Diagnostic>,
    /// Machines by name without regard to case.
    names: BTreeMap<String, &'w WrittenMachine>,
    /// Machines by connection and UUID.
    uuids: BTreeMap<(ConnectionUri, Uuid), &'w WrittenMachine>,
    claims: Claims,
}

impl<'w> Meaning<'w> {
    fn note_replaced(&mut self, machine: &WrittenMachine, drop_in: &WrittenMachine) {
        // What is wrong with it is wrong, used or not.
        for device in &machine.devices {
            Conditions::new(&mut self.findings).of_device(device);
        }
        let message = format!(
            "the machine {} is replaced by its own file",
            quoted(&machine.name)
        );
        self.findings.push(
            Diagnostic::note(machine.place.clone(), message)
                .with_related("used instead", drop_in.place.clone())
                .with_help("of this table nothing is used; remove one of the two"),
        );
    }

    fn note_mask(&mut self, machine: &WrittenMachine) {
        let message = format!(
            "an empty file: it hides what else is written for the machine {}",
            quoted(&machine.name)
        );
        self.findings.push(
            Diagnostic::note(machine.place.clone(), message).with_help("remove it to undo that"),
        );
    }

    fn add_machine(&mut self, machine: &'w WrittenMachine) {
        let key = self.key_of(machine);
        self.warn_of_similar_name(machine);
        if machine.devices.is_empty() && machine.complete {
            let message = format!("the machine {} has no device", quoted(&machine.name));
            self.findings
                .push(Diagnostic::warning(machine.place.clone(), message));
        }
        let owner = Owner::Machine(key.clone());
        for device in &machine.devices {
            self.add_device(device, &owner);
        }
        self.machines.push(key);
    }

    /// How the machine is found: by its UUID, where that is written, or by name.
    fn key_of(&mut self, machine: &'w WrittenMachine) -> MachineKey {
        let uri = self
            .connect
            .or(machine.connect.as_ref().map(|uri| uri.get_ref().as_str()))
            .or(self.default_connect)
            .map_or_else(|| self.usual_connection.clone(), ConnectionUri::new);
        let named: Option<Uuid> = machine.name.parse().ok();
        let given = machine.uuid.as_ref().map(|uuid| *uuid.get_ref());
        if let (Some(named), Some(uuid)) = (named, &machine.uuid)
            && named != *uuid.get_ref()
        {
            self.findings.push(
                Diagnostic::error(
                    machine.place.at(uuid.span()),
                    "`uuid` differs from the UUID that the machine is named by",
                )
                .with_help("leave `uuid` out, or give the machine another name as a label"),
            );
        }
        let Some(uuid) = given.or(named) else {
            return MachineKey::new(uri, &machine.name);
        };
        if let Some(other) = self.uuids.insert((uri.clone(), uuid), machine) {
            let message = format!(
                "{} and {} are one machine: both have the UUID {uuid}",
                quoted(&other.name),
                quoted(&machine.name)
            );
            self.findings.push(
                Diagnostic::error(machine.place.clone(), message)
                    .with_related("the other one", other.place.clone())
                    .with_help("put all device tables of a machine in one place"),
            );
        }
        MachineKey::with_uuid(uri, &machine.name, uuid)
    }

    /// libvirt tells names apart by case; people often do not.
    fn warn_of_similar_name(&mut self, machine: &'w WrittenMachine) {
        let folded = machine.name.to_lowercase();
        let Some(other) = self.names.insert(folded, machine) else {
            return;
        };
        let message = format!(
            "the machines {} and {} differ in case only",
            quoted(&other.name),
            quoted(&machine.name)
        );
        self.findings.push(
            Diagnostic::warning(machine.place.clone(), message)
                .with_related("the other one", other.place.clone())
                .with_help("libvirt takes them for two machines"),
        );
    }

    fn add_device(&mut self, device: &WrittenDevice, owner: &Owner) {
        let Some(matcher) = Conditions::new(&mut self.findings).of_device(device) else {
            return;
        };
        let options = match owner {
            Owner::Machine(_) => {
                let options = self.options.of(&device.options);
                self.findings.extend(Options::warnings(device, &options));
                options
            }
            // What else is set as a default means nothing to the host.
            Owner::Host => {
                let all = self.options.of(&device.options);
                RuleOptions {
                    enabled: all.enabled,
                    priority: all.priority,
                    group: all.group,
                    ..RuleOptions::default()
                }
            }
        };
        let place: &Place = device.place();
        let rule = Rule {
            name: device.name.as_ref().map(|name| name.get_ref().clone()),
            origin: place.file_and_line(),
            owner: owner.clone(),
            matcher,
            options,
        };
        self.findings.extend(self.claims.add(&rule, device));
        self.rules.push(rule);
        self.places.push(place.clone());
    }
}
