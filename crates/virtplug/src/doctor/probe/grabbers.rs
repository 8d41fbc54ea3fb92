//! Programs of the host that take devices which machines are to have.

use virtplug_core::{ClassCode, Device, Fact, MachineKey};

use super::{assigned, named};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Severity, Topic};

/// A program and the devices that it takes.
struct Grabber {
    /// As the kernel cuts off its name.
    comm: &'static str,
    name: &'static str,
    what: &'static str,
    takes: fn(&Device) -> bool,
}

const GRABBERS: [Grabber; 6] = [
    Grabber {
        comm: "usbmuxd",
        name: "usbmuxd",
        what: "devices of Apple",
        takes: |device| device.vendor.0 == 0x05ac,
    },
    Grabber {
        comm: "ModemManager",
        name: "ModemManager",
        what: "modems and serial converters, which it probes",
        takes: is_serial,
    },
    Grabber {
        comm: "udisksd",
        name: "udisks",
        what: "disks, which a desktop mounts",
        takes: |device| has(device, |code| code.class == 0x08),
    },
    Grabber {
        comm: "gpsd",
        name: "gpsd",
        what: "serial converters, behind which it looks for receivers",
        takes: is_serial,
    },
    Grabber {
        comm: "brltty",
        name: "brltty",
        what: "serial converters that braille displays have, too",
        takes: |device| matches!(device.vendor.0, 0x0403 | 0x10c4 | 0x1a86),
    },
    Grabber {
        comm: "pcscd",
        name: "pcscd",
        what: "readers of smart cards",
        takes: |device| has(device, |code| code.class == 0x0b),
    },
];

/// The daemon of usbguard, as the kernel cuts off its name.
const USBGUARD: &str = "usbguard-daemon";

fn has(device: &Device, is: impl Fn(&ClassCode) -> bool) -> bool {
    matches!(&device.interfaces, Fact::Known(codes) if codes.iter().any(is))
}

/// Communication devices, and the converters of known makers, whose class is
/// their own.
fn is_serial(device: &Device) -> bool {
    let converter = matches!(
        device.vendor.0,
        0x0403 | 0x067b | 0x10c4 | 0x1546 | 0x1a86 | 0x12d1 | 0x1199 | 0x2c7c
    );
    converter || has(device, |code| code.class == 0x02)
}

pub(super) fn probe(facts: &Facts) -> Vec<Finding> {
    let assigned = assigned(facts);
    let running = GRABBERS
        .iter()
        .filter(|grabber| facts.programs.contains(grabber.comm));
    running
        .filter_map(|grabber| {
            let taken: Vec<&(&Device, MachineKey)> = assigned
                .iter()
                .filter(|(device, _)| (grabber.takes)(device))
                .collect();
            let (first, _) = taken.first()?;
            let names: Vec<String> = taken
                .iter()
                .map(|(device, machine)| format!("{} of {machine}", named(device)))
                .collect();
            let Grabber { name, what, .. } = grabber;
            let text = format!("{name} runs; it takes {what}: {}", names.join(", "));
            let help = format!(
                "virtplug snippet host-ignore {} writes the udev rule against it",
                first.port
            );
            let mut finding = Finding::new(Severity::Note, Topic::Programs, text).with_help(help);
            finding.machines = taken
                .iter()
                .map(|(_, machine)| machine.name().to_owned())
                .collect();
            finding.machines.sort();
            finding.machines.dedup();
            Some(finding)
        })
        .collect()
}

/// Devices that the kernel keeps from everybody.
pub(super) fn authorization(facts: &Facts) -> Vec<Finding> {
    let guarded = facts.programs.contains(USBGUARD);
    let mut findings = Vec::new();
    if guarded {
        let text = "usbguard runs; a device that it blocks is not given to a machine";
        findings.push(
            Finding::new(Severity::Note, Topic::Authorization, text)
                .with_help("usbguard list-devices --blocked"),
        );
    }
    for (device, machine) in assigned(facts) {
        if device.authorized != Fact::Known(false) {
            continue;
        }
        let text = format!(
            "{} belongs to {machine} and is not authorized on the host (authorized = 0)",
            named(device)
        );
        let help = if guarded {
            "usbguard list-devices --blocked shows its number; usbguard allow-device NUMBER -p"
                .to_owned()
        } else {
            format!("echo 1 > /sys/bus/usb/devices/{}/authorized", device.port)
        };
        findings.push(
            Finding::new(Severity::Error, Topic::Authorization, text)
                .with_help(help)
                .of_machine(machine.name()),
        );
    }
    findings
}
