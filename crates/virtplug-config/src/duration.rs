//! Lengths of time, such as `10s`.

use std::time::Duration;

use toml::de::DeValue;

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::Key;
use crate::mismatch::{self, raw};
use crate::suggestion::quoted;
use crate::table::Value;
use crate::value::quoted_string;

/// The shortest time that can be asked for.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(3600);

/// Units in milliseconds.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000)];

/// What people write for a unit, and the unit.
const OTHER_UNITS: [(&str, &str); 14] = [
    ("msec", "ms"),
    ("millis", "ms"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("m", "min"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("hr", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("", "s"),
];

/// A time between `SHORTEST` and `LONGEST`.
pub(crate) fn read(value: &Value<'_>, key: &Key, findings: &mut Findings) -> Option<Duration> {
    let Some(text) = quoted_string(value, findings) else {
        let raw = raw(value, findings);
        let seconds = matches!(value.get_ref(), DeValue::Integer(_))
            .then(|| meant(raw))
            .flatten();
        let help = seconds.map(|time| format!("write `{} = \"{time}\"`", key.name));
        mismatch::add(value, key, help, findings);
        return None;
    };
    let text = text.into_inner();
    let place = findings.place(value.span());
    let finding = match parse(&text) {
        Some(time) if (SHORTEST..=LONGEST).contains(&time) => return Some(time),
        Some(_) => Diagnostic::error(
            place,
            format!("`{}` is out of range: {}", key.name, quoted(&text)),
        )
        .with_help("a time from `1ms` to `60min` is allowed"),
        None => {
            let message = format!("`{}` is no time: {}", key.name, quoted(&text));
            let help = meant(&text).map_or_else(
                || "write a number with `ms`, `s` or `min`, such as `10s`".to_owned(),
                |time| format!("write `{} = \"{time}\"`", key.name),
            );
            Diagnostic::error(place, message).with_help(help)
        }
    };
    findings.add(finding);
    None
}

/// A length of time as it is written in the configuration, from `1ms` to
/// `60min`; otherwise what to write.
pub fn duration(text: &str) -> Result<Duration, String> {
    let fits = |time: &Duration| (SHORTEST..=LONGEST).contains(time);
    parse(text).filter(fits).ok_or_else(|| match meant(text) {
        Some(meant) => format!("write `{meant}`"),
        None => "write a time from 1ms to 60min, such as 30s".to_owned(),
    })
}

/// One or several numbers, each with its unit: `10s`, `1min 30s`.
fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut milliseconds: Option<u64> = None;
    while !rest.is_empty() {
        let (number, after) = split(rest)?;
        let end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let part = number.checked_mul(*factor)?;
        milliseconds = Some(milliseconds.unwrap_or(0).checked_add(part)?);
        rest = after.trim_start();
    }
    milliseconds.map(Duration::from_millis)
}

/// The digits that a text begins with, as a number, and what follows.
fn split(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest.trim_start()))
}

/// A time with a unit of another spelling, or without one, in ours.
fn meant(text: &str) -> Option<String> {
    let (number, unit) = split(text.trim())?;
    let unit = unit.to_lowercase();
    let known = UNITS
        .iter()
        .map(|(name, _)| *name)
        .find(|name| *name == unit);
    let other = || {
        let other = OTHER_UNITS.iter().find(|(other, _)| *other == unit);
        other.map(|(_, name)| *name)
    };
    let time = format!("{number}{}", known.or_else(other)?);
    let allowed = parse(&time).is_some_and(|time| (SHORTEST..=LONGEST).contains(&time));
    allowed.then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        for (text, milliseconds) in [
            ("10s", 10_000),
            ("500ms", 500),
            ("2min", 120_000),
            ("1min 30s", 90_000),
            ("1min30s", 90_000),
            (" 10 s ", 10_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(
                parse(text),
                Some(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "s",
            "10",
            "10 sec",
            "-1s",
            "1.5s",
            "10s,",
            "99999999999999999999s",
            "ü",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("18446744073709551615h"), None);
    }

    #[test]
    fn other_units_are_understood() {
        assert_eq!(meant("10").as_deref(), Some("10s"));
        assert_eq!(meant("5 minutes").as_deref(), Some("5min"));
        assert_eq!(meant("5m").as_deref(), Some("5min"));
        assert_eq!(meant("10S").as_deref(), Some("10s"));
        assert_eq!(meant("5 years"), None);
        assert_eq!(meant("9999"), None);
    }
}
