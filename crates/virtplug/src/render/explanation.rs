//! `virtplug explain`.

use virtplug_ipc::{Condition, DeviceExplanation, Explanation, RuleExplanation, Verdict};

use super::page::Page;
use super::words::{belongs_to, device_text, is_in, rule_text, tone};
use super::{Layout, Tone};

/// Why each device is where it is.
pub(crate) fn explanation(explanation: &Explanation, layout: Layout) -> String {
    let mut page = Page::new(layout);
    if explanation.devices.is_empty() {
        page.say(
            Tone::Plain,
            0,
            "no device that is plugged in could go there",
        );
    }
    for device in &explanation.devices {
        page.gap();
        explain(&mut page, device, layout);
    }
    page.done()
}

fn explain(page: &mut Page, explained: &DeviceExplanation, layout: Layout) {
    let state = &explained.device;
    let headline = format!(
        "{}: belongs to {}, is in {}",
        device_text(&state.device),
        belongs_to(&state.belongs),
        is_in(state)
    );
    let tone = match tone(state) {
        Tone::Dim => Tone::Strong,
        tone => tone,
    };
    page.say(tone, 0, &headline);
    for sentence in &explained.conclusion {
        page.say(Tone::Plain, 2, sentence);
    }
    for (name, text) in [
        ("by hand", &explained.by_hand),
        ("refused", &explained.refusal),
        ("last error", &explained.last_error),
    ] {
        // The conclusion often says it already.
        let said = |text: &&String| explained.conclusion.iter().any(|all| all.contains(*text));
        if let Some(text) = text.as_ref().filter(|text| !said(text)) {
            page.say(Tone::Plain, 2, &format!("{name}: {text}"));
        }
    }
    if explained.rules.is_empty() {
        page.say(Tone::Dim, 2, "there are no rules");
    }
    for rule in &explained.rules {
        explain_rule(page, rule, layout);
    }
}

fn explain_rule(page: &mut Page, explained: &RuleExplanation, layout: Layout) {
    let mut facts = Vec::new();
    if explained.priority != 0 {
        facts.push(format!("priority {}", explained.priority));
    }
    if !explained.specificity.is_empty() {
        facts.push(format!("names {}", explained.specificity));
    }
    let owner = match &explained.rule.machine {
        Some(machine) => format!("for {}", machine.machine),
        None => "for the host".to_owned(),
    };
    let facts = match facts.join(", ") {
        facts if facts.is_empty() => facts,
        facts => format!(" ({facts})"),
    };
    let (tone, mark) = match verdict(explained.verdict, layout) {
        (_, mark) if !explained.enabled => (Tone::Dim, mark),
        verdict => verdict,
    };
    let line = format!(
        "{} {owner}{facts}: {}",
        rule_text(&explained.rule),
        explained.outcome
    );
    page.mark(tone, 2, mark, &line);
    for Condition {
        key,
        wanted,
        actual,
        verdict: each,
    } in &explained.conditions
    {
        let (tone, mark) = verdict(*each, layout);
        page.mark(
            tone,
            4,
            mark,
            &format!("{key}: wants {wanted}, has {actual}"),
        );
    }
}

/// The look and the mark of what a condition comes to.
fn verdict(verdict: Verdict, layout: Layout) -> (Tone, &'static str) {
    match verdict {
        Verdict::Yes => (Tone::Good, layout.pick("✓", "+")),
        Verdict::No => (Tone::Dim, layout.pick("✗", "-")),
        Verdict::Unknown => (Tone::Waiting, "?"),
    }
}
