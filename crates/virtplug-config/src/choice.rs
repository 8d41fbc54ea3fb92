//! Values out of a few: words, speeds, and what the firmware says of a port.

use toml::de::DeValue;
use virtplug_core::{GuestReset, Removable, Speed};

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::key::{Key, Kind};
use crate::list::{Element, each};
use crate::mismatch::{self, raw};
use crate::suggestion::{nearest_word, quoted};
use crate::table::Value;
use crate::value::quoted_string;

/// Words for speeds, as the USB specifications name them. From 10 Gbit/s on
/// all is one word.
const SPEEDS: [(&str, &[Speed]); 5] = [
    ("low", &[Speed::Low]),
    ("full", &[Speed::Full]),
    ("high", &[Speed::High]),
    ("super", &[Speed::Super]),
    ("super-plus", &[Speed::SuperPlus, Speed::SuperPlus20]),
];

/// All texts that name speeds.
pub(crate) fn speed_texts() -> impl Iterator<Item = &'static str> {
    let attributes = Speed::ALL.into_iter().map(Speed::attribute);
    attributes.chain(SPEEDS.iter().map(|(word, _)| *word))
}

fn speeds_of(text: &str) -> Option<Vec<Speed>> {
    let word = SPEEDS.iter().find(|(word, _)| *word == text);
    word.map(|(_, speeds)| speeds.to_vec())
        .or_else(|| Speed::of_attribute(text).map(|speed| vec![speed]))
}

/// One speed or several.
pub(crate) fn speeds(value: &Value<'_>, key: &Key, findings: &mut Findings) -> Option<Vec<Speed>> {
    let read = each(value, key, findings, |element, findings| {
        let text = match element.value.get_ref() {
            // As the kernel writes them they are numbers.
            DeValue::Integer(_) | DeValue::Float(_) => raw(element.value, findings).to_owned(),
            _ => text_of(element, key, findings)?,
        };
        // `lsusb -t` adds the unit.
        let plain = text.trim_end_matches(|c: char| c.is_alphabetic() || c == '/' || c == ' ');
        speeds_of(&text).or_else(|| {
            let meant = (!plain.is_empty())
                .then(|| speeds_of(plain)?.first().map(|speed| speed.attribute()))
                .flatten();
            refuse(element, key, &text, meant, speed_texts(), findings);
            None
        })
    });
    read.map(|read| read.concat())
}

/// One value of the kernel's `removable` or several.
pub(crate) fn removables(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<Vec<Removable>> {
    each(value, key, findings, |element, findings| {
        match (element.value.get_ref(), raw(element.value, findings)) {
            (DeValue::Boolean(_), "true") => return Some(Removable::Removable),
            (DeValue::Boolean(_), "false") => return Some(Removable::Fixed),
            _ => {}
        }
        let text = text_of(element, key, findings)?;
        Removable::of_attribute(&text).or_else(|| {
            let words = Removable::ALL.into_iter().map(Removable::attribute);
            refuse(element, key, &text, None, words, findings);
            None
        })
    })
}

/// What a reset by the guest does.
pub(crate) fn guest_reset(
    value: &Value<'_>,
    key: &Key,
    findings: &mut Findings,
) -> Option<GuestReset> {
    let Kind::Choice(words) = key.kind else {
        return None;
    };
    let element = Element {
        value,
        listed: false,
    };
    // People expect a switch here.
    let switch = match raw(value, findings) {
        "true" => Some("on"),
        "false" => Some("off"),
        _ => None,
    };
    if let Some(word) = switch {
        let help = format!("write `{} = \"{word}\"`", key.name);
        mismatch::add(value, key, Some(help), findings);
        return None;
    }
    let text = text_of(element, key, findings)?;
    let known = GuestReset::ALL
        .into_iter()
        .find(|reset| reset.as_str() == text);
    if known.is_none() {
        refuse(element, key, &text, None, words.iter().copied(), findings);
    }
    known
}

/// The text in quotes, or a finding.
fn text_of(element: Element<'_, '_>, key: &Key, findings: &mut Findings) -> Option<String> {
    if let Some(text) = quoted_string(element.value, findings) {
        return Some(text.into_inner());
    }
    let help = mismatch::in_quotes(element.value, findings).map_or_else(
        || format!("for example `{}`", key.example),
        |text| element.write(key.name, &text),
    );
    let what = element.called(&format!("`{}`", key.name));
    mismatch::add_for(element.value, &what, key.takes, help, findings);
    None
}

/// Says that a text is none of the words, and which one may be meant.
fn refuse(
    element: Element<'_, '_>,
    key: &Key,
    text: &str,
    meant: Option<&str>,
    words: impl Iterator<Item = &'static str>,
    findings: &mut Findings,
) {
    let words: Vec<&str> = words.collect();
    let message = format!("`{}` cannot be {}", key.name, quoted(text));
    let mut finding = Diagnostic::error(findings.place(element.value.span()), message);
    if let Some(meant) = meant.or_else(|| nearest_word(text, &words)) {
        finding = finding.with_help(format!("did you mean `\"{meant}\"`?"));
    }
    let allowed: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    findings.add(finding.with_help(format!("allowed are {}", allowed.join(", "))));
}
