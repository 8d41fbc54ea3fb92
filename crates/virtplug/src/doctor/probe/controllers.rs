//! Whether a machine's USB controllers are fast enough and have enough ports.

use virtplug_core::{Device, Escaped, Fact, MachineKey, Policy, Speed};
use virtplug_libvirt::Definition;

use super::{assigned, named, shell_word};
use crate::doctor::facts::{Facts, Machine};
use crate::doctor::finding::{Finding, Severity, Topic};
use crate::naming::counted;

/// How to get a better controller.
const MEND: &str = "virsh edit MACHINE: one <controller type='usb' model='qemu-xhci' ports='15'/> in place of the others; it counts from the next start";

/// The fastest that controllers can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Usb1,
    Usb2,
    Usb3,
}

pub(super) fn probe(facts: &Facts) -> Vec<Finding> {
    let Some(policy) = facts.configuration.policy() else {
        return Vec::new();
    };
    let assigned = assigned(facts);
    let mut findings = Vec::new();
    for connection in &facts.connections {
        let machines = connection
            .state
            .iter()
            .flat_map(|libvirt| &libvirt.machines);
        for machine in machines.flatten() {
            let is_it =
                |key: &&MachineKey| key.uri == connection.uri && key.name() == machine.label;
            let (Some(key), Ok(definition)) =
                (policy.machines().iter().find(is_it), &machine.definition)
            else {
                continue;
            };
            let devices: Vec<&Device> = assigned
                .iter()
                .filter(|(_, owner)| owner == key)
                .map(|(device, _)| *device)
                .collect();
            let found = judge(machine, key, definition, &devices, policy);
            findings.extend(found.into_iter().map(|one| one.of_machine(&machine.label)));
        }
    }
    findings
}

fn judge(
    machine: &Machine,
    key: &MachineKey,
    definition: &Definition,
    devices: &[&Device],
    policy: &Policy,
) -> Vec<Finding> {
    let name = Escaped(&machine.name).to_string();
    let mend = || MEND.replace("MACHINE", &shell_word(&machine.name));
    let finding =
        |severity, text: String| Finding::new(severity, Topic::Controllers, text).with_help(mend());
    if definition.controllers.is_empty() {
        let text = format!("{name} has no USB controller, so it can have no USB device");
        return vec![finding(Severity::Error, text)];
    }
    let mut findings = Vec::new();
    let models: Option<Vec<Reach>> = definition
        .controllers
        .iter()
        .map(|one| reach(one.model.as_deref()))
        .collect();
    match models.and_then(|models| models.into_iter().max()) {
        Some(Reach::Usb1) => {
            let text = format!(
                "{name} has only USB 1.1, so each device runs at 12 Mbit/s at most{}",
                slow(devices, Speed::High)
            );
            findings.push(finding(Severity::Warning, text));
        }
        Some(Reach::Usb2) => {
            let slow = slow(devices, Speed::Super);
            let severity = if slow.is_empty() {
                Severity::Note
            } else {
                Severity::Warning
            };
            let text =
                format!("{name} has only USB 2.0, so each device runs at 480 Mbit/s at most{slow}");
            findings.push(finding(severity, text));
        }
        Some(Reach::Usb3) | None => {}
    }
    if let Some(free) = definition.ports.free {
        let wanted = wanted_ports(policy, key);
        if wanted > free {
            let text = format!(
                "{name} has {} free, and its rules may give it {}",
                counted(usize::try_from(free).unwrap_or(usize::MAX), "USB port"),
                counted(usize::try_from(wanted).unwrap_or(usize::MAX), "device")
            );
            findings.push(finding(Severity::Warning, text));
        }
    }
    if findings.is_empty() {
        let text = format!("{name} has what its devices need");
        findings.push(Finding::new(Severity::Ok, Topic::Controllers, text));
    }
    findings
}

/// How fast a model is, where that is known. Without a model the machine type
/// decides, and libvirt fills in the model when a machine is defined.
fn reach(model: Option<&str>) -> Option<Reach> {
    match model? {
        "piix3-uhci" | "piix4-uhci" | "vt82c686b-uhci" | "pci-ohci" | "ich9-uhci1"
        | "ich9-uhci2" | "ich9-uhci3" => Some(Reach::Usb1),
        "ehci" | "ich9-ehci1" => Some(Reach::Usb2),
        "nec-xhci" | "qemu-xhci" | "qusb1" | "qusb2" => Some(Reach::Usb3),
        _ => None,
    }
}

/// The devices that would be slower than they are, or not work.
fn slow(devices: &[&Device], from: Speed) -> String {
    let fast = |device: &&&Device| matches!(&device.speed, Fact::Known(speed) if *speed >= from);
    let names: Vec<String> = devices
        .iter()
        .filter(fast)
        .map(|device| named(device))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!("; faster ones may not work: {}", names.join(", "))
}

/// How many devices the rules may give: each as many as it counts, or one.
fn wanted_ports(policy: &Policy, machine: &MachineKey) -> u32 {
    policy
        .rules()
        .iter()
        .filter(|rule| rule.options.enabled && rule.machine() == Some(machine))
        .map(|rule| rule.options.count.map_or(1, std::num::NonZeroU32::get))
        .fold(0, u32::saturating_add)
}
