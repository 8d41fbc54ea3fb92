//! Strings and booleans, or a finding instead.

use std::str::FromStr;

use toml::Spanned;
use toml::de::DeValue;
use virtplug_core::ParseIdError;

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::Key;
use crate::mismatch::{self, in_quotes, raw};
use crate::suggestion::quoted;
use crate::table::Value;

/// The value, where it is a string in quotes. The parser gives a string also
/// where quotes are missing.
pub(crate) fn quoted_string(value: &Value<'_>, findings: &Findings) -> Option<Spanned<String>> {
    match value.get_ref() {
        DeValue::String(text) if raw(value, findings).starts_with(['"', '\'']) => {
            Some(Spanned::new(value.span(), text.to_string()))
        }
        _ => None,
    }
}

/// A string.
pub(crate) fn string(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<Spanned<String>> {
    let text = quoted_string(value, findings);
    if text.is_none() {
        let help = in_quotes(value, findings).map(|text| format!("write `{} = {text}`", key.name));
        mismatch::add(value, key, help, findings);
    }
    text
}

/// A string with at least one character that is not blank.
pub(crate) fn filled_string(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<Spanned<String>> {
    let text = string(value, key, findings)?;
    if !text.get_ref().trim().is_empty() {
        return Some(text);
    }
    let message = format!("`{}` is empty", key.name);
    findings.add(
        Diagnostic::error(findings.place(value.span()), message).with_help(format!(
            "give it a value, such as `{}`, or leave it out",
            key.example
        )),
    );
    None
}

/// A string that has a form of its own.
pub(crate) fn parsed<T: FromStr<Err = ParseIdError>>(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<Spanned<T>> {
    let text = string(value, key, findings)?;
    let text = text.get_ref();
    match text.parse() {
        Ok(parsed) => Some(Spanned::new(value.span(), parsed)),
        Err(error) => {
            let message = format!("`{}` is malformed: {}", key.name, quoted(text));
            let finding = Diagnostic::error(findings.place(value.span()), message);
            findings.add(finding.with_help(error.to_string()));
            None
        }
    }
}

/// `true` or `false`.
pub(crate) fn boolean(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<Spanned<bool>> {
    let raw = raw(value, findings);
    if let DeValue::Boolean(yes) = value.get_ref()
        && matches!(raw, "true" | "false")
    {
        return Some(Spanned::new(value.span(), *yes));
    }
    let meant = match raw.trim_matches(['"', '\'']).to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "y" => Some("true"),
        "false" | "no" | "off" | "0" | "n" => Some("false"),
        _ => None,
    };
    let help = meant.map(|meant| format!("write `{} = {meant}`", key.name));
    mismatch::add(value, key, help, findings);
    None
}
