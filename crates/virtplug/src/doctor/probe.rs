//! The probes: from facts to findings.

mod access;
mod controllers;
mod grabbers;
mod hostdevs;
mod leftovers;
mod libvirt;
mod nodes;
mod world;

use virtplug_core::{Device, Escaped, MachineKey, Policy};

use super::facts::Facts;
use super::finding::Finding;

/// All findings, by topic.
pub(super) fn all(facts: &Facts) -> Vec<Finding> {
    let mut findings = access::probe(facts);
    findings.extend(world::configuration(facts));
    findings.extend(libvirt::probe(facts));
    findings.extend(world::udev(facts));
    findings.extend(nodes::probe(facts));
    findings.extend(controllers::probe(facts));
    findings.extend(hostdevs::probe(facts));
    findings.extend(leftovers::probe(facts));
    findings.extend(grabbers::probe(facts));
    findings.extend(grabbers::authorization(facts));
    findings
}

/// Present devices with the machine that the rules give them to.
fn assigned(facts: &Facts) -> Vec<(&Device, MachineKey)> {
    let (Some(policy), Ok(devices)) = (facts.configuration.policy(), &facts.devices) else {
        return Vec::new();
    };
    let around = devices
        .iter()
        .map(|device| (device.port.clone(), device.clone()))
        .collect();
    devices
        .iter()
        .filter(|device| !device.is_hub())
        .filter_map(|device| Some((device, machine_of(policy, device, &around)?)))
        .collect()
}

fn machine_of(
    policy: &Policy,
    device: &Device,
    around: &std::collections::BTreeMap<virtplug_core::PortPath, Device>,
) -> Option<MachineKey> {
    let claims = policy.claims(device, around);
    let strongest = claims.first().filter(|claim| claim.certain)?;
    strongest.rule.machine().cloned()
}

/// A name as one word for a shell, as far as a terminal can show it.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let quoted = text.replace('\'', "'\\''");
    let shown = |c: char| match c {
        '\\' => c.to_string(),
        c => Escaped(c.encode_utf8(&mut [0; 4])).to_string(),
    };
    format!("'{}'", quoted.chars().map(shown).collect::<String>())
}

/// A device as findings name it.
fn named(device: &Device) -> String {
    let name = match crate::naming::name(device) {
        name if name == "-" => String::new(),
        name => format!(" {name}"),
    };
    format!(
        "{} ({}:{}{name})",
        device.port, device.vendor, device.product
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_for_the_shell() {
        for (name, word) in [
            ("win10", "win10"),
            ("win 10", "'win 10'"),
            ("a'b$(id)", "'a'\\''b$(id)'"),
            ("", "''"),
            ("\u{1b}", "'\\x1b'"),
        ] {
            assert_eq!(shell_word(name), word);
        }
    }
}
