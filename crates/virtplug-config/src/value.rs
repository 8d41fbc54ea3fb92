//! Strings, lists and tables of strings, or a finding instead.

use std::str::FromStr;

use toml::Spanned;
use toml::de::DeValue;
use virtplug_core::ParseIdError;

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::Key;
use crate::mismatch::{self, in_quotes, raw};
use crate::suggestion::{quoted, toml_key, toml_string};
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
    suggest: impl Fn(&str) -> Option<String>,
) -> Option<Spanned<T>> {
    let text = string(value, key, findings)?;
    let text = text.get_ref();
    match text.parse() {
        Ok(parsed) => Some(Spanned::new(value.span(), parsed)),
        Err(error) => {
            let message = format!("`{}` is malformed: {}", key.name, quoted(text));
            let help = suggest(text).unwrap_or_else(|| error.to_string());
            findings.add(Diagnostic::error(findings.place(value.span()), message).with_help(help));
            None
        }
    }
}

/// A list of strings that are not empty.
pub(crate) fn strings(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Vec<Spanned<String>> {
    let DeValue::Array(array) = value.get_ref() else {
        let help = quoted_string(value, findings)
            .and_then(|text| toml_string(text.get_ref()))
            .or_else(|| in_quotes(value, findings))
            .map(|text| format!("write `{} = [{text}]`", key.name));
        mismatch::add(value, key, help, findings);
        return Vec::new();
    };
    let mut list = Vec::new();
    for element in array {
        if quoted_string(element, findings).is_some() {
            list.extend(filled_string(element, key, findings));
        } else {
            let spelled = in_quotes(element, findings).map_or_else(
                || key.example.to_owned(),
                |text| format!("{} = [{text}]", key.name),
            );
            let what = format!("each of `{}`", key.name);
            let help = format!("for example `{spelled}`");
            mismatch::add_for(element, &what, "text in quotes", help, findings);
        }
    }
    list
}

/// A table of strings, each with a name that a udev property can have.
pub(crate) fn properties(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Vec<(String, Spanned<String>)> {
    let DeValue::Table(table) = value.get_ref() else {
        mismatch::add(value, key, None, findings);
        return Vec::new();
    };
    let mut properties = Vec::new();
    for (name, value) in table {
        let plain: &str = name.get_ref();
        if plain.is_empty() || plain.contains(['=', '\n', '\0']) {
            let message = format!("no udev property has the name {}", quoted(plain));
            findings.add(
                Diagnostic::error(findings.place(name.span()), message)
                    .with_help("`udevadm info` shows the properties of a device, after `E:`"),
            );
        } else if let Some(text) = quoted_string(value, findings) {
            properties.push((plain.to_owned(), text));
        } else {
            let help = match in_quotes(value, findings) {
                Some(text) => format!("write `{} = {text}`", toml_key(plain)),
                None => format!("for example `{}`", key.example),
            };
            let what = format!("the udev property {}", quoted(plain));
            mismatch::add_for(value, &what, "text in quotes", help, findings);
        }
    }
    properties
}
