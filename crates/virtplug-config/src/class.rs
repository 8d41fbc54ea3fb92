//! Class codes of devices and interfaces.

use toml::de::DeValue;
use virtplug_core::{ClassPattern, Interfaces};

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::{ALL_INTERFACES, ANY_INTERFACE, INTERFACE_TABLE, Key, ONLY_INTERFACES};
use crate::list::{Element, each};
use crate::mismatch::{self, raw};
use crate::suggestion::{nearest_word, quoted};
use crate::table::{Value, check_keys, get};
use crate::value::quoted_string;

/// Names that people use for classes (USB-IF, defined class codes).
const NAMES: [(&str, &str); 30] = [
    ("audio", "01"),
    ("sound", "01"),
    ("communications", "02"),
    ("cdc", "02"),
    ("modem", "02"),
    ("serial", "02"),
    ("hid", "03"),
    ("input", "03"),
    ("keyboard", "03:01:01"),
    ("mouse", "03:01:02"),
    ("image", "06"),
    ("imaging", "06"),
    ("camera", "06"),
    ("printer", "07"),
    ("mass-storage", "08"),
    ("storage", "08"),
    ("disk", "08"),
    ("hub", "09"),
    ("cdc-data", "0a"),
    ("smart-card", "0b"),
    ("smartcard", "0b"),
    ("ccid", "0b"),
    ("video", "0e"),
    ("webcam", "0e"),
    ("wireless", "e0"),
    ("bluetooth", "e0:01:01"),
    ("miscellaneous", "ef"),
    ("application-specific", "fe"),
    ("vendor-specific", "ff"),
    ("vendor", "ff"),
];

/// Classes that the USB-IF defines for interfaces only.
const OF_INTERFACES: [u8; 9] = [0x01, 0x03, 0x06, 0x07, 0x08, 0x0a, 0x0b, 0x0d, 0x0e];

/// The class of the device as a whole.
pub(crate) fn of_device(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<Vec<ClassPattern>> {
    each(value, key, findings, |element, findings| {
        let pattern = one(element, key, findings)?;
        if pattern
            .class
            .is_some_and(|class| OF_INTERFACES.contains(&class))
        {
            let span = element.value.span();
            let message = format!("hardly any device has the class {pattern} as a whole");
            findings.add(
                Diagnostic::warning(findings.place(span), message).with_help(format!(
                    "this class is one of interfaces; write `interfaces = \"{pattern}\"`"
                )),
            );
        }
        Some(pattern)
    })
}

/// The classes of interfaces.
pub(crate) fn of_interfaces(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<Interfaces> {
    let DeValue::Table(table) = value.get_ref() else {
        return list(value, key, findings).map(|any| Interfaces {
            any,
            ..Interfaces::default()
        });
    };
    let found = findings.errors();
    check_keys(table, &INTERFACE_TABLE, findings, |_, _| None);
    let mut read = |key: &Key| {
        get(table, key)
            .and_then(|value| list(value, key, findings))
            .unwrap_or_default()
    };
    let interfaces = Interfaces {
        any: read(&ANY_INTERFACE),
        all: read(&ALL_INTERFACES),
        only: read(&ONLY_INTERFACES),
    };
    if interfaces == Interfaces::default() && findings.errors() == found {
        let message = format!("`{}` asks for nothing", key.name);
        let help =
            "write `any`, `all` or `only` in it, such as `interfaces = { all = [\"03\", \"01\"] }`";
        findings.add(Diagnostic::error(findings.place(value.span()), message).with_help(help));
        return None;
    }
    Some(interfaces)
}

fn list(value: &Value<'_>, key: &Key, findings: &mut Findings) -> Option<Vec<ClassPattern>> {
    each(value, key, findings, |element, findings| {
        one(element, key, findings)
    })
}

fn one(element: Element<'_, '_>, key: &Key, findings: &mut Findings) -> Option<ClassPattern> {
    let Some(text) = quoted_string(element.value, findings) else {
        let what = element.called(&format!("`{}`", key.name));
        let raw = raw(element.value, findings);
        let help = meant(raw).map_or_else(
            || format!("for example `{}`", key.example),
            |code| element.write(key.name, &format!("\"{code}\"")),
        );
        let takes = if element.listed {
            "a class code in quotes"
        } else {
            key.takes
        };
        mismatch::add_for(element.value, &what, takes, help, findings);
        return None;
    };
    let text = text.into_inner();
    match text.parse() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let message = format!("`{}` is no class code: {}", key.name, quoted(&text));
            let help = meant(&text).map_or_else(
                || error.to_string(),
                |code| element.write(key.name, &format!("\"{code}\"")),
            );
            let place = findings.place(element.value.span());
            findings.add(Diagnostic::error(place, message).with_help(help));
            None
        }
    }
}

/// The code that somebody meant: by its name, with `0x`, as udev's
/// ID_USB_INTERFACES (`:030101:`), or plain digits.
fn meant(text: &str) -> Option<String> {
    let plain = text.trim_matches([':', ' ', '"', '\'']).to_lowercase();
    let digits = plain.strip_prefix("0x").unwrap_or(&plain);
    let hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let code = match digits.len() {
        1 | 2 if hex => Some(digits.to_owned()),
        4 | 6 if hex => {
            let pairs: Vec<&str> = [0, 2, 4]
                .iter()
                .filter_map(|at| digits.get(*at..at + 2))
                .collect();
            Some(pairs.join(":"))
        }
        _ => None,
    };
    let code = code.or_else(|| {
        let plain = plain.replace([' ', '_'], "-");
        let names = NAMES.map(|(name, _)| name);
        let name = nearest_word(&plain, &names)?;
        let (_, code) = NAMES.iter().find(|(known, _)| *known == name)?;
        Some((*code).to_owned())
    })?;
    let pattern: ClassPattern = code.parse().ok()?;
    Some(pattern.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_known_by_name_and_digits() {
        for (text, code) in [
            ("3", "03"),
            ("0x08", "08"),
            (":030101:", "03:01:01"),
            ("0301", "03:01"),
            ("Mass Storage", "08"),
            ("keybord", "03:01:01"),
        ] {
            assert_eq!(meant(text).as_deref(), Some(code), "{text}");
        }
        for text in ["", "x", "0x", ":080650:030101:", "ü"] {
            assert_eq!(meant(text), None, "{text}");
        }
    }

    #[test]
    fn every_name_leads_to_a_code() {
        for (name, code) in NAMES {
            assert_eq!(meant(name).as_deref(), Some(code), "{name}");
        }
    }
}
