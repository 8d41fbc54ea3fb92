//! A rule that is to be added.

use std::fmt::Write as _;
use std::path::Path;

use toml_edit::Key;
use virtplug_core::{Escaped, Matcher};

use crate::load::{Options, load_text};

/// A rule that is to be added: exact values only. At least one condition is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRule {
    /// A name for people.
    pub name: Option<String>,
    /// The vendor id.
    pub vendor: Option<String>,
    /// The product id.
    pub product: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// The port path.
    pub port: Option<String>,
    /// The port that does not depend on bus numbers.
    pub stable_port: Option<String>,
}

impl NewRule {
    /// Keys and values, in the order in which they are read best.
    fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        [
            ("name", &self.name),
            ("vendor", &self.vendor),
            ("product", &self.product),
            ("serial", &self.serial),
            ("port", &self.port),
            ("stable-port", &self.stable_port),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, string(value.as_deref()?))))
    }

    /// The rule below a header, each line with `newline`.
    pub(super) fn table(&self, header: &str, newline: &str) -> String {
        let mut text = format!("[[{header}]]{newline}");
        for (key, value) in self.fields() {
            // Writing to a string does not fail.
            let _ = write!(text, "{key} = {value}{newline}");
        }
        text
    }

    /// The rule as an inline table.
    pub(super) fn inline(&self) -> String {
        let fields: Vec<String> = self
            .fields()
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        format!("{{ {} }}", fields.join(", "))
    }

    /// What the loader makes of its conditions. `None`: there is none, or a
    /// value that is none.
    pub fn matcher(&self) -> Option<Matcher> {
        let text = self.table("machines.m.device", "\n");
        let loaded = load_text(
            Path::new("virtplug.toml"),
            text.as_bytes(),
            &Options::default(),
        );
        let policy = loaded.ok()?.policy;
        policy.rules().first().map(|rule| rule.matcher.clone())
    }
}

/// The name of a table, each part quoted where it must be.
pub(super) fn dotted(path: &[String]) -> String {
    let parts: Vec<String> = path
        .iter()
        .map(|part| match string(part) {
            // A bare or a literal form is easier to read where it is safe.
            quoted if quoted.contains("\\u") || quoted.contains("\\U") => quoted,
            _ => Key::new(part.as_str()).to_string(),
        })
        .collect();
    parts.join(".")
}

/// A TOML string that steers no terminal that shows the file: what is invisible
/// or moves the text around it is written as a number.
pub(super) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        // Writing to a string does not fail.
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            c if is_plain(c) => write!(out, "{c}"),
            c if u32::from(c) > 0xffff => write!(out, "\\U{:08x}", u32::from(c)),
            c => write!(out, "\\u{:04x}", u32::from(c)),
        };
    }
    out.push('"');
    out
}

fn is_plain(c: char) -> bool {
    let mut bytes = [0; 4];
    let text: &str = c.encode_utf8(&mut bytes);
    Escaped(text).to_string() == text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(serial: &str) -> NewRule {
        NewRule {
            serial: Some(serial.to_owned()),
            ..NewRule::default()
        }
    }

    #[test]
    fn each_text_is_read_back_as_it_was_and_steers_nothing() {
        for text in [
            "A1",
            "a\"b\\c'",
            "\u{1b}[31m\n\r\t]]",
            "x\u{202e}y\u{200b}",
            "é日本🖥\u{e0041}",
            "\u{7f}\u{85}",
        ] {
            let rule = serial(text);
            let wanted = Matcher {
                serial: Some(text.into()),
                ..Matcher::default()
            };
            assert_eq!(rule.matcher(), Some(wanted), "{text:?}");
            let written = rule.inline();
            let shown = Escaped(&written).to_string();
            assert_eq!(shown.replace("\\\\", "\\"), written, "{text:?}");
        }
    }

    #[test]
    fn a_rule_without_a_condition_is_none() {
        assert_eq!(NewRule::default().matcher(), None);
        assert_eq!(serial(" ").matcher(), None);
    }

    #[test]
    fn names_of_tables_are_quoted_where_they_must_be() {
        for (name, key) in [
            ("a-b_1", "machines.a-b_1"),
            ("win 10", "machines.\"win 10\""),
            ("a.b", "machines.\"a.b\""),
            ("x\u{202e}", "machines.\"x\\u202e\""),
        ] {
            assert_eq!(dotted(&["machines".to_owned(), name.to_owned()]), key);
        }
    }
}
