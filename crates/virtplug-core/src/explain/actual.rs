//! What a device has of what is asked for, and what that comes to.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

use super::Condition;
use crate::class::ClassCode;
use crate::fact::Fact;
use crate::matcher::{Verdict, text};
use crate::pattern::{Pattern, Patterns};
use crate::text::{Escaped, RawText};
use crate::udev_record::UdevRecord;

/// What a device has, and what that comes to.
pub(super) struct Judged {
    pub(super) actual: String,
    pub(super) verdict: Verdict,
    pub(super) parts: Vec<Condition>,
}

/// In place of a value that is unknown.
pub(super) const UNREAD: &str = "cannot be read now";

impl Judged {
    /// A condition without parts.
    pub(super) fn plain(actual: String, verdict: Verdict) -> Self {
        Self {
            actual,
            verdict,
            parts: Vec::new(),
        }
    }
}

/// A known value as text.
pub(super) fn shown<T>(fact: &Fact<T>, show: impl Fn(&T) -> String) -> String {
    fact.known().map_or_else(|| UNREAD.to_owned(), show)
}

/// Class codes in a row.
pub(super) fn list_of_classes(codes: &BTreeSet<ClassCode>) -> String {
    let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
    if codes.is_empty() {
        "none".to_owned()
    } else {
        codes.join(", ")
    }
}

/// Judges a number that is written as four hexadecimal digits.
pub(super) fn four_digits(wanted: &Patterns, actual: Fact<u16>) -> Judged {
    let verdict = Verdict::of_fact(&actual, |actual| wanted.hold_digits(*actual));
    Judged::plain(shown(&actual, |code| format!("\"{code:04x}\"")), verdict)
}

/// Judges what the device says of itself.
pub(super) fn said(wanted: &Patterns, actual: &Fact<Option<RawText>>) -> Judged {
    let quoted = |text: &Option<RawText>| {
        text.as_ref()
            .map_or_else(|| "none".to_owned(), |text| format!("\"{text}\""))
    };
    let verdict = text(wanted, actual);
    let mut told = shown(actual, quoted);
    if verdict == Verdict::No
        && let Fact::Known(Some(actual)) = actual
        && looks_like(wanted, actual)
    {
        told.push_str(" (looks the same, but is written with other code points; compared exactly)");
    }
    Judged::plain(told, verdict)
}

/// Whether a text is one of those wanted but for how its characters are
/// composed: such texts look the same, and are not.
fn looks_like(wanted: &Patterns, actual: &RawText) -> bool {
    let Ok(actual) = std::str::from_utf8(actual.as_bytes()) else {
        return false;
    };
    let mut exact = wanted.iter().filter_map(Pattern::exact);
    exact.any(|wanted| wanted.nfc().eq(actual.nfc()))
}

/// Judges whether a value is one of those wanted.
pub(super) fn one_of<T: PartialEq + ToString>(wanted: &[T], actual: &Fact<T>) -> Judged {
    let verdict = Verdict::of_fact(actual, |actual| wanted.contains(actual));
    Judged::plain(shown(actual, T::to_string), verdict)
}

/// Both halves of a socket are one port.
pub(super) fn sockets<P: ToString>(
    own: &Fact<Option<P>>,
    peer: &Fact<Option<P>>,
    holds: impl Fn(&P) -> bool,
) -> Judged {
    let judge =
        |port: &Fact<Option<P>>| Verdict::of_fact(port, |port| port.as_ref().is_some_and(&holds));
    let quoted = |port: &Option<P>| {
        port.as_ref().map_or_else(
            || "none".to_owned(),
            |port| format!("\"{}\"", Escaped(&port.to_string())),
        )
    };
    let mut actual = shown(own, quoted);
    match peer {
        Fact::Known(None) => {}
        Fact::Known(port) => actual = format!("{actual} or {}", quoted(port)),
        Fact::Unknown => actual.push_str("; the other half of its socket cannot be read now"),
    }
    Judged::plain(actual, judge(own).or(judge(peer)))
}

/// Judges a udev property.
pub(super) fn property(name: &str, wanted: &Patterns, record: &Fact<UdevRecord>) -> Judged {
    let verdict = Verdict::of_fact(record, |record| {
        let value = record.properties.get(name);
        value.is_some_and(|value| wanted.hold(value.as_bytes()))
    });
    let actual = shown(record, |record| match record.properties.get(name) {
        Some(value) => format!("\"{}\"", Escaped(value)),
        None => "none".to_owned(),
    });
    Judged::plain(actual, verdict)
}

/// Judges whether one of the device's tags is wanted.
pub(super) fn tagged(
    wanted: &Patterns,
    record: &Fact<UdevRecord>,
    tags: impl Fn(&UdevRecord) -> &BTreeSet<String>,
) -> Judged {
    let verdict = Verdict::of_fact(record, |record| {
        tags(record).iter().any(|tag| wanted.hold(tag.as_bytes()))
    });
    let actual = shown(record, |record| {
        let tags = tags(record).iter();
        let tags: Vec<String> = tags.map(|tag| format!("\"{}\"", Escaped(tag))).collect();
        if tags.is_empty() {
            "none".to_owned()
        } else {
            tags.join(", ")
        }
    });
    Judged::plain(actual, verdict)
}
