//! How findings are told.

use std::fmt::Write as _;

use super::{Advice, NamedRule, Sensitive, Severity};
use crate::port::PortPath;
use crate::text::Escaped;

impl Advice {
    /// A word for the kind, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Impossible { .. } => "impossible",
            Self::Shadowed { .. } => "shadowed",
            Self::Overlap { .. } => "overlap",
            Self::Address { .. } => "address",
            Self::Anonymous { .. } => "anonymous",
            Self::SharedSerial { .. } => "shared-serial",
            Self::NoSerial { .. } => "no-serial",
            Self::Conflict { .. } => "conflict",
            Self::Hub { .. } => "hub",
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Overlap {
                contained: false, ..
            }
            | Self::NoSerial { .. } => Severity::Note,
            _ => Severity::Warning,
        }
    }

    /// The rule that it is about first of all; its place is what to show.
    pub fn rule(&self) -> &NamedRule {
        match self {
            Self::Impossible { rule }
            | Self::Shadowed { rule, .. }
            | Self::Address { rule }
            | Self::Anonymous { rule, .. }
            | Self::SharedSerial { rule, .. }
            | Self::NoSerial { rule, .. }
            | Self::Hub { rule, .. }
            | Self::Overlap {
                rules: [rule, _], ..
            }
            | Self::Conflict { first: rule, .. } => rule,
        }
    }

    /// All rules that it is about, the one of [`Advice::rule`] first.
    pub fn rules(&self) -> Vec<&NamedRule> {
        let mut rules = vec![self.rule()];
        match self {
            Self::Shadowed { by, .. } => rules.push(by),
            Self::Overlap {
                rules: [_, second], ..
            } => rules.push(second),
            Self::Conflict { others, .. } => rules.extend(others),
            _ => {}
        }
        rules
    }

    /// What is so, as told beside the place of [`Advice::rule`], which it calls
    /// "this rule"; of other rules it names the place.
    pub fn message(&self) -> String {
        let this = this_rule(self.rule());
        match self {
            Self::Impossible { .. } => {
                format!("{this} holds for no device: its conditions exclude each other")
            }
            Self::Shadowed { rule, by } => {
                let why = if by.rule.rank() > rule.rule.rank() {
                    "stronger"
                } else {
                    "earlier"
                };
                format!("{this} never gets a device: {by} is {why} and matches all that it matches")
            }
            Self::Overlap {
                rules: [one, other],
                contained,
            } => {
                let (one, owner) = (&one.rule.owner, &other.rule.owner);
                let what = if *contained {
                    format!("each device of {this}, for {one}, is also one of {other}")
                } else {
                    format!("a device could match {this}, for {one}, and {other}")
                };
                format!("{what}, for {owner}; they are equally strong, so that none would get it")
            }
            Self::Address { .. } => {
                format!(
                    "{this} names bus and device, which the kernel numbers anew at each plug and boot"
                )
            }
            Self::Anonymous { rule, kind } => {
                let what = match kind {
                    Sensitive::Keyboard => "each keyboard",
                    Sensitive::Disk => "each storage device",
                };
                format!(
                    "{this} gives {what} that meets it to {}, whichever it is",
                    rule.rule.owner
                )
            }
            Self::SharedSerial { serial, ports, .. } => {
                format!(
                    "{this} means several devices: those at {} all have the serial number \"{serial}\"",
                    list(ports)
                )
            }
            Self::NoSerial { port, .. } => {
                format!(
                    "the device at {port} has no serial number, so {this} means each device of its kind"
                )
            }
            Self::Conflict {
                port,
                first,
                others,
            } => {
                let others: Vec<String> = others
                    .iter()
                    .map(|rule| format!("{rule} to {}", rule.rule.owner))
                    .collect();
                format!(
                    "nobody gets the device at {port}: it is given by {this} to {}, by {}",
                    first.rule.owner,
                    others.join(", by ")
                )
            }
            Self::Hub { port, .. } => {
                format!("{this} matches the hub at {port}, and a hub is never given to a machine")
            }
        }
    }

    /// What to do.
    pub fn help(&self) -> String {
        match self {
            Self::Impossible { .. } => "remove one of the conditions, or the rule".into(),
            Self::Shadowed { by, .. } => {
                format!("remove it, raise its `priority` above {}, or narrow the other one with `not`", by.rule.options.priority)
            }
            Self::Overlap { .. } => "give one of them a higher `priority`, or exclude the devices of the other with `not`".into(),
            Self::Address { .. } => "name the device by `serial`, or its place by `stable-port`".into(),
            Self::Anonymous { .. } => "name the device by `serial` or `vendor` and `product`, or its place by `stable-port`".into(),
            Self::SharedSerial { ids_differ: true, .. } => "add `vendor` and `product`, or `stable-port`".into(),
            Self::SharedSerial { ids_differ: false, .. } => {
                "add `stable-port` to tell them apart, or `count` to give only so many".into()
            }
            Self::NoSerial { port, stable, .. } => {
                let mut text = "to mean only this one, add ".to_owned();
                // Writing to a string does not fail.
                let _ = match stable {
                    Some(stable) => write!(text, "`stable-port = \"{stable}\"`"),
                    None => write!(text, "`port = \"{port}\"`"),
                };
                text
            }
            Self::Conflict { .. } => "give one rule a higher `priority`, or make it name the device more exactly".into(),
            Self::Hub { port, by_port: true, .. } => {
                format!("for all that is plugged into it, write `behind = {{ port = \"{port}\" }}`")
            }
            Self::Hub { .. } => "for all that is plugged into it, use `behind`; else exclude it with `not = { class = \"09\" }`".into(),
        }
    }
}

/// A rule whose place is shown beside the message.
fn this_rule(rule: &NamedRule) -> String {
    match &rule.rule.name {
        Some(name) => format!("the rule \"{}\"", Escaped(name)),
        None => "this rule".to_owned(),
    }
}

fn list(ports: &[PortPath]) -> String {
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    match ports.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
