//! Devices in the definitions of machines, which libvirt gives away by itself.

use std::collections::{BTreeMap, BTreeSet};

use virtplug_core::{Device, Escaped, HostAddress, Hostdev, ProductId, VendorId};

use super::{assigned, named, shell_word};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Severity, Topic};

/// How a definition names a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Ids(VendorId, ProductId),
    Address(u16, u8),
}

pub(super) fn probe(facts: &Facts) -> Vec<Finding> {
    let devices = facts.devices.as_deref().unwrap_or_default();
    let assigned = assigned(facts);
    let mut findings = Vec::new();
    let mut users: BTreeMap<(&str, Key), BTreeSet<&str>> = BTreeMap::new();
    for connection in &facts.connections {
        let machines = connection
            .state
            .iter()
            .flat_map(|libvirt| &libvirt.machines);
        for machine in machines.flatten() {
            let entries = machine.definition.iter().flat_map(|one| &one.hostdevs);
            for entry in entries {
                if let Some(key) = key_of(entry) {
                    let users = users.entry((connection.uri.as_str(), key)).or_default();
                    users.insert(&machine.label);
                }
                let found = judge(&machine.name, entry, devices, &assigned);
                findings.extend(found.map(|one| one.of_machine(&machine.label)));
            }
        }
    }
    findings.extend(
        users
            .into_iter()
            .filter_map(|((_, key), users)| shared(key, &users)),
    );
    findings
}

fn key_of(entry: &Hostdev) -> Option<Key> {
    let by_address = |address: HostAddress| Key::Address(address.bus.0, address.device.0);
    let by_ids = entry.ids.map(|(vendor, product)| Key::Ids(vendor, product));
    entry.address.map(by_address).or(by_ids)
}

fn judge(
    machine: &str,
    entry: &Hostdev,
    devices: &[Device],
    assigned: &[(&Device, virtplug_core::MachineKey)],
) -> Option<Finding> {
    let name = Escaped(machine).to_string();
    let word = shell_word(machine);
    let help = format!("virsh edit {word}: remove its <hostdev>, then virtplug learn {word}");
    let finding = |severity, text: String| {
        Finding::new(severity, Topic::Hostdevs, text).with_help(help.clone())
    };
    if let Some(address) = entry.address {
        let ids = match entry.ids {
            Some((vendor, product)) => format!(" and as {vendor}:{product}"),
            None => String::new(),
        };
        let danger = match entry.ids {
            Some(_) => "after which the machine may not start",
            None => "after which the machine may get another device",
        };
        let text = format!(
            "the definition of {name} names a device by bus and number, {address}{ids}; the number is another one after each plug, {danger}"
        );
        return Some(finding(Severity::Warning, text));
    }
    let (vendor, product) = entry.ids?;
    let fits = |device: &Device| (device.vendor, device.product) == (vendor, product);
    let taken = assigned.iter().find(|(device, _)| fits(device));
    if let Some((device, owner)) = taken {
        let text = format!(
            "the definition of {name} names {vendor}:{product}, and a rule gives {} to {owner}; whoever comes first has it",
            named(device)
        );
        return Some(finding(Severity::Warning, text));
    }
    if devices.iter().filter(|device| fits(device)).count() > 1 {
        let text = format!(
            "the definition of {name} names {vendor}:{product}, and several such devices are present, so that libvirt does not start it"
        );
        return Some(finding(Severity::Warning, text));
    }
    let text = format!(
        "the definition of {name} names {vendor}:{product}; libvirt attaches it at the start only, not after a replug"
    );
    Some(finding(Severity::Note, text))
}

/// That several machines have the same device.
fn shared(key: Key, users: &BTreeSet<&str>) -> Option<Finding> {
    if users.len() < 2 {
        return None;
    }
    let what = match key {
        Key::Ids(vendor, product) => format!("{vendor}:{product}"),
        Key::Address(bus, device) => format!("{bus}:{device} (bus and number)"),
    };
    let names: Vec<String> = users.iter().map(|name| Escaped(name).to_string()).collect();
    let text = format!(
        "{} have the same device in their definitions, {what}; only one of them can run with it",
        names.join(", ")
    );
    let mut finding = Finding::new(Severity::Warning, Topic::Hostdevs, text)
        .with_help("virsh edit: leave the entry in one of them, or in none and write rules");
    finding.machines = users.iter().map(|name| (*name).to_owned()).collect();
    Some(finding)
}
