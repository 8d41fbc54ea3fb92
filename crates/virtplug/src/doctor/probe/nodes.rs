//! Nodes of devices that machines of the user open.

use virtplug_core::Escaped;

use super::assigned;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Severity, Topic};
use crate::node;

/// Each device that belongs to a machine of the user, who may not open it.
pub(super) fn probe(facts: &Facts) -> Vec<Finding> {
    let own = assigned(facts)
        .into_iter()
        .filter(|(_, machine)| node::is_opened_by_user(&machine.uri));
    own.filter_map(|(device, machine)| {
        let refusal = facts.closed.get(&device.port)?;
        let text = format!(
            "{} cannot come to machine {}: {refusal}",
            device.port,
            Escaped(machine.name())
        );
        let help = format!(
            "virtplug snippet udev-rule {} --group \"$(id -gn)\" | sudo tee /etc/udev/rules.d/90-usb-qemu.rules",
            device.port
        );
        let finding = Finding::new(Severity::Error, Topic::Udev, text);
        Some(finding.with_help(help).of_machine(machine.name()))
    })
    .collect()
}
