//! Wanted texts: exact ones, patterns, or lists of those.

use std::fmt::Display;
use std::str::FromStr;

use toml::de::{DeTable, DeValue};
use virtplug_core::{ParseIdError, Pattern, Patterns, PortPath, StablePort, VendorId};

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::{Exact, GLOB, Key, Kind, PATTERN, REGEX};
use crate::list::{Element, each};
use crate::mismatch::{self, in_quotes, raw};
use crate::number::{explain_id, spelled_id};
use crate::suggestion::{quoted, toml_string};
use crate::table::{Value, check_keys, get};
use crate::{pattern, value};

/// What is asked for, and how it is called in messages.
pub(crate) struct Wanted<'k> {
    pub(crate) key: &'k Key,
    /// "`serial`", or the name of a udev property.
    pub(crate) what: String,
    /// The key as it is written.
    pub(crate) name: String,
    pub(crate) exact: Exact,
    pub(crate) takes: &'k str,
}

impl<'k> Wanted<'k> {
    /// What a key asks for.
    pub(crate) fn of(key: &'k Key) -> Self {
        let exact = match key.kind {
            Kind::Wanted(exact) => exact,
            _ => Exact::Text,
        };
        Self {
            key,
            what: format!("`{}`", key.name),
            name: key.name.to_owned(),
            exact,
            takes: key.takes,
        }
    }
}

/// The wanted texts of a key.
pub(crate) fn read(value: &Value<'_>, key: &Key, findings: &mut Findings) -> Option<Patterns> {
    read_wanted(value, &Wanted::of(key), findings)
}

/// Wanted texts.
pub(crate) fn read_wanted(
    value: &Value<'_>,
    wanted: &Wanted<'_>,
    findings: &mut Findings,
) -> Option<Patterns> {
    each(value, wanted.key, findings, |element, findings| {
        read_one(element, wanted, findings)
    })
    .map(Patterns::new)
}

/// One wanted text.
pub(crate) fn read_one(
    element: Element<'_, '_>,
    wanted: &Wanted<'_>,
    findings: &mut Findings,
) -> Option<Pattern> {
    if let DeValue::Table(table) = element.value.get_ref() {
        return read_pattern(element.value, table, wanted, findings);
    }
    if let Some(text) = value::quoted_string(element.value, findings) {
        return exact(element, text.get_ref(), wanted, findings).map(Pattern::Exact);
    }
    let raw = raw(element.value, findings);
    let help = match wanted.exact {
        Exact::Hex => spelled_id(raw, |spelled| {
            format!("`{}`", element.line(&wanted.name, spelled))
        }),
        _ => in_quotes(element.value, findings).map(|text| match element.listed {
            true => format!("for example `{}`", element.line(&wanted.name, &text)),
            false => element.write(&wanted.name, &text),
        }),
    };
    let help = help.unwrap_or_else(|| format!("for example `{}`", wanted.key.example));
    let what = element.called(&wanted.what);
    mismatch::add_for(element.value, &what, wanted.takes, help, findings);
    None
}

/// An exact text in the form in which it is compared.
fn exact(
    element: Element<'_, '_>,
    text: &str,
    wanted: &Wanted<'_>,
    findings: &mut Findings,
) -> Option<String> {
    let (message, help) = match wanted.exact {
        Exact::Any => return Some(text.to_owned()),
        Exact::Text if text.trim().is_empty() => (
            format!("{} is empty", wanted.what),
            format!(
                "give it a value, such as `{}`, or leave it out",
                wanted.key.example
            ),
        ),
        Exact::Text => return Some(text.to_owned()),
        Exact::Hex => match normal::<VendorId>(text) {
            Ok(id) => return Some(id),
            Err(error) => explain_id(text, wanted.key, &error),
        },
        Exact::Port => match normal::<PortPath>(text) {
            Ok(port) => return Some(port),
            Err(error) => {
                let meant = port_meant(text).map(|meant| format!("write `{meant}`"));
                (
                    malformed(text, wanted),
                    meant.unwrap_or_else(|| error.to_string()),
                )
            }
        },
        Exact::StablePort => match normal::<StablePort>(text) {
            Ok(port) => return Some(port),
            Err(error) => {
                let meant = stable_port_meant(text).map(|meant| format!("write `{meant}`"));
                (
                    malformed(text, wanted),
                    meant.unwrap_or_else(|| error.to_string()),
                )
            }
        },
    };
    let mut finding =
        Diagnostic::error(findings.place(element.value.span()), message).with_help(help);
    if text.contains(['*', '?']) && wanted.exact != Exact::Text {
        let glob = toml_string(text).unwrap_or_else(|| "\"…\"".to_owned());
        let pattern = format!("{{ glob = {glob} }}");
        finding = finding.with_help(format!(
            "for a pattern {}",
            element.write(&wanted.name, &pattern)
        ));
    }
    findings.add(finding);
    None
}

fn malformed(text: &str, wanted: &Wanted<'_>) -> String {
    format!("{} is malformed: {}", wanted.what, quoted(text))
}

/// A text as its type writes it.
fn normal<T: FromStr<Err = ParseIdError> + Display>(text: &str) -> Result<String, ParseIdError> {
    Ok(text.parse::<T>()?.to_string())
}

/// What somebody meant who wrote a port in another form: as sysfs names
/// interfaces (`3-2.4:1.0`), or as udev names places.
fn port_meant(text: &str) -> Option<String> {
    if let Ok(port) = text.parse::<StablePort>() {
        return Some(format!("stable-port = \"{port}\""));
    }
    let (before, _) = text.rsplit_once(':')?;
    match before.parse::<PortPath>() {
        Ok(port) => Some(format!("port = \"{port}\"")),
        Err(_) => stable_port_meant(text),
    }
}

/// The same for a stable port: a port path, or ID_PATH of an interface
/// (`pci-0000:00:14.0-usb-0:2.4:1.0`).
fn stable_port_meant(text: &str) -> Option<String> {
    if let Ok(port) = text.parse::<PortPath>() {
        return Some(format!("port = \"{port}\""));
    }
    let port: StablePort = text.rsplit_once(':')?.0.parse().ok()?;
    Some(format!("stable-port = \"{port}\""))
}

/// A table in place of an exact text.
fn read_pattern(
    value: &Value<'_>,
    table: &DeTable<'_>,
    wanted: &Wanted<'_>,
    findings: &mut Findings,
) -> Option<Pattern> {
    let found = findings.errors();
    check_keys(table, &PATTERN, findings, |_, _| None);
    let text = |key: &Key, findings: &mut Findings| {
        let value = get(table, key)?;
        Some((value.span(), value::filled_string(value, key, findings)?))
    };
    let glob = text(&GLOB, findings);
    let regex = text(&REGEX, findings);
    if findings.errors() > found {
        return None;
    }
    match (glob, regex) {
        (Some((span, text)), None) => {
            let lower_only = wanted.exact == Exact::Hex;
            pattern::glob(text.get_ref(), &span, lower_only, findings)
        }
        (None, Some((span, text))) => pattern::regex(text.get_ref(), &span, findings),
        (Some(_), Some((span, _))) => {
            findings.add(
                Diagnostic::error(
                    findings.place(span),
                    "a pattern is either `glob` or `regex`",
                )
                .with_help("for both of them write a list of two patterns"),
            );
            None
        }
        (None, None) => {
            let message = format!("{} has an empty pattern", wanted.what);
            findings.add(
                Diagnostic::error(findings.place(value.span()), message).with_help(format!(
                    "for example `{} = {{ {} }}`",
                    wanted.name, GLOB.example
                )),
            );
            None
        }
    }
}
