//! The counts of a run as tables in Markdown.

use std::fmt::{Display, Write as _};

use virtplug_sim::{Count, Counts, Fault};

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
    text.push_str("| total | count |\n|---|---:|\n");
    for (what, count) in totals {
        let _ = writeln!(text, "| {what} | {count} |");
    }
    text.push('\n');
    let faults = Fault::ALL.map(|fault| {
        let count = tally.faults.get(&fault).copied().unwrap_or_default();
        (format!("{fault}: {}", fault.what()), count)
    });
    table(&mut text, "fault", faults);
    table(&mut text, "call refused with code", sorted(&tally.refusals));
    table(&mut text, "connection lost during", sorted(&tally.losses));
    table(&mut text, "daemon died after", sorted(&tally.deaths));
    table(&mut text, "operation", sorted(&tally.operations));
    table(&mut text, "what came of it", sorted(&tally.sights));
    text
}

fn sorted<K: Copy>(counts: &Counts<K>) -> impl Iterator<Item = (K, Count)> {
    counts.iter().map(|(key, count)| (*key, *count))
}

fn table<K: Display>(text: &mut String, what: &str, lines: impl IntoIterator<Item = (K, Count)>) {
    let _ = writeln!(text, "| {what} | hits | schedules |\n|---|---:|---:|");
    for (key, count) in lines {
        let _ = writeln!(text, "| {key} | {} | {} |", count.hits, count.schedules);
    }
    text.push('\n');
}
