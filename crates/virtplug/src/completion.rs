//! Completions: what can stand on the command line, also the devices,
//! machines, rules and groups that there are at this moment.

use std::collections::BTreeMap;
use std::env;
use std::future::Future;
use std::io;
use std::time::Duration;

use clap::ValueEnum;
use clap_complete::CompletionCandidate;
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Zsh};
use tokio::time::timeout;
use virtplug_core::{Escaped, Fact};
use virtplug_ipc::Control as _;
use virtplug_udev::{Host, HostPaths};

use crate::cli::Sources;
use crate::client;
use crate::exit::Exit;
use crate::naming::name;
use crate::output::{message, print};
use crate::settings;

/// The variable by which a shell asks the program itself for completions.
pub(crate) const VARIABLE: &str = "VIRTPLUG_COMPLETE";

/// How long a key press may wait for the daemon.
const PATIENCE: Duration = Duration::from_millis(500);

/// The shells that can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Elvish,
    Fish,
    Zsh,
}

/// Prints what a shell has to read once to complete.
pub(crate) fn run(shell: Shell) -> Exit {
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Elvish => &Elvish,
        Shell::Fish => &Fish,
        Shell::Zsh => &Zsh,
    };
    let mut script = Vec::new();
    let program = env!("CARGO_PKG_NAME");
    match completer.write_registration(VARIABLE, program, program, program, &mut script) {
        Ok(()) => {
            print(String::from_utf8_lossy(&script));
            Exit::Ok
        }
        Err(error) => {
            message(format_args!("error: cannot write the completions: {error}"));
            Exit::Failed
        }
    }
}

/// Devices by port and, where that can be typed, by serial number.
pub(crate) fn devices() -> Vec<CompletionCandidate> {
    let known = ask(async {
        let mut client = client::reach().await.ok()?;
        let reply = client.devices().await.ok()?.ok()?;
        let devices = reply.devices.into_iter().map(|state| state.device);
        let named = devices.filter(|device| !device.hub).map(|device| {
            let parts = [device.manufacturer, device.product_name];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            (device.port, device.serial, parts.join(" "))
        });
        Some(named.collect::<Vec<_>>())
    });
    let known = known.or_else(|| {
        let scan = Host::open(HostPaths::default()).ok()?.scan().ok()?;
        let devices = scan.devices.iter().filter(|device| !device.is_hub());
        let named = devices.map(|device| {
            let serial = match &device.serial {
                Fact::Known(Some(serial)) => Some(serial.to_string()),
                _ => None,
            };
            (device.port.to_string(), serial, name(device))
        });
        Some(named.collect())
    });
    let mut candidates = BTreeMap::new();
    for (port, serial, name) in known.into_iter().flatten() {
        if let Some(serial) = serial.filter(|serial| is_typable(serial)) {
            candidates.insert(word(&serial), format!("{name} at {port}"));
        }
        candidates.insert(port, name);
    }
    let helpful = candidates.into_iter();
    helpful
        .map(|(text, help)| CompletionCandidate::new(text).help(Some(help.into())))
        .collect()
}

/// Machines by name.
pub(crate) fn machines() -> Vec<CompletionCandidate> {
    let known = ask(async {
        let mut client = client::reach().await.ok()?;
        let reply = client.machines().await.ok()?.ok()?;
        let machines = reply.machines.into_iter();
        Some(machines.map(|state| state.machine.machine).collect())
    });
    let known = known.or_else(|| {
        let loaded = settings::read(&Sources::default()).ok()?;
        let machines = loaded.policy.machines().iter();
        Some(machines.map(|machine| machine.name().to_owned()).collect())
    });
    plain(known)
}

/// Machines, and the host.
pub(crate) fn owners() -> Vec<CompletionCandidate> {
    let mut candidates = machines();
    candidates.push(CompletionCandidate::new("host"));
    candidates
}

/// Devices and machines.
pub(crate) fn devices_and_machines() -> Vec<CompletionCandidate> {
    let mut candidates = devices();
    candidates.extend(machines());
    candidates
}

/// Rules by name.
pub(crate) fn rules() -> Vec<CompletionCandidate> {
    plain(from_rules(|rule| rule.name.clone()))
}

/// Groups by name.
pub(crate) fn groups() -> Vec<CompletionCandidate> {
    plain(from_rules(|rule| rule.options.group.clone()))
}

fn from_rules(text: impl Fn(&virtplug_core::Rule) -> Option<String>) -> Option<Vec<String>> {
    let loaded = settings::read(&Sources::default()).ok()?;
    let rules = loaded.policy.rules().iter();
    Some(rules.filter_map(|rule| text(rule)).collect())
}

fn plain(texts: Option<Vec<String>>) -> Vec<CompletionCandidate> {
    let mut texts: Vec<String> = texts.unwrap_or_default();
    texts.retain(|text| is_typable(text));
    texts.sort_unstable();
    texts.dedup();
    let words = texts.iter().map(|text| word(text));
    words.map(CompletionCandidate::new).collect()
}

/// Whether a text is as it looks and means nothing else to a shell, so that it can be put
/// on a command line: bash puts it there as it is, and a device may have any text.
fn is_typable(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || " -_./:+@,%".contains(c);
    !text.is_empty()
        && !text.starts_with(['-', ' '])
        && text.chars().all(is_plain)
        && Escaped(text).to_string() == text
}

/// A text as one word of the shell that asks. All but bash see to that themselves.
fn word(text: &str) -> String {
    let is_bash = env::var_os(VARIABLE).is_some_and(|shell| shell == "bash");
    word_of(text, is_bash)
}

fn word_of(text: &str, is_bash: bool) -> String {
    if is_bash {
        text.replace(' ', "\\ ")
    } else {
        text.to_owned()
    }
}

/// What the daemon answers, if it does at once.
fn ask<T>(question: impl Future<Output = Option<T>>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let answer = |runtime: tokio::runtime::Runtime| {
        runtime.block_on(async { timeout(PATIENCE, question).await.ok().flatten() })
    };
    runtime.map_err(|_: io::Error| ()).ok().and_then(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_as_it_looks_is_offered() {
        let texts = ["A1", "", "-x", "a\u{1b}[31m", "two words", "A1"];
        let offered = plain(Some(texts.map(str::to_owned).to_vec()));
        let offered: Vec<_> = offered
            .iter()
            .map(|one| one.get_value().to_owned())
            .collect();
        assert_eq!(offered, ["A1", "two words"]);
    }

    #[test]
    fn a_device_cannot_put_a_command_on_the_command_line() {
        for hostile in [
            "$(id)", "`id`", "a;id", "a|b", "a>b", "*", "~root", "a\\", "'", "\"", "!!", "#",
        ] {
            assert!(!is_typable(hostile), "{hostile}");
        }
        for plain in [
            "A1",
            "0403:6001",
            "3-2.4",
            "pci-0000:00:14.0-usbv2-0:1",
            "Büro",
            "a b",
        ] {
            assert!(is_typable(plain), "{plain}");
        }
        assert_eq!(word_of("Windows 10", true), "Windows\\ 10");
        assert_eq!(word_of("Windows 10", false), "Windows 10");
    }
}
