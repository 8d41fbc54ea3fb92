//! What is likely not as meant, shown at the rules that it is about.

use std::collections::BTreeMap;
use std::path::PathBuf;

use virtplug_config::{Diagnostic, Loaded, RulePlaces, Severity};
use virtplug_core::{Advice, Device, Findings, PortPath};

use super::surroundings::Surroundings;

/// Most rules that the daemon looks at when it loads them: with more the look
/// could take longer than all else at a reload.
const MAX_AT_LOAD: usize = 2_000;

/// Adds what the journal should hold each time that a configuration is loaded:
/// what the rules alone show and is most likely not meant so.
pub(crate) fn add_warnings(loaded: &mut Loaded) {
    if loaded.policy.rules().len() > MAX_AT_LOAD {
        return;
    }
    let mut findings = Findings::of_policy(&loaded.policy);
    let likely = |advice: &Advice| advice.severity() == virtplug_core::Severity::Warning;
    findings.list.retain(likely);
    add(loaded, &findings);
}

/// Adds what the rules alone show. What belongs to no place is returned.
pub(super) fn add_advice(loaded: &mut Loaded) -> Vec<String> {
    let findings = Findings::of_policy(&loaded.policy);
    add(loaded, &findings)
}

/// The same for what the rules mean for devices.
pub(super) fn add_advice_on(loaded: &mut Loaded, surroundings: &Surroundings) -> Vec<String> {
    let around: BTreeMap<PortPath, Device> = surroundings
        .devices
        .iter()
        .map(|device| (device.port.clone(), device.clone()))
        .collect();
    let findings = Findings::of_devices(&loaded.policy, &surroundings.devices, &around);
    add(loaded, &findings)
}

fn add(loaded: &mut Loaded, findings: &Findings) -> Vec<String> {
    for advice in findings
        .list
        .iter()
        .filter(|advice| !is_shown(advice.code()))
    {
        let shown = diagnostic(advice, &loaded.places);
        loaded
            .notes
            .extend(shown.filter(|shown| !is_told(shown, &loaded.notes)));
    }
    sort(&mut loaded.notes, &loaded.files);
    let more = findings.more.iter().filter(|(code, _)| !is_shown(code));
    let more = more.map(|(code, count)| format!("{count} more of the kind `{code}` are not shown"));
    let incomplete = "there are too many or too long rules to compare each with each, so that \
                      some that shadow or contradict others may be missing here";
    more.chain(findings.incomplete.then(|| incomplete.to_owned()))
        .collect()
}

/// Whether loading shows each finding of a kind by itself, at the very value.
fn is_shown(code: &str) -> bool {
    code == "address"
}

fn diagnostic(advice: &Advice, places: &RulePlaces) -> Option<Diagnostic> {
    let severity = match advice.severity() {
        virtplug_core::Severity::Note => Severity::Note,
        virtplug_core::Severity::Warning => Severity::Warning,
    };
    let label = match advice {
        Advice::Shadowed { .. } => "this one gets its devices",
        Advice::Conflict { .. } => "it is given here, too",
        _ => "the other one",
    };
    let finding = places.finding(severity, advice.rule().number, advice.message())?;
    let finding = match advice.rules().get(1) {
        Some(other) => places.relate(finding, label, other.number),
        None => finding,
    };
    Some(finding.with_code(advice.code()).with_help(advice.help()))
}

/// Whether the files alone showed the same: a rule that repeats another one is
/// shadowed by it.
fn is_told(finding: &Diagnostic, notes: &[Diagnostic]) -> bool {
    let same_place =
        |note: &&Diagnostic| note.file() == finding.file() && note.span() == finding.span();
    finding.code() == Some("shadowed")
        && notes
            .iter()
            .filter(same_place)
            .any(|note| note.code() == Some("repeated"))
}

/// By file and place, as they were before.
fn sort(diagnostics: &mut [Diagnostic], files: &[PathBuf]) {
    let numbers: BTreeMap<&PathBuf, usize> = files
        .iter()
        .enumerate()
        .map(|(number, file)| (file, number))
        .collect();
    diagnostics.sort_by_cached_key(|diagnostic| {
        let file = diagnostic.file().to_owned();
        let start = diagnostic.span().map(|span| span.start);
        (numbers.get(&file).copied(), start)
    });
}
