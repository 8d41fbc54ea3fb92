//! The configuration, and what udev gives.

use virtplug_core::Escaped;

use super::shell_word;
use crate::doctor::facts::{Configuration, Facts, Left};
use crate::doctor::finding::{Finding, Severity, Topic};
use crate::naming::counted;

pub(super) fn configuration(facts: &Facts) -> Vec<Finding> {
    let finding = |severity, text: String| Finding::new(severity, Topic::Configuration, text);
    let one = match &facts.configuration {
        Configuration::Correct { policy, warnings } => {
            let rules = counted(policy.rules().len(), "rule");
            let machines = counted(policy.machines().len(), "machine");
            let text = format!("it is correct: {rules}, {machines}");
            if *warnings == 0 {
                finding(Severity::Ok, text)
            } else {
                let warnings = counted(*warnings, "warning");
                finding(Severity::Warning, format!("{text}, {warnings}"))
                    .with_help("virtplug check")
            }
        }
        Configuration::Missing => finding(
            Severity::Note,
            "there is none yet, so every device stays on the host".to_owned(),
        )
        .with_help("virtplug learn MACHINE"),
        Configuration::Wrong { first, errors } => {
            let more = match errors.saturating_sub(1) {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            finding(Severity::Error, format!("it is wrong: {first}{more}"))
                .with_help("virtplug check")
        }
    };
    vec![one]
}

pub(super) fn udev(facts: &Facts) -> Vec<Finding> {
    let finding = |severity, text: String| Finding::new(severity, Topic::Udev, text);
    let mut findings = Vec::new();
    match &facts.devices {
        Ok(devices) => {
            let count = devices.iter().filter(|device| !device.is_hub()).count();
            let text = format!("{} can be read", counted(count, "USB device"));
            findings.push(finding(Severity::Ok, text));
        }
        Err(error) => findings.push(
            finding(
                Severity::Error,
                format!("the USB devices cannot be read: {error}"),
            )
            .with_help("modprobe usbcore, and see that /sys is mounted"),
        ),
    }
    for text in &facts.unreadable {
        findings.push(
            finding(Severity::Warning, text.clone()).with_help("unplug it and plug it in again"),
        );
    }
    if !facts.udev.runs {
        let text = "udev does not run, so devices that are plugged in are not noticed".to_owned();
        findings.push(finding(Severity::Error, text).with_help("systemctl start systemd-udevd"));
    }
    if facts.daemon.deaf {
        let text = "the daemon runs in another network namespace than udev, so it does not notice \
                    devices that are plugged in"
            .to_owned();
        findings.push(finding(Severity::Error, text).with_help(
            "take PrivateNetwork= and the like out of its unit (`systemctl edit virtplug`)",
        ));
    }
    for left in &facts.daemon.driverless {
        let Left {
            port,
            vendor,
            product,
            name,
        } = left;
        let text = format!(
            "{} ({}:{} {}) has no driver of the host: it was in a machine whose QEMU was killed",
            Escaped(port),
            Escaped(vendor),
            Escaped(product),
            Escaped(name)
        );
        let help = format!("sudo virtplug rebind {}", shell_word(port));
        findings.push(finding(Severity::Warning, text).with_help(help));
    }
    match &facts.udev.database {
        Ok(()) => {}
        Err(error) => findings.push(
            finding(
                Severity::Error,
                format!("udev's database in /run/udev/data cannot be read: {error}"),
            )
            .with_help("ls -ld /run/udev /run/udev/data; everyone must be able to read them"),
        ),
    }
    findings
}
