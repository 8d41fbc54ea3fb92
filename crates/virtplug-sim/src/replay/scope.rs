//! What the second implementation of the rules does not know. Configurations
//! of the simulator never say it, those of a trace may.

use std::time::Duration;

use virtplug_core::{Matcher, Patterns, Policy, Rule};

use crate::mirror::FOLLOW;

/// What of a configuration is beyond the mirror, if anything is.
pub(super) fn beyond(policy: &Policy) -> Option<&'static str> {
    policy.rules().iter().find_map(|rule| of_rule(rule))
}

fn of_rule(rule: &Rule) -> Option<&'static str> {
    let asks = &rule.matcher;
    if asks.looks_upwards() {
        return Some("`behind`");
    }
    if asks.any.is_some() {
        return Some("`any`");
    }
    if asks.stable_port.is_some() {
        return Some("a stable port");
    }
    if texts(asks).any(|patterns| !patterns.are_exact()) {
        return Some("a pattern");
    }
    let follow = |span: Duration| span != FOLLOW;
    if rule.options.follow.is_some_and(follow) {
        return Some("`follow` for another time than the simulator's");
    }
    None
}

/// What makes a rule more specific where it is exact.
fn texts(asks: &Matcher) -> impl Iterator<Item = &Patterns> {
    let texts = [&asks.vendor, &asks.product, &asks.serial, &asks.port];
    texts.into_iter().flatten()
}
