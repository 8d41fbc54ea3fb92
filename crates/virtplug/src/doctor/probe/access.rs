//! The daemon's socket, and who may use it.

use virtplug_core::Escaped;

use crate::client;
use crate::doctor::facts::{Control, Facts};
use crate::doctor::finding::{Finding, Severity, Topic};

/// Members of these groups may use the socket.
const GROUPS: [&str; 2] = ["virtplug", "libvirt"];

pub(super) fn probe(facts: &Facts) -> Vec<Finding> {
    let finding = |severity, text: &str| Finding::new(severity, Topic::Control, text);
    let socket = client::socket();
    let socket = socket.to_string_lossy();
    let socket = Escaped(&socket);
    let mut findings = vec![match &facts.control {
        Control::Answers => finding(Severity::Ok, &format!("the daemon listens at {socket}")),
        Control::OtherVersion(note) => {
            finding(Severity::Warning, note).with_help("systemctl restart virtplug")
        }
        Control::Missing => finding(
            Severity::Warning,
            &format!("the daemon does not run: there is no socket at {socket}"),
        )
        .with_help("systemctl enable --now virtplug"),
        Control::Refused => finding(
            Severity::Error,
            &format!("the daemon does not run: nobody listens at {socket}"),
        )
        .with_help("systemctl restart virtplug, then journalctl -u virtplug -n 50"),
        Control::Forbidden(reason) => finding(
            Severity::Warning,
            &format!("this user may not use the daemon's socket {socket}: {reason}"),
        ),
        Control::Failed(error) => finding(
            Severity::Error,
            &format!("the daemon's socket {socket} cannot be used: {error}"),
        )
        .with_help("systemctl status virtplug"),
    }];
    findings.extend(groups(facts));
    findings
}

fn groups(facts: &Facts) -> Option<Finding> {
    let user = &facts.user;
    let finding = |severity, text: String| Finding::new(severity, Topic::Control, text);
    if user.root {
        return None;
    }
    let in_one = |groups: &std::collections::BTreeSet<String>| {
        GROUPS.into_iter().find(|group| groups.contains(*group))
    };
    let name = user.name.as_deref().unwrap_or("this user");
    let forbidden = matches!(facts.control, Control::Forbidden(_));
    if let Some(group) = in_one(&user.groups).filter(|_| !forbidden) {
        let text = format!("{name} is in the group {group} and may use the daemon");
        return Some(finding(Severity::Ok, text));
    }
    let listed = in_one(&user.listed).filter(|group| !user.groups.contains(*group));
    if let Some(group) = listed {
        let text =
            format!("{name} was added to the group {group}, which this session does not have yet");
        return Some(finding(Severity::Warning, text).with_help("log out and in again"));
    }
    // Other groups may be configured; the daemon itself knows best.
    if !matches!(
        facts.control,
        Control::Missing | Control::Refused | Control::Failed(_)
    ) {
        return None;
    }
    let text = format!(
        "{name} is in neither of the groups virtplug and libvirt, so the daemon answers only to root"
    );
    let group = in_one(&user.existing).unwrap_or("libvirt");
    let help = match &user.name {
        Some(name) => format!("usermod -aG {group} {name} (as root), then log in again"),
        None => format!("add the user to the group {group}"),
    };
    Some(finding(Severity::Note, text).with_help(help))
}
