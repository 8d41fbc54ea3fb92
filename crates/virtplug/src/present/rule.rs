//! Rules and groups: what they ask for and what they give.

use std::collections::BTreeSet;
use std::time::Duration;

use virtplug_core::{
    Assignment, DeviceView, Engine, Escaped, Giver, Grant, Owner, Policy, Rule, RuleOptions,
};
use virtplug_ipc::{Group, RuleList, RuleName, RuleState, VERSION};

use super::machine::machine_name;

/// A rule as messages name it.
pub(super) fn rule_name(rule: &Rule) -> RuleName {
    RuleName {
        name: rule.name.as_deref().map(|name| Escaped(name).to_string()),
        origin: Escaped(&rule.origin).to_string(),
        machine: rule.machine().map(machine_name),
    }
}

/// All rules, in the order of the files, and all groups.
pub(crate) fn rules(engine: &Engine) -> RuleList {
    let views: Vec<DeviceView<'_>> = engine.devices().collect();
    let rules = engine.policy().map_or(&[][..], |policy| policy.rules());
    RuleList {
        version: VERSION,
        rules: rules.iter().map(|rule| rule_state(rule, &views)).collect(),
        groups: groups(engine),
    }
}

/// All groups, by name.
pub(super) fn groups(engine: &Engine) -> Vec<Group> {
    let rules = engine.policy().into_iter().flat_map(Policy::rules);
    let names: BTreeSet<&str> = rules
        .filter_map(|rule| rule.options.group.as_deref())
        .collect();
    let views: Vec<DeviceView<'_>> = engine.devices().collect();
    let one = |name: &str| {
        let owner = engine.orders().switches.get(name);
        let is_in = |view: &&DeviceView<'_>| is_in(view, name);
        Group {
            group: Escaped(name).to_string(),
            switched: owner.is_some(),
            machine: owner.and_then(|owner| match owner {
                Owner::Host => None,
                Owner::Machine(machine) => Some(machine_name(machine)),
            }),
            devices: ports(views.iter().filter(is_in)),
        }
    };
    names.into_iter().map(one).collect()
}

/// Whether a rule of a group decides on a device, or would if its machine ran.
fn is_in(view: &DeviceView<'_>, group: &str) -> bool {
    let strongest = view.claims.iter().find(|claim| claim.certain);
    let strongest = strongest.map(|claim| claim.rule.as_ref());
    let mut rules = rules_behind(view.assignment).into_iter().chain(strongest);
    rules.any(|rule| rule.options.group.as_deref() == Some(group))
}

fn ports<'v>(views: impl Iterator<Item = &'v DeviceView<'v>>) -> Vec<String> {
    views.map(|view| view.device.port.to_string()).collect()
}

fn rule_state(rule: &Rule, views: &[DeviceView<'_>]) -> RuleState {
    let rank = rule.rank();
    // A group that is switched gives a rule another owner, but no other place.
    let gives = |view: &&DeviceView<'_>| {
        giver(view.assignment)
            .is_some_and(|giver| giver.origin == rule.origin && giver.matcher == rule.matcher)
    };
    RuleState {
        rule: rule_name(rule),
        asks: rule.matcher.to_string(),
        priority: rank.priority,
        specificity: rank.specificity.to_string(),
        enabled: rule.options.enabled,
        group: rule
            .options
            .group
            .as_deref()
            .map(|group| Escaped(group).to_string()),
        options: options(&rule.options),
        gives: ports(views.iter().filter(gives)),
    }
}

/// The rule that gives a device to its owner.
fn giver(assignment: &Assignment) -> Option<&Rule> {
    match assignment {
        Assignment::Kept(rule)
        | Assignment::Machine(Grant {
            giver: Giver::Rule(rule) | Giver::Followed(rule),
            ..
        }) => Some(rule),
        _ => None,
    }
}

/// The rules that decide on a device; a doubt decides nothing.
fn rules_behind(assignment: &Assignment) -> Vec<&Rule> {
    match assignment {
        Assignment::Host | Assignment::Withheld | Assignment::Unknown(_) => Vec::new(),
        Assignment::Kept(rule) | Assignment::Spare(rule) => vec![rule],
        Assignment::Machine(grant) | Assignment::Refused(grant, _) => {
            grant.rule().into_iter().map(AsRef::as_ref).collect()
        }
        Assignment::Conflict(rules) => rules.iter().map(AsRef::as_ref).collect(),
    }
}

/// The options that are set, beside those with a field of their own, as they are written.
fn options(options: &RuleOptions) -> Vec<String> {
    let switches = [
        ("yield", options.yields),
        ("preempt", options.preempts),
        ("start-machine", options.start_machine),
        ("allow-in-use", options.allow_in_use),
    ];
    let switches = switches.iter().filter(|(_, set)| *set);
    let switches = switches.map(|(key, _)| format!("{key} = true"));
    let values = [
        options.count.map(|count| format!("count = {count}")),
        options
            .follow
            .map(|span| format!("follow = \"{}\"", duration(span))),
        options
            .guest_port
            .as_ref()
            .map(|port| format!("guest-port = \"{port}\"")),
        options
            .guest_reset
            .map(|reset| format!("guest-reset = \"{}\"", reset.as_str())),
    ];
    switches.chain(values.into_iter().flatten()).collect()
}

/// A time as the configuration writes it.
fn duration(span: Duration) -> String {
    match span.as_millis() {
        ms if ms % 60_000 == 0 => format!("{}min", ms / 60_000),
        ms if ms % 1000 == 0 => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use virtplug_core::GuestReset;

    use super::*;

    #[test]
    fn options_are_shown_as_they_are_written() {
        let set = RuleOptions {
            yields: true,
            preempts: true,
            start_machine: true,
            allow_in_use: true,
            count: NonZeroU32::new(2),
            follow: Some(Duration::from_millis(1500)),
            guest_port: "0:1.2".parse().ok(),
            guest_reset: Some(GuestReset::Uninitialized),
            ..RuleOptions::default()
        };
        assert_eq!(
            options(&set),
            [
                "yield = true",
                "preempt = true",
                "start-machine = true",
                "allow-in-use = true",
                "count = 2",
                "follow = \"1500ms\"",
                "guest-port = \"0:1.2\"",
                "guest-reset = \"uninitialized\"",
            ]
        );
        assert_eq!(options(&RuleOptions::default()), Vec::<String>::new());
    }

    #[test]
    fn times_have_the_largest_unit_that_fits() {
        let texts = [1, 1000, 1500, 60_000, 90_000, 3_600_000]
            .map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(texts, ["1ms", "1s", "1500ms", "1min", "90s", "60min"]);
    }
}
