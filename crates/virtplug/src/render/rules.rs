//! `virtplug rules`.

use virtplug_ipc::{Group, RuleList, RuleState};

use super::page::Page;
use super::words::{list, owner, rule_label};
use super::{Layout, Tone};
use crate::table::Grid;

/// All rules in the order of the files, then the groups.
pub(crate) fn rules(rules: &RuleList, layout: Layout) -> String {
    let mut page = Page::new(layout);
    if rules.rules.is_empty() {
        page.say(
            Tone::Plain,
            0,
            "there are no rules; `virtplug learn` writes one for a device that you plug in",
        );
    } else {
        page.table(&table(&rules.rules));
    }
    if !rules.groups.is_empty() {
        page.gap();
        for group in &rules.groups {
            let tone = if group.switched {
                Tone::Waiting
            } else {
                Tone::Plain
            };
            page.say(tone, 0, &group_text(group));
        }
    }
    page.done()
}

fn table(rules: &[RuleState]) -> Grid {
    let mut grid = Grid::new(&["#", "OWNER", "RULE", "ASKS FOR", "OPTIONS", "GIVES"]);
    for (number, state) in rules.iter().enumerate() {
        let tone = if state.enabled {
            Tone::Plain
        } else {
            Tone::Dim
        };
        let gives = if state.gives.is_empty() {
            tone
        } else {
            Tone::Good
        };
        grid.row([
            (tone, (number + 1).to_string()),
            (tone, owner(state.rule.machine.as_ref())),
            (tone, rule_label(&state.rule)),
            (tone, state.asks.clone()),
            (tone, options(state)),
            (gives, list(&state.gives)),
        ]);
    }
    grid.without_empty(&["OPTIONS"])
}

/// What is set for the rule, switched off first.
fn options(state: &RuleState) -> String {
    let off = (!state.enabled).then(|| "enabled = false".to_owned());
    let priority = (state.priority != 0).then(|| format!("priority = {}", state.priority));
    let group = state
        .group
        .as_ref()
        .map(|group| format!("group = \"{group}\""));
    let options: Vec<String> = [off, priority, group]
        .into_iter()
        .flatten()
        .chain(state.options.iter().cloned())
        .collect();
    list(&options)
}

fn group_text(group: &Group) -> String {
    let to = match (group.switched, &group.machine) {
        (false, _) => "where its rules say".to_owned(),
        (true, Some(machine)) => format!("switched to machine {}", machine.machine),
        (true, None) => "switched to the host".to_owned(),
    };
    let devices = if group.devices.is_empty() {
        "none of its devices is plugged in".to_owned()
    } else {
        format!("devices: {}", list(&group.devices))
    };
    format!("group {}: {to}; {devices}", group.group)
}
