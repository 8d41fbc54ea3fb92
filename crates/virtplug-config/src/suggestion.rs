//! What the user may have meant.

use virtplug_core::Escaped;

use crate::key::{Key, OTHER_NAMES, Shape};

/// Longest foreign text, in characters, that a message repeats.
const MAX_SHOWN: usize = 80;

/// Foreign text for a message: escaped, shortened, in backquotes.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("`{}…`", Escaped(text.get(..end).unwrap_or_default())),
        None => format!("`{}`", Escaped(text)),
    }
}

/// The key of a shape that an unknown one looks most like.
pub(crate) fn nearest(unknown: &str, shape: &Shape) -> Option<&'static Key> {
    if unknown.len() > MAX_SHOWN {
        return None;
    }
    let plain = unknown.to_lowercase().replace(['_', ' ', '.'], "-");
    let known = |name: &str| shape.keys.iter().copied().find(|key| key.name == name);
    let other_name = OTHER_NAMES
        .iter()
        .find(|(other, _)| *other == plain)
        .and_then(|(_, name)| known(name));
    other_name.or_else(|| {
        shape
            .keys
            .iter()
            .map(|key| (strsim::damerau_levenshtein(&plain, key.name), *key))
            .filter(|(distance, key)| *distance <= (key.name.len() / 3).max(1))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, key)| key)
    })
}

/// The word that an unknown one looks most like.
pub(crate) fn nearest_word<'w>(unknown: &str, words: &[&'w str]) -> Option<&'w str> {
    if unknown.len() > MAX_SHOWN {
        return None;
    }
    let plain = unknown.to_lowercase().replace(['_', ' '], "-");
    words
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&plain, word), *word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).min(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// A text as a TOML string, where that can be done on one line.
pub(crate) fn toml_string(text: &str) -> Option<String> {
    let printable = Escaped(text).to_string().replace("\\\\", "\\") == text;
    if text.is_empty() || text.chars().nth(MAX_SHOWN).is_some() || !printable {
        None
    } else if !text.contains(['"', '\\']) {
        Some(format!("\"{text}\""))
    } else if !text.contains('\'') {
        Some(format!("'{text}'"))
    } else {
        None
    }
}

/// A key as TOML writes it.
pub(crate) fn toml_key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        toml_string(name).unwrap_or_else(|| "NAME".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{CONDITIONS, CONTROL_TABLE, DEFAULTS_TABLE, MACHINE, MAIN, PATTERN, RULE};

    fn nearest_name(unknown: &str, shape: &Shape) -> Option<&'static str> {
        nearest(unknown, shape).map(|key| key.name)
    }

    #[test]
    fn slips_and_other_tools_names_are_recognised() {
        for (unknown, known) in [
            ("vendr", "vendor"),
            ("Vendor", "vendor"),
            ("idVendor", "vendor"),
            ("vendor_id", "vendor"),
            ("vid", "vendor"),
            ("prodcut", "product"),
            ("current_tags", "current-tags"),
            ("tag", "tags"),
            ("prot", "port"),
            ("ENV", "env"),
        ] {
            assert_eq!(nearest_name(unknown, &RULE), Some(known), "{unknown}");
        }
        assert_eq!(nearest_name("devices", &MACHINE), Some("device"));
        assert_eq!(nearest_name("machine", &MAIN), Some("machines"));
    }

    #[test]
    fn nothing_is_guessed_from_afar() {
        for unknown in [
            "",
            "x",
            "intersection",
            "colour",
            "💥",
            &"v".repeat(100_000),
        ] {
            assert_eq!(nearest_name(unknown, &RULE), None);
        }
        // A name for something that this table does not have.
        assert_eq!(nearest_name("vid", &MAIN), None);
    }

    #[test]
    fn every_other_name_leads_somewhere() {
        for (other, name) in OTHER_NAMES {
            let known = [
                &MAIN,
                &MACHINE,
                &RULE,
                &CONDITIONS,
                &DEFAULTS_TABLE,
                &CONTROL_TABLE,
                &PATTERN,
            ]
            .iter()
            .any(|shape| nearest_name(other, shape) == Some(name));
            assert!(known, "{other}");
        }
    }

    #[test]
    fn foreign_text_is_escaped_and_shortened() {
        assert_eq!(quoted("a\u{1b}b"), r"`a\x1bb`");
        assert_eq!(quoted(&"ü".repeat(81)), format!("`{}…`", "ü".repeat(80)));
        assert_eq!(quoted(&"ü".repeat(80)), format!("`{}`", "ü".repeat(80)));
    }

    #[test]
    fn a_suggested_string_reads_back() {
        for text in ["a", "a b", r"C:\x", "say \"x\"", "it's", "日本"] {
            let line = format!("x = {}", toml_string(text).unwrap());
            let table = line.parse::<toml::Table>().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
        for text in ["", "a\nb", "\u{202e}", "'\"", &"x".repeat(100)] {
            assert_eq!(toml_string(text), None, "{text:?}");
        }
    }
}
