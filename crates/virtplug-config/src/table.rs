//! Tables with known keys.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::{Key, Shape};
use crate::suggestion::{nearest, quoted};

/// A value and its span.
pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

/// What is known of a key that does not belong where it is.
#[derive(Debug)]
pub(crate) struct Hint {
    /// What is wrong with it. `None`: it is unknown there.
    pub(crate) message: Option<String>,
    pub(crate) help: String,
}

impl Hint {
    /// Help for an unknown key.
    pub(crate) fn help(help: impl Into<String>) -> Self {
        Self {
            message: None,
            help: help.into(),
        }
    }
}

/// Reports each key that a table of this shape does not have. `hint` may know
/// better than a comparison of names what a key was meant for.
pub(crate) fn check_keys<'t>(
    table: &DeTable<'t>,
    shape: &Shape,
    findings: &mut Findings,
    hint: impl Fn(&str, &Value<'t>) -> Option<Hint>,
) {
    for (key, value) in table {
        let name: &str = key.get_ref();
        if shape.keys.iter().any(|known| known.name == name) {
            continue;
        }
        let hint = hint(name, value).or_else(|| {
            let meant = nearest(name, shape)?;
            Some(Hint::help(format!("did you mean `{}`?", meant.name)))
        });
        let (message, help) = match hint {
            Some(Hint { message, help }) => (message, Some(help)),
            None => (None, None),
        };
        let message =
            message.unwrap_or_else(|| format!("unknown key {} in {}", quoted(name), shape.name));
        let mut finding = Diagnostic::error(findings.place(key.span()), message);
        if let Some(help) = help {
            finding = finding.with_help(help);
        }
        findings.add(finding.with_help(known_keys(shape)));
    }
}

fn known_keys(shape: &Shape) -> String {
    let names: Vec<String> = shape
        .keys
        .iter()
        .map(|key| format!("`{}`", key.name))
        .collect();
    match names.as_slice() {
        [only] => format!("the only key is {only}"),
        _ => format!("the keys are {}", names.join(", ")),
    }
}

/// The value of a key.
pub(crate) fn get<'a, 't>(table: &'a DeTable<'t>, key: &Key) -> Option<&'a Value<'t>> {
    table.get(key.name)
}
