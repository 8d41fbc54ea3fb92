//! What udev says of a device: properties and tags.

use toml::de::DeValue;
use virtplug_core::Patterns;

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::{Exact, Key};
use crate::list::{self, Element};
use crate::mismatch;
use crate::suggestion::{quoted, toml_key};
use crate::table::Value;
use crate::text::{self, Wanted};

/// A table of wanted texts, each with a name that a udev property can have.
pub(crate) fn properties(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Vec<(String, Patterns)> {
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
            continue;
        }
        let wanted = Wanted {
            key,
            what: format!("the udev property {}", quoted(plain)),
            name: toml_key(plain),
            exact: Exact::Any,
            takes: "text in quotes",
        };
        if let Some(patterns) = text::read_wanted(value, &wanted, findings) {
            properties.push((plain.to_owned(), patterns));
        }
    }
    properties
}

/// A list of wanted texts, each of which must be there; a list in it means any
/// of its texts.
pub(crate) fn tags(value: &Value<'_>, key: &Key, findings: &mut Findings) -> Vec<Patterns> {
    let Some(array) = list::of_texts(value, key, findings) else {
        return Vec::new();
    };
    let wanted = Wanted {
        takes: "text in quotes",
        ..Wanted::of(key)
    };
    array
        .iter()
        .filter_map(|value| {
            if let DeValue::Array(_) = value.get_ref() {
                return text::read_wanted(value, &wanted, findings);
            }
            let element = Element {
                value,
                listed: true,
            };
            text::read_one(element, &wanted, findings).map(Patterns::from)
        })
        .collect()
}
