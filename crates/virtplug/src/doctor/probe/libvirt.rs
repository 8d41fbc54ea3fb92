//! The connections to libvirt, and whether their versions can do what is needed.

use virtplug_core::{ConnectionUri, MachineKey, Policy};
use virtplug_libvirt::{Version, Versions};

use super::shell_word;
use crate::doctor::facts::{Facts, Libvirt, Unreachable};
use crate::doctor::finding::{Finding, Severity, Topic};

/// The first libvirt that detaches by alias (`virDomainDetachDeviceAlias`).
const DETACH_BY_ALIAS: Version = Version::new(4, 4, 0);
/// The first one with `guestReset`.
const GUEST_RESET: Version = Version::new(8, 6, 0);

fn finding(severity: Severity, text: String) -> Finding {
    Finding::new(severity, Topic::Libvirt, text)
}

pub(super) fn probe(facts: &Facts) -> Vec<Finding> {
    let policy = facts.configuration.policy();
    let mut findings = Vec::new();
    for connection in &facts.connections {
        let uri = &connection.uri;
        match &connection.state {
            Err(unreachable) => findings.push(unreached(uri, unreachable)),
            Ok(libvirt) => {
                findings.extend(versions(uri, libvirt, policy));
                findings.extend(machines(uri, libvirt, policy));
            }
        }
    }
    findings
}

fn unreached(uri: &ConnectionUri, unreachable: &Unreachable) -> Finding {
    match unreachable {
        Unreachable::NotRunning(text) => {
            finding(Severity::Error, format!("{uri} does not answer: {text}")).with_help(
                "systemctl start libvirtd.socket (or virtqemud.socket, where libvirt is modular)",
            )
        }
        Unreachable::NotPermitted(text) => {
            finding(Severity::Error, format!("{uri} refuses this user: {text}"))
                .with_help("run virtplug doctor as root or as a member of the group libvirt")
        }
        Unreachable::Other(text) => {
            finding(Severity::Error, format!("{uri} cannot be opened: {text}"))
                .with_help(format!("virsh -c {} list --all", shell_word(uri.as_str())))
        }
    }
}

fn versions(uri: &ConnectionUri, libvirt: &Libvirt, policy: Option<&Policy>) -> Vec<Finding> {
    let Versions {
        libvirt: version,
        hypervisor,
    } = match &libvirt.versions {
        Ok(versions) => *versions,
        Err(error) => {
            let text = format!("{uri} does not tell its version: {error}");
            return vec![finding(Severity::Warning, text)];
        }
    };
    if version < DETACH_BY_ALIAS {
        let text = format!(
            "{uri} is libvirt {version}, which cannot detach a device by its alias; {DETACH_BY_ALIAS} or later is needed"
        );
        return vec![finding(Severity::Error, text).with_help("upgrade libvirt")];
    }
    let hypervisor =
        hypervisor.map_or_else(String::new, |version| format!(" with hypervisor {version}"));
    let text = format!("{uri} answers: libvirt {version}{hypervisor}");
    let mut findings = vec![finding(Severity::Ok, text)];
    let resets = policy.into_iter().flat_map(Policy::rules).find(|rule| {
        rule.options.guest_reset.is_some()
            && rule.machine().is_some_and(|machine| machine.uri == *uri)
    });
    if let Some(rule) = resets.filter(|_| version < GUEST_RESET) {
        let text = format!(
            "{uri} is libvirt {version}, and `guest-reset` of the {} needs {GUEST_RESET}",
            crate::naming::rule_text(rule)
        );
        findings
            .push(finding(Severity::Error, text).with_help("upgrade libvirt, or remove the key"));
    }
    findings
}

/// Machines that the configuration names and libvirt has not, and those that
/// cannot be read.
fn machines(uri: &ConnectionUri, libvirt: &Libvirt, policy: Option<&Policy>) -> Vec<Finding> {
    let machines = match &libvirt.machines {
        Ok(machines) => machines,
        Err(error) => {
            let text = format!("the machines of {uri} cannot be listed: {error}");
            return vec![finding(Severity::Error, text)];
        }
    };
    let mut findings = Vec::new();
    for machine in machines {
        if let Err(error) = &machine.definition {
            let name = virtplug_core::Escaped(&machine.name);
            let text = format!("the definition of {name} cannot be read: {error}");
            findings.push(finding(Severity::Warning, text).of_machine(&machine.label));
        }
    }
    let wanted = policy.into_iter().flat_map(Policy::machines);
    let absent = |wanted: &&MachineKey| {
        wanted.uri == *uri
            && !machines
                .iter()
                .any(|machine| machine.label == wanted.name())
    };
    for wanted in wanted.filter(absent) {
        let text = format!("the configuration names {wanted}, which {uri} has not");
        findings.push(
            finding(Severity::Warning, text)
                .with_help(format!(
                    "virsh -c {} list --all shows the names",
                    shell_word(uri.as_str())
                ))
                .of_machine(wanted.name()),
        );
    }
    findings
}
