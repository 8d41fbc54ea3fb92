//! The configuration of bbvirt: `DOMAIN_RNG_*`, `DOMAIN_URI_*` and
//! `DOMAIN_NAME_*` in a file that bash sources.

use std::collections::BTreeMap;

use virtplug_core::Escaped;

use super::bash::{self, Element};
use super::document::{Document, Entry, Machine, name_fault};
use super::matcher::{Text, Wanted};
use super::{ImportError, Imported, Input, Remark};

/// The ids of a `BitBabbler`: FTDI's vendor id with a product id of its own.
const VENDOR: u16 = 0x0403;
const PRODUCT: u16 = 0x7840;

/// Imports the configuration of bbvirt, usually `/etc/bit-babbler/vm.conf`.
///
/// The file is a script; only assignments of literal values are read.
pub fn bbvirt(source: &Input) -> Result<Imported, ImportError> {
    let text = source.text()?;
    let script =
        bash::read(&text).map_err(|error| source.error(Some(error.line), error.message))?;
    let mut document = Document {
        title: "Imported from the configuration of bbvirt.".to_owned(),
        ..Document::default()
    };
    document.remarks.push(Remark::general(
        "bbvirt's udev rules and its libvirt hook are no longer needed: remove the lines that run bbvirt from \
         60-bit-babbler.rules and from /etc/libvirt/hooks/qemu, or both tools attach the same devices. The rules \
         that give the group bit-babbler access may stay.",
    ));
    for note in &script.notes {
        let text = format!("not carried over: {}", note.text);
        document.remarks.push(source.remark(note.line, text));
    }
    if !is_bbvirt(&script) {
        let message = "no variable DOMAIN_RNG_… is set here, so there is no device to import; bbvirt's configuration \
                       usually is /etc/bit-babbler/vm.conf";
        return Err(source.error(None, message.to_owned()));
    }
    let names: BTreeMap<&str, &Element> = elements(&script, "DOMAIN_NAME_").collect();
    let uris: BTreeMap<&str, &Element> = elements(&script, "DOMAIN_URI_").collect();
    let owners = owners(&script);
    let mut machines: BTreeMap<String, Machine> = BTreeMap::new();
    for (id, variable) in script.with_prefix("DOMAIN_RNG_") {
        // An empty name counts as none.
        let given = names.get(id).filter(|name| !name.text.is_empty());
        let name = given.map_or(id, |name| name.text.as_str());
        let unknown = given.is_none() && uncertain(&script, "DOMAIN_NAME_", id);
        if let Some(fault) = name_fault(name).or(unknown.then_some("its name is not known")) {
            let line = given.copied().or(variable.text()).map(|at| at.line);
            let text = format!("the devices of {} are left out: {fault}", Escaped(id));
            document.remarks.push(source.remark(line, text));
            continue;
        }
        let machine = machines
            .entry(name.to_owned())
            .or_insert_with(|| Machine::new(name));
        connect(machine, id, &uris, source);
        if !uris.contains_key(id) && uncertain(&script, "DOMAIN_URI_", id) {
            let text = format!(
                "the connection of {} is not known; add it as `connect`",
                Escaped(id)
            );
            machine.remarks.push(source.remark(None, text));
        }
        devices(machine, id, variable, &owners, &script, source);
    }
    for (id, uri) in uris {
        if script.get(&format!("DOMAIN_RNG_{id}")).is_none() {
            let text = format!(
                "no devices are listed for {}, so nothing is carried over",
                Escaped(id)
            );
            document.remarks.push(source.remark(uri.line, text));
        }
    }
    document.machines = machines.into_values().collect();
    Ok(document.write())
}

/// Whether a script says anything of devices, if only in a way that is not understood.
fn is_bbvirt(script: &bash::Script) -> bool {
    let of_devices = |name: &String| name.starts_with("DOMAIN_RNG_");
    let noted = |note: &bash::Note| note.variable.as_ref().is_some_and(of_devices);
    script.with_prefix("DOMAIN_RNG_").next().is_some() || script.notes.iter().any(noted)
}

fn elements<'s>(
    script: &'s bash::Script,
    prefix: &'s str,
) -> impl Iterator<Item = (&'s str, &'s Element)> {
    let all = script.with_prefix(prefix);
    all.filter_map(|(id, variable)| Some((id, variable.text()?)))
}

/// Whether the script sets a variable in a way that is not understood.
fn uncertain(script: &bash::Script, prefix: &str, id: &str) -> bool {
    let named = |name: &String| name.strip_prefix(prefix) == Some(id);
    script
        .notes
        .iter()
        .any(|note| note.variable.as_ref().is_some_and(named))
}

/// bbvirt goes through the variables by name, and the last one that lists a
/// serial number gets the device.
fn owners(script: &bash::Script) -> BTreeMap<&str, &str> {
    let mut owners = BTreeMap::new();
    for (id, variable) in script.with_prefix("DOMAIN_RNG_") {
        for serial in variable.elements() {
            owners.insert(serial.text.as_str(), id);
        }
    }
    owners
}

fn connect(machine: &mut Machine, id: &str, uris: &BTreeMap<&str, &Element>, source: &Input) {
    let Some(uri) = uris.get(id).filter(|uri| !uri.text.is_empty()) else {
        return;
    };
    match &machine.connect {
        Some(other) if *other != uri.text => {
            let text = format!(
                "not carried over: the connection \"{}\", since the machine already has another",
                Escaped(&uri.text)
            );
            machine.remarks.push(source.remark(uri.line, text));
        }
        _ => machine.connect = Some(uri.text.clone()),
    }
}

fn devices(
    machine: &mut Machine,
    id: &str,
    variable: &bash::Variable,
    owners: &BTreeMap<&str, &str>,
    script: &bash::Script,
    source: &Input,
) {
    let mut seen = std::collections::BTreeSet::new();
    for serial in variable.elements() {
        let shown = Escaped(&serial.text);
        let left_out = |text: String| Entry::LeftOut(source.remark(serial.line, text));
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        let is_serial = (6..=7).contains(&serial.text.len()) && serial.text.chars().all(allowed);
        let owner = owners.get(serial.text.as_str()).copied().unwrap_or(id);
        let entry = if !is_serial {
            left_out(format!(
                "left out: \"{shown}\" is no serial number of a BitBabbler (six or seven capital letters and \
                 digits), so bbvirt never attached it"
            ))
        } else if owner != id {
            left_out(format!(
                "left out: {shown} is listed for {}, too, to which bbvirt gave it; a device belongs to one machine",
                Escaped(owner)
            ))
        } else if seen.insert(&serial.text) {
            let wanted = Wanted {
                serial: Text::exact(serial.text.as_str()),
                ..Wanted::product(VENDOR, PRODUCT)
            };
            uncertain_rule(wanted, id, serial, script, source)
        } else {
            continue;
        };
        machine.entries.push(entry);
    }
}

/// A rule; switched off where a list that is not known for certain may give the
/// device to another machine. Lists before this one never do, since the last counts.
fn uncertain_rule(
    wanted: Wanted,
    id: &str,
    serial: &Element,
    script: &bash::Script,
    source: &Input,
) -> Entry {
    let mut rivals = script.possible("DOMAIN_RNG_");
    let rival = rivals.find(|(other, values)| *other > id && values.contains(&serial.text));
    let Some((other, _)) = rival else {
        return Entry::Rule(Box::new(wanted), Vec::new());
    };
    let text = format!(
        "{} may be listed for {}, too, which depends on what is executed; bbvirt gave it to {} then, so the rule is \
         switched off; delete `enabled = false` if the device belongs here",
        Escaped(&serial.text),
        Escaped(other),
        Escaped(other),
    );
    let wanted = Wanted {
        disabled: true,
        ..wanted
    };
    Entry::Rule(Box::new(wanted), vec![source.remark(serial.line, text)])
}
