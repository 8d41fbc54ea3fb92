//! How messages name devices, rules and numbers of things.

use std::sync::Arc;

use virtplug_core::{Device, Escaped, Fact, Owner, RawText, Rule};

/// What people call a device: maker and product, as it says itself.
pub(crate) fn name(device: &Device) -> String {
    let said = |text: &Fact<Option<RawText>>| text.known().and_then(Clone::clone);
    match (said(&device.manufacturer), said(&device.product_name)) {
        (Some(maker), Some(product)) => format!("{maker} {product}"),
        (Some(name), None) | (None, Some(name)) => name.to_string(),
        (None, None) if device.is_hub() => "(hub)".to_owned(),
        (None, None) => "-".to_owned(),
    }
}

/// A text of a device as tables show it.
pub(crate) fn shown(text: &Fact<Option<RawText>>) -> String {
    match text {
        Fact::Known(Some(text)) => text.to_string(),
        Fact::Known(None) => "-".to_owned(),
        Fact::Unknown => "?".to_owned(),
    }
}

/// A rule as messages name it.
pub(crate) fn rule_text(rule: &Rule) -> String {
    match &rule.name {
        Some(name) => format!("rule \"{}\" at {}", Escaped(name), Escaped(&rule.origin)),
        None => format!("rule at {}", Escaped(&rule.origin)),
    }
}

/// The rules of a conflict, each with its owner.
pub(crate) fn claims_text(rules: &[Arc<Rule>]) -> String {
    let claims: Vec<String> = rules
        .iter()
        .map(|rule| match &rule.owner {
            Owner::Host => format!("the host ({})", rule_text(rule)),
            Owner::Machine(machine) => format!("{machine} ({})", rule_text(rule)),
        })
        .collect();
    claims.join(", ")
}

/// A number of things, `1 rule` or `2 rules`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
