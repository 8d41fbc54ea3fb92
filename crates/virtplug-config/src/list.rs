//! Values that may stand alone or in a list.

use toml::de::{DeArray, DeValue};

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::Key;
use crate::mismatch::{self, in_quotes};
use crate::suggestion::toml_string;
use crate::table::Value;
use crate::value::quoted_string;

/// One value, and whether it is an element of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a, 't> {
    pub(crate) value: &'a Value<'t>,
    pub(crate) listed: bool,
}

impl Element<'_, '_> {
    /// What it is in a message: the key, or each value of it.
    pub(crate) fn called(&self, what: &str) -> String {
        if self.listed {
            format!("each of {what}")
        } else {
            what.to_owned()
        }
    }

    /// A line with this spelling of it.
    pub(crate) fn line(&self, name: &str, spelled: &str) -> String {
        if self.listed {
            format!("{name} = [{spelled}]")
        } else {
            format!("{name} = {spelled}")
        }
    }

    /// Advice to write that line.
    pub(crate) fn write(&self, name: &str, spelled: &str) -> String {
        if self.listed {
            format!("write `{spelled}`")
        } else {
            format!("write `{name} = {spelled}`")
        }
    }
}

/// The list that a key of texts must have.
pub(crate) fn of_texts<'v, 't>(
    value: &'v Value<'t>,
    key: &Key,
    findings: &mut Findings,
) -> Option<&'v DeArray<'t>> {
    if let DeValue::Array(array) = value.get_ref() {
        return Some(array);
    }
    let help = quoted_string(value, findings)
        .and_then(|text| toml_string(text.get_ref()))
        .or_else(|| in_quotes(value, findings))
        .map(|text| format!("write `{} = [{text}]`", key.name));
    mismatch::add(value, key, help, findings);
    None
}

/// Reads the value of a key or each value of a list.
pub(crate) fn each<T>(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
    one: impl FnMut(Element<'_, '_>, &mut Findings) -> Option<T>,
) -> Option<Vec<T>> {
    each_of(
        value,
        &format!("`{}`", key.name),
        key.example,
        findings,
        one,
    )
}

/// Reads a value or each value of a list. Reports a list without values: it
/// could mean everything as well as nothing.
pub(crate) fn each_of<T>(
    value: &Value<'_>,
    what: &str,
    example: &str,
    findings: &mut Findings,
    mut one: impl FnMut(Element<'_, '_>, &mut Findings) -> Option<T>,
) -> Option<Vec<T>> {
    let DeValue::Array(array) = value.get_ref() else {
        let element = Element {
            value,
            listed: false,
        };
        return one(element, findings).map(|read| vec![read]);
    };
    if array.is_empty() {
        let message = format!("{what} is an empty list");
        let help = format!("for example `{example}`; or leave it out");
        findings.add(Diagnostic::error(findings.place(value.span()), message).with_help(help));
        return None;
    }
    let read = array.iter().filter_map(|value| {
        let element = Element {
            value,
            listed: true,
        };
        one(element, findings)
    });
    Some(read.collect())
}
