//! Serial numbers, hidden from those who may not see them.

mod replies;

use std::collections::BTreeSet;

use virtplug_core::{Engine, Escaped, Fact, Matcher, Policy};

/// What stands in place of a serial number.
const HIDDEN: &str = "(hidden)";

/// A serial number of so many characters is found inside of words, too.
const TELLING: usize = 6;

/// A reply that may tell serial numbers.
pub(crate) trait HideSerials {
    /// Hides them.
    fn hide_serials(&mut self, serials: &Serials);
}

/// All serial numbers that are known at the moment, as they are shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Serials {
    /// The longest first, as one may be a part of another.
    known: Vec<String>,
}

impl Serials {
    /// Those of the devices, in the form that udev gives them, too, and those
    /// that rules ask for.
    pub(crate) fn of(engine: &Engine) -> Self {
        let mut known = BTreeSet::new();
        for view in engine.devices() {
            if let Fact::Known(Some(serial)) = &view.device.serial {
                known.insert(serial.to_string());
            }
            let record = view.device.udev.known();
            for (name, value) in record
                .into_iter()
                .flat_map(|record| record.properties.iter())
            {
                if name.contains("SERIAL_SHORT") {
                    known.insert(Escaped(value).to_string());
                }
            }
        }
        let rules = engine.policy().into_iter().flat_map(Policy::rules);
        for rule in rules {
            add_wanted(&rule.matcher, &mut known);
        }
        let mut known: Vec<String> = known.into_iter().filter(|one| !one.is_empty()).collect();
        known.sort_by_key(|one| std::cmp::Reverse(one.len()));
        Self { known }
    }

    /// Whether a text tells one of them.
    fn occur_in(&self, text: &str) -> bool {
        self.known.iter().any(|one| find(text, one, 0).is_some())
    }

    /// Hides them in a text. A short one is hidden where it is a word of its own.
    fn hide_in(&self, text: &mut String) {
        for one in &self.known {
            let mut from = 0;
            while let Some(at) = find(text, one, from) {
                text.replace_range(at..at + one.len(), HIDDEN);
                from = at + HIDDEN.len();
            }
        }
    }

    /// Hides them in a text in which all of them are in quotes.
    fn hide_quoted(&self, text: &mut String) {
        for one in &self.known {
            let quoted = format!("\"{one}\"");
            if text.contains(&quoted) {
                *text = text.replace(&quoted, &format!("\"{HIDDEN}\""));
            }
        }
    }
}

/// Adds what a matcher asks of serial numbers.
fn add_wanted(matcher: &Matcher, known: &mut BTreeSet<String>) {
    let properties = matcher.properties.iter();
    let properties = properties.filter(|(name, _)| is_serial(name));
    let properties = properties.map(|(_, wanted)| wanted);
    for wanted in matcher.serial.iter().chain(properties) {
        known.extend(wanted.iter().map(|one| Escaped(one.as_str()).to_string()));
    }
    let nested = matcher.not.iter().chain(matcher.any.iter().flatten());
    for inner in nested.chain(matcher.behind.iter().flatten()) {
        add_wanted(inner, known);
    }
}

/// Whether a key or a property by its name tells a serial number.
fn is_serial(name: &str) -> bool {
    name.to_ascii_lowercase().contains("serial")
}

/// Where a text tells a serial number, from a place on.
fn find(text: &str, serial: &str, from: usize) -> Option<usize> {
    let joins = |c: Option<char>| {
        c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '_' | '/'))
    };
    let found = text.get(from..)?.match_indices(serial);
    found.map(|(at, _)| from + at).find(|at| {
        let before = text.get(..*at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + serial.len()..)
            .and_then(|text| text.chars().next());
        serial.len() >= TELLING || !(joins(before) || joins(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        let serials = Serials {
            known: vec!["4C530001".to_owned(), "A1".to_owned()],
        };
        let mut text = text.to_owned();
        serials.hide_in(&mut text);
        text
    }

    #[test]
    fn serial_numbers_are_hidden_wherever_they_are_told() {
        for (text, shown) in [
            ("serial \"A1\"", "serial \"(hidden)\""),
            ("A1 and A1", "(hidden) and (hidden)"),
            ("usb-SanDisk_4C530001-0:0", "usb-SanDisk_(hidden)-0:0"),
            // Part of a word, an id and a path are something else.
            ("A10 xA1 A1:02 /A1", "A10 xA1 A1:02 /A1"),
            ("", ""),
        ] {
            assert_eq!(hidden(text), shown);
        }
    }
}
