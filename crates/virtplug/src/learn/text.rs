//! What the dialogue shows. Whatever comes from a device or a file is escaped.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use virtplug_config::edit::Change;
use virtplug_core::{Advice, Device, Escaped, Fact, Findings, Owner, PortPath, Rank};

use super::proposal::Proposal;
use crate::naming::shown;
use crate::naming::{name, rule_text};
use crate::table;

/// A device in one line.
pub(crate) fn title(device: &Device) -> String {
    format!(
        "{}  {}:{}  {}",
        device.port,
        device.vendor,
        device.product,
        name(device)
    )
}

/// A numbered list to pick from.
pub(crate) fn list(devices: &[Device]) -> String {
    let mut table = table::new(&["", "PORT", "ID", "SERIAL", "NAME"]);
    for (number, device) in devices.iter().enumerate() {
        table.add_row([
            (number + 1).to_string(),
            device.port.to_string(),
            format!("{}:{}", device.vendor, device.product),
            shown(&device.serial),
            name(device),
        ]);
    }
    table::render(&table)
}

/// What identifies a device.
pub(crate) fn identity(device: &Device) -> String {
    let stable = match device.stable_port() {
        Fact::Known(Some(port)) => Escaped(&port.to_string()).to_string(),
        Fact::Known(None) => "-".to_owned(),
        Fact::Unknown => "?".to_owned(),
    };
    let mut text = String::new();
    for (label, value) in [
        ("serial", shown(&device.serial)),
        ("product", format!("{}:{}", device.vendor, device.product)),
        ("name", name(device)),
        ("port", device.port.to_string()),
        ("stable port", stable),
    ] {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {label:<11}  {value}");
    }
    text
}

/// The rule, why it, what to know, and where it goes.
pub(crate) fn change(
    device: &Device,
    around: &BTreeMap<PortPath, Device>,
    proposal: &Proposal,
    change: &Change,
) -> String {
    let mut text = format!("why this rule: {}\n", proposal.reason);
    let advice = advice(device, around, change);
    for warning in proposal.warnings.iter().chain(&advice) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "warning: {warning}");
    }
    for (severity, rival) in rivals(device, around, change) {
        let _ = writeln!(text, "{severity}: {rival}");
    }
    let what = if change.is_new() {
        "a new file"
    } else {
        "added"
    };
    let file = change.path().to_string_lossy();
    let _ = write!(text, "\n{} ({what}):\n{}", Escaped(&file), entry(change));
    text.push_str(&copied(change));
    text
}

/// What speaks against a change, beside what the proposal says.
pub(crate) fn warnings(
    device: &Device,
    around: &BTreeMap<PortPath, Device>,
    change: &Change,
) -> Vec<String> {
    let rivals = rivals(device, around, change).into_iter();
    let rivals = rivals.map(|(_, rival)| rival);
    rivals.chain(advice(device, around, change)).collect()
}

/// That a file of another folder is copied.
pub(crate) fn copied(change: &Change) -> String {
    match change.copied_from() {
        Some(from) => format!(
            "the rest of the new file is a copy of {}, which counts no longer then\n",
            Escaped(&from.to_string_lossy())
        ),
        None => String::new(),
    }
}

/// The lines of a change, indented.
pub(crate) fn entry(change: &Change) -> String {
    let lines = change.entry().lines();
    let lines: Vec<String> = lines
        .map(|line| format!("  {}\n", line_shown(line)))
        .collect();
    lines.concat()
}

/// A line of a file, which may hold anything. A backslash stays one.
fn line_shown(line: &str) -> String {
    let shown = |c: char| match c {
        '\\' | '\t' => c.to_string(),
        c => Escaped(c.encode_utf8(&mut [0; 4])).to_string(),
    };
    line.chars().map(shown).collect()
}

/// Other rules that hold for the device, and who wins.
fn rivals(
    device: &Device,
    around: &BTreeMap<PortPath, Device>,
    change: &Change,
) -> Vec<(&'static str, String)> {
    let policy = &change.loaded().policy;
    let claims = policy.claims(device, around);
    let Some(new) = policy.rules().get(change.rule()) else {
        return Vec::new();
    };
    let rivals = claims.iter().filter(|claim| claim.number != change.rule());
    rivals
        .map(|claim| {
            let same_owner = claim.rule.owner == new.owner;
            let (severity, outcome) = outcome(claim.rank, new.rank(), same_owner);
            let sure = if claim.certain {
                "already claims"
            } else {
                "may claim"
            };
            let owner = match &claim.rule.owner {
                Owner::Host => "the host".to_owned(),
                Owner::Machine(machine) => machine.to_string(),
            };
            let text = format!(
                "the {} {sure} it for {owner}; {outcome}",
                rule_text(&claim.rule)
            );
            (severity, text)
        })
        .collect()
}

/// What comes of two rules for a device, and how much that matters.
fn outcome(other: Rank, new: Rank, same_owner: bool) -> (&'static str, &'static str) {
    match (other.cmp(&new), same_owner) {
        (_, true) => ("note", "both give it to the same machine"),
        (Ordering::Greater, false) => (
            "warning",
            "that one is stronger, so the new rule would not get the device",
        ),
        (Ordering::Equal, false) => (
            "warning",
            "both are equally strong, so neither would get the device; give one of them a higher `priority`",
        ),
        (Ordering::Less, false) => ("note", "the new rule is stronger and would get the device"),
    }
}

/// What `virtplug check` would say of the new rule, without what is said here
/// in other words.
fn advice(device: &Device, around: &BTreeMap<PortPath, Device>, change: &Change) -> Vec<String> {
    let policy = &change.loaded().policy;
    let alone = Findings::of_policy(policy).list;
    let here = Findings::of_devices(policy, [device], around).list;
    let told = |advice: &&Advice| {
        advice.rule().number == change.rule()
            && !matches!(
                advice,
                Advice::Conflict { .. } | Advice::NoSerial { .. } | Advice::SharedSerial { .. }
            )
    };
    let found = alone.iter().chain(&here).filter(told);
    found
        .map(|advice| format!("{}; {}", advice.message(), advice.help()))
        .collect()
}
