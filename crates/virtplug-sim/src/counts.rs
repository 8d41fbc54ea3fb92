//! The counts of a run as tables in Markdown.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use virtplug_sim::Fault;

use crate::command::Command;
use crate::workers::Outcome;

/// All counts.
pub(crate) fn markdown(command: &Command, outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    // Writing to a string does not fail.
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} schedules of {} operations from seed {}, {} failed, {} s\n",
        outcome.schedules,
        command.steps,
        command.seed,
        outcome.failures.len(),
        outcome.took.as_secs()
    );
    let totals = [
        ("steps, each with every invariant", tally.steps),
        ("events for the engine", tally.events),
        ("attaches", tally.attaches),
        ("detaches", tally.detaches),
        ("starts of machines", tally.starts),
        ("orders that took effect", tally.orders),
    ];
    table(&mut text, "total", totals);
    let count = |fault| tally.faults.get(&fault).copied().unwrap_or(0);
    table(
        &mut text,
        "fault",
        Fault::ALL.map(|fault| (fault, count(fault))),
    );
    table(&mut text, "refused with code", sorted(&tally.refusals));
    table(&mut text, "daemon died after", sorted(&tally.deaths));
    table(&mut text, "operation", sorted(&tally.operations));
    text
}

fn sorted<K: Copy>(counts: &BTreeMap<K, u64>) -> impl Iterator<Item = (K, u64)> {
    counts.iter().map(|(key, count)| (*key, *count))
}

fn table<K: Display>(text: &mut String, what: &str, lines: impl IntoIterator<Item = (K, u64)>) {
    let _ = writeln!(text, "| {what} | count |\n|---|---:|");
    for (key, count) in lines {
        let _ = writeln!(text, "| {key} | {count} |");
    }
    text.push('\n');
}
