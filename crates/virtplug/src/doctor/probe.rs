//! The probes: from facts to findings.

mod access;
mod controllers;
mod grabbers;
mod hostdevs;
mod leftovers;
mod libvirt;
mod world;

use virtplug_core::{Device, MachineKey, Policy};

use super::facts::Facts;
use super::finding::Finding;

/// All findings, by topic.
pub(super) fn all(facts: &Facts) -> Vec<Finding> {
    let mut findings = access::probe(facts);
    findings.extend(world::configuration(facts));
    findings.extend(libvirt::probe(facts));
    findings.extend(world::udev(facts));
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
