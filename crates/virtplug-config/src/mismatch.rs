//! Values of the wrong type, and how they are spelled right.

use toml::de::DeValue;

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::Key;
use crate::suggestion::toml_string;
use crate::table::Value;

/// The text of the file at a value.
pub(crate) fn raw<'f>(value: &Value<'_>, findings: &'f Findings) -> &'f str {
    findings.source().slice(&value.span())
}

/// A scalar as a string in quotes, for a suggestion.
pub(crate) fn in_quotes(value: &Value<'_>, findings: &Findings) -> Option<String> {
    match value.get_ref() {
        DeValue::Array(_) | DeValue::Table(_) => None,
        _ => toml_string(raw(value, findings)),
    }
}

/// Says that the value of a key is of the wrong type, with `help` or else the
/// example of the key.
pub(crate) fn add(value: &Value<'_>, key: &Key, help: Option<String>, findings: &mut Findings) {
    let help = help.unwrap_or_else(|| format!("for example `{}`", key.example));
    add_for(value, &format!("`{}`", key.name), key.takes, help, findings);
}

/// Says that something must be something else than it is.
pub(crate) fn add_for(
    value: &Value<'_>,
    what: &str,
    must_be: &str,
    help: String,
    findings: &mut Findings,
) {
    let raw = raw(value, findings);
    let place = findings.place(value.span());
    if !raw.is_empty() {
        let message = format!("{what} must be {must_be}, found {}", kind_of(value, raw));
        findings.add_explaining(Diagnostic::error(place, message).with_help(help));
    } else if value.span().start != 0 {
        let message = format!("{what} has no value");
        findings.add_explaining(Diagnostic::error(place, message).with_help(help));
    } else {
        // The parser's stand-in for a value that it could not find; it has
        // told so itself.
    }
}

/// What a value is, in words. What the parser's repair made a boolean, a date
/// or the like was meant as text.
fn kind_of(value: &Value<'_>, raw: &str) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) if raw.starts_with(['"', '\'']) => "text",
        DeValue::Boolean(_) if matches!(raw, "true" | "false") => "a boolean",
        DeValue::Datetime(when) if when.date.is_some() || when.time.is_some() => "a date or time",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) if !raw.starts_with(char::is_alphabetic) => "a floating-point number",
        DeValue::String(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Float(_) => {
            "text without quotes"
        }
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
