//! Whole numbers, and the hexadecimal numbers that identify USB devices.

use toml::Spanned;
use toml::de::DeValue;
use virtplug_core::ParseIdError;

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::{Key, Kind};
use crate::mismatch::{self, raw};
use crate::suggestion::quoted;
use crate::table::Value;
use crate::value::quoted_string;

/// A whole number in the range of its key.
pub(crate) fn integer<T: TryFrom<i64>>(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<Spanned<T>> {
    let Kind::Integer { from, to, note } = key.kind else {
        return None;
    };
    let DeValue::Integer(number) = value.get_ref() else {
        let help = quoted_string(value, findings)
            .and_then(|text| decimal(text.get_ref()))
            .map(|number| format!("write `{} = {number}`", key.name));
        mismatch::add(value, key, help, findings);
        return None;
    };
    let small = i64::from_str_radix(number.as_str(), number.radix()).ok();
    let allowed = small.filter(|number| (from..=to).contains(number));
    if let Some(number) = allowed.and_then(|number| T::try_from(number).ok()) {
        return Some(Spanned::new(value.span(), number));
    }
    let raw = raw(value, findings);
    if raw.is_empty() {
        mismatch::add(value, key, None, findings);
        return None;
    }
    // TOML has no leading zeros; the parser gives no number then.
    let padded = decimal(raw).filter(|_| raw.len() > 1 && raw.starts_with('0'));
    let place = findings.place(value.span());
    let finding = match padded {
        Some(number) => Diagnostic::error(place, format!("`{}` has leading zeros", key.name))
            .with_help(format!("write `{} = {number}`", key.name)),
        None => Diagnostic::error(
            place,
            format!("`{}` is out of range: {}", key.name, quoted(raw)),
        )
        .with_help(format!("a number from {from} to {to}{note} is allowed")),
    };
    findings.add_explaining(finding);
    None
}

/// A decimal number, with leading zeros as lsusb prints them.
fn decimal(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// What is wrong with an id in quotes, and how it may be meant.
pub(crate) fn explain_id(text: &str, key: &Key, error: &ParseIdError) -> (String, String) {
    let digits = hex_digits(text);
    let message = if digits.is_some_and(|digits| digits.len() > 4) {
        format!("`{}` is larger than ffff: {}", key.name, quoted(text))
    } else {
        format!("`{}` is not a USB id: {}", key.name, quoted(text))
    };
    let is_id = |text: &str| hex_digits(text).is_some_and(|digits| digits.len() <= 4);
    let help = match text.split_once(':') {
        Some((vendor, product)) if is_id(vendor) && is_id(product) => {
            format!("write `vendor = \"{vendor}\"` and `product = \"{product}\"`")
        }
        _ if is_id(text.trim()) => format!("write `{} = \"{}\"`", key.name, text.trim()),
        _ => error.to_string(),
    };
    (message, help)
}

/// How an id without quotes is written right, where `line` makes a line of a
/// spelling. Plain digits may be meant hexadecimal or decimal, so both readings
/// are shown.
pub(crate) fn spelled_id(raw: &str, line: impl Fn(&str) -> String) -> Option<String> {
    let hex = hex_digits(raw)
        .filter(|digits| digits.len() <= 4)
        .map(|digits| line(&format!("\"{:0>4}\"", digits.to_ascii_lowercase())));
    let decimal = decimal(raw)
        .filter(|_| !raw.starts_with('0'))
        .map(|number| line(&format!("\"{number:04x}\"")));
    match (hex, decimal) {
        (Some(hex), Some(decimal)) => Some(format!(
            "write {hex} if {raw} is hexadecimal, {decimal} if it is decimal"
        )),
        (hex, decimal) => hex.or(decimal).map(|spelled| format!("write {spelled}")),
    }
}

/// The hexadecimal digits of an id, where it consists of nothing else.
fn hex_digits(text: &str) -> Option<&str> {
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    let hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then_some(digits)
}
