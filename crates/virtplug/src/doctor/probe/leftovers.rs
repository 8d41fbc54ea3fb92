//! What other tools for the same purpose left on the host.

use virtplug_core::Escaped;

use crate::doctor::facts::{Facts, FileKind, Found};
use crate::doctor::finding::{Finding, Severity, Topic};

/// What names such a tool in a program that udev runs.
const TOOLS: [&str; 4] = ["virsh", "bbvirt", "libvirt", "usb-libvirt-hotplug"];

/// What in a hook deals with USB devices.
const IN_HOOKS: [&str; 4] = ["virsh", "bbvirt", "udevadm trigger", "hotplug"];

/// The daemons of other tools, as the kernel cuts off their names.
const DAEMONS: [(&str, &str); 1] = [("whawty-libvirt-", "whawty's libvirt-usb-hotplugd")];

fn finding(severity: Severity, text: String) -> Finding {
    Finding::new(severity, Topic::OtherTools, text)
}

pub(super) fn probe(facts: &Facts) -> Vec<Finding> {
    let files = facts.files.iter().flat_map(of_file);
    let running = DAEMONS
        .iter()
        .filter(|(comm, _)| facts.programs.contains(*comm));
    let running = running.map(|(_, name)| {
        let text = format!(
            "{name} runs; it detaches every USB device that is not in its own configuration"
        );
        finding(Severity::Error, text).with_help(
            "stop and disable its unit; virtplug import whawty takes its configuration over",
        )
    });
    files.chain(running).collect()
}

fn of_file(file: &Found) -> Vec<Finding> {
    let path = file.path.to_string_lossy();
    let path = Escaped(&path);
    let text = match &file.text {
        Ok(text) => text,
        Err(error) => {
            let text = format!("{path} was not looked at: {error}");
            return vec![finding(Severity::Note, text).with_help("run virtplug doctor as root")];
        }
    };
    match file.kind {
        FileKind::UdevRules => udev_rules(&path.to_string(), text),
        FileKind::Hook => vec![hook(&path.to_string(), text)],
        FileKind::BitBabbler => vec![
            finding(
                Severity::Warning,
                format!("{path} is the configuration of bbvirt"),
            )
            .with_help(format!(
                "virtplug import bbvirt {path}, then move the file away"
            )),
        ],
        FileKind::Whawty => vec![
            finding(
                Severity::Warning,
                format!("{path} belongs to whawty's libvirt-usb-hotplugd"),
            )
            .with_help("virtplug import whawty FILE, then disable its unit"),
        ],
        FileKind::Handler => vec![
            finding(
                Severity::Warning,
                format!("{path} is the script of usb-libvirt-hotplug"),
            )
            .with_help("virtplug import usb-libvirt-hotplug, then remove its rules and the script"),
        ],
        FileKind::Folder => Vec::new(),
    }
}

fn udev_rules(path: &str, text: &str) -> Vec<Finding> {
    logical_lines(text)
        .into_iter()
        .filter_map(|(number, line)| {
            let tool = tool_run_by(&line)?;
            let text = format!(
                "{path}:{number} has udev run {tool}, which acts on the same devices and can hold up the boot"
            );
            let help = "virtplug import takes it over; then remove the line and run udevadm control --reload";
            Some(finding(Severity::Warning, text).with_help(help))
        })
        .collect()
}

/// Lines without comments, those that end in a backslash joined, with the
/// number of the first.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if !open && (line.is_empty() || line.starts_with('#')) {
            continue;
        }
        let (part, goes_on) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        match lines.last_mut().filter(|_| open) {
            Some((_, whole)) => whole.push_str(part),
            None => lines.push((number + 1, part.to_owned())),
        }
        open = goes_on;
    }
    lines
}

/// The tool that a rule of udev runs: `RUN+="…"`, `RUN{program}="…"` or `PROGRAM`.
fn tool_run_by(line: &str) -> Option<&'static str> {
    let keys = line
        .split("RUN")
        .skip(1)
        .chain(line.split("PROGRAM").skip(1));
    let values = keys.filter_map(|rest| {
        let value = rest.split_once('"')?;
        // Between the key and its value there is only an operator.
        let operator = value.0.trim();
        let is_key = operator.ends_with('=') && operator.len() <= "{program}+=".len();
        is_key.then(|| value.1.split('"').next()).flatten()
    });
    values
        .flat_map(|value| TOOLS.into_iter().filter(move |tool| value.contains(tool)))
        .next()
}

fn hook(path: &str, text: &str) -> Finding {
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    let code = code.join("\n");
    let Some(word) = IN_HOOKS.into_iter().find(|word| code.contains(word)) else {
        let text =
            format!("{path} is a hook of libvirt; it runs at each start and stop of a machine");
        return finding(Severity::Note, text);
    };
    if word == "virsh" {
        let text = format!(
            "{path} is a hook that calls virsh, which can make libvirt wait for itself for ever"
        );
        return finding(Severity::Warning, text)
            .with_help("if it attaches USB devices, remove that part: virtplug needs no hook");
    }
    let text = format!("{path} is a hook that deals with devices (`{word}`)");
    finding(Severity::Warning, text)
        .with_help("if it attaches USB devices, remove that part: virtplug needs no hook")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_that_udev_runs_count() {
        for (line, tool) in [
            (
                r#"ACTION=="add", RUN+="/usr/bin/virsh attach-device""#,
                Some("virsh"),
            ),
            (
                r#"RUN{program}="/opt/usb-libvirt-hotplug.sh $x""#,
                Some("libvirt"),
            ),
            (r#"RUN += "/usr/bin/bbvirt attach""#, Some("bbvirt")),
            (r#"PROGRAM=="/bin/virsh list""#, Some("virsh")),
            (r#"GROUP="libvirt", RUN+="/bin/true""#, None),
            (r#"ENV{X}="RUN", GROUP="libvirt-qemu""#, None),
            ("RUN", None),
            ("RUN+=", None),
        ] {
            assert_eq!(tool_run_by(line), tool, "{line}");
        }
    }

    #[test]
    fn lines_go_on_behind_a_backslash() {
        let lines = logical_lines("# a \\\n\nX, \\\n  Y\nZ\\");
        assert_eq!(lines, [(3, "X, Y".to_owned()), (5, "Z".to_owned())]);
    }
}
