//! What became of a rule, as a sentence that follows its name.

use std::num::NonZeroU32;

use virtplug_core::{Engine, Rule, RuleView, Standing, Verdict};

use crate::naming::{claims_text, rule_text};
use crate::present::device::{owner_text, switched};

/// What became of a rule.
pub(super) fn outcome(engine: &Engine, view: &RuleView<'_>) -> String {
    let rule = view.rule;
    let but = |what: String| match view.verdict {
        Verdict::Unknown => format!("may hold, but {what}"),
        Verdict::Yes | Verdict::No => format!("holds, but {what}"),
    };
    match &view.standing {
        Standing::Gives => gives(engine, rule),
        Standing::Refused(refusal) => but(refusal.to_string()),
        Standing::Conflicts(rules) => {
            let others: Vec<_> = rules.iter().filter(|one| *one != rule).cloned().collect();
            but(format!(
                "equally strong rules give it to other owners: {}",
                claims_text(&others)
            ))
        }
        Standing::Unread if view.verdict == Verdict::Yes => {
            but("whether the device is authorised cannot be read now".to_owned())
        }
        Standing::Unread => format!(
            "may hold: what it asks for cannot be read now ({})",
            keys(view, Verdict::Unknown)
        ),
        Standing::Full => {
            let count = rule.options.count.map_or(0, NonZeroU32::get);
            but(format!("its `count` of {count} is used up"))
        }
        Standing::Yields(machine) => but(format!("yields while machine {machine} is off")),
        Standing::Elsewhere(machine) => but(format!(
            "the device stays with machine {machine}, which has it"
        )),
        Standing::Beside(other) => but(format!(
            "{} gives it to the same owner and comes first",
            rule_text(other)
        )),
        Standing::Weaker(other) => but(format!(
            "{} is stronger ({})",
            rule_text(other),
            compared(rule, other)
        )),
        Standing::Followed(other) => but(format!(
            "it follows a device that {} names",
            rule_text(other)
        )),
        Standing::ByHand => but("somebody decided by hand".to_owned()),
        Standing::Fails => format!("does not hold: {}", keys(view, Verdict::No)),
        Standing::Disabled if view.verdict == Verdict::No => format!(
            "is switched off (enabled = false), and would not hold: {}",
            keys(view, Verdict::No)
        ),
        Standing::Disabled => "is switched off (enabled = false)".to_owned(),
    }
}

fn gives(engine: &Engine, rule: &Rule) -> String {
    let why = switched(engine, rule);
    match rule.machine() {
        Some(_) => format!("gives it to {}{why}", owner_text(&rule.owner)),
        None => format!("keeps it on the host{why}"),
    }
}

/// The keys of the conditions that come to this.
fn keys(view: &RuleView<'_>, verdict: Verdict) -> String {
    let conditions = view.conditions.iter();
    let keys: Vec<&str> = conditions
        .filter(|condition| condition.verdict == verdict)
        .map(|condition| condition.key.as_str())
        .collect();
    keys.join(", ")
}

/// In what the other rule is stronger.
fn compared(rule: &Rule, stronger: &Rule) -> String {
    let (weak, strong) = (rule.rank(), stronger.rank());
    if weak.priority == strong.priority {
        format!(
            "it names {}, this one {}",
            strong.specificity, weak.specificity
        )
    } else {
        format!("priority {} against {}", strong.priority, weak.priority)
    }
}
