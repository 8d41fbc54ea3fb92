//! Conditions of udev's rules in the words of ours.

use std::collections::BTreeMap;

use super::super::glob;
use super::super::matcher::{Text, Wanted, short_serial};
use super::tokens::Token;

/// What a condition means for a device that was just plugged in.
pub(super) enum Outcome {
    /// It holds for each.
    Always,
    /// It holds for none.
    Never,
    /// It holds for some. With something to know.
    Wanted(Box<Wanted>, Option<&'static str>),
    /// It cannot be said; follows the condition in a sentence.
    Refused(&'static str),
}

const NEVER_HELD: &str = "this rule never held, since the value is not written as the kernel does; switched off here, too";

pub(super) fn condition(token: &Token) -> Outcome {
    let texts = glob::texts(&token.value);
    let attribute = token.attribute.as_deref().unwrap_or_default();
    let equal = token.operator == "==";
    let constant = |value: &str| {
        if texts.iter().any(|text| text.holds(value)) == equal {
            Outcome::Always
        } else {
            Outcome::Never
        }
    };
    if token.folds {
        return Outcome::Refused("does not mind upper and lower case, which cannot be said here");
    }
    match (token.key.as_str(), attribute) {
        ("SUBSYSTEM", _) | ("ENV", "SUBSYSTEM") => constant("usb"),
        ("ENV", "DEVTYPE") => constant("usb_device"),
        ("ACTION", _) | ("ENV", "ACTION") => constant("add"),
        // Parents count, too, and those of a device on USB are on USB.
        ("SUBSYSTEMS", _) if equal && texts.contains(&Text::Exact("usb".into())) => Outcome::Always,
        ("ENV", name) => env(name, texts, equal),
        ("ATTR", name) => attribute_of(name, texts, equal, None),
        ("ATTRS", name) if equal => attribute_of(
            name,
            texts,
            equal,
            Some(
                "ATTRS also holds for what is plugged into such a device; here only the device itself is meant (see `behind`)",
            ),
        ),
        ("DEVPATH", _) if equal => path(texts),
        ("KERNEL", _) if equal => path(kernel(&token.value)),
        ("TAG", _) if equal => match texts.as_slice() {
            [Text::Exact(tag)] if !tag.is_empty() => wanted(
                Wanted {
                    tags: vec![tag.clone()],
                    ..Wanted::default()
                },
                None,
            ),
            _ => Outcome::Refused("has a pattern for a tag, which cannot be said here"),
        },
        ("PROGRAM" | "RESULT" | "TEST" | "IMPORT", _) => {
            Outcome::Refused("would have to be executed")
        }
        ("KERNELS" | "SUBSYSTEMS" | "DRIVERS" | "TAGS" | "ATTRS", _) => {
            Outcome::Refused("looks at what the device is plugged into (see `behind`)")
        }
        _ => Outcome::Refused("has no counterpart here"),
    }
}

fn wanted(wanted: Wanted, note: Option<&'static str>) -> Outcome {
    Outcome::Wanted(Box::new(wanted), note)
}

/// With `!=`, what the condition excludes.
fn signed(condition: Wanted, equal: bool, note: Option<&'static str>) -> Outcome {
    if equal {
        return wanted(condition, note);
    }
    if condition.disabled {
        // What never holds excludes nothing.
        return Outcome::Always;
    }
    let excluding = Wanted {
        not: vec![condition],
        ..Wanted::default()
    };
    wanted(excluding, note)
}

fn path(texts: Vec<Text>) -> Outcome {
    let note = "the path depends on how the buses are numbered; `stable-port` does not (`virtplug devices` shows it)";
    let env = BTreeMap::from([("DEVPATH".to_owned(), texts)]);
    wanted(
        Wanted {
            env,
            ..Wanted::default()
        },
        Some(note),
    )
}

/// The kernel's name of a device is the last part of its path. A port would
/// also mean the other half of the socket.
fn kernel(value: &str) -> Vec<Text> {
    let alternative = |name: &str| {
        let pattern = glob::regex(name, "[^/]");
        Text::Regex(pattern.replacen("(?s)^", "/", 1))
    };
    value.split('|').map(alternative).collect()
}

fn env(name: &str, texts: Vec<Text>, equal: bool) -> Outcome {
    let property = |texts: Vec<Text>| Wanted {
        env: BTreeMap::from([(name.to_owned(), texts)]),
        ..Wanted::default()
    };
    if texts.contains(&Text::Exact(String::new())) {
        // Empty and absent are the same to udev.
        if texts.len() > 1 {
            return Outcome::Refused("asks for nothing or something, which cannot be said here");
        }
        let filled = property(vec![Text::Regex("(?s).".to_owned())]);
        return signed(filled, !equal, None);
    }
    match (name, texts.as_slice()) {
        ("PRODUCT", [Text::Exact(text)]) => {
            let (product, held) = product(text);
            let note = (!held).then_some(NEVER_HELD);
            match (product, equal) {
                (Some(product), true) => wanted(
                    Wanted {
                        disabled: !held,
                        ..product
                    },
                    note,
                ),
                (Some(product), false) if held => signed(product, false, None),
                _ => signed(property(texts), equal, None),
            }
        }
        ("PRODUCT", [Text::Glob(text)]) if equal && text.ends_with("/*") => {
            let stem = text.trim_end_matches('*');
            match product(&format!("{stem}0")) {
                (Some(product), true) => wanted(
                    Wanted {
                        revision: Vec::new(),
                        ..product
                    },
                    None,
                ),
                _ => wanted(property(texts), None),
            }
        }
        ("ID_VENDOR_ID", _) => ids(
            Wanted {
                vendor: texts,
                ..Wanted::default()
            },
            equal,
            None,
        ),
        ("ID_MODEL_ID", _) => ids(
            Wanted {
                product: texts,
                ..Wanted::default()
            },
            equal,
            None,
        ),
        ("ID_SERIAL_SHORT", [Text::Exact(text)]) => signed(short_serial(text), equal, None),
        _ => signed(property(texts), equal, None),
    }
}

/// The kernel's `PRODUCT`: vendor, product and revision in hexadecimal without
/// leading zeros. Also whether it is written as the kernel does.
fn product(text: &str) -> (Option<Wanted>, bool) {
    let parts: Vec<Option<u16>> = text
        .split('/')
        .map(|part| u16::from_str_radix(part, 16).ok())
        .collect();
    let [Some(vendor), Some(product), Some(revision)] = parts.as_slice() else {
        return (None, true);
    };
    let wanted = Wanted {
        revision: Text::exact(format!("{revision:04x}")),
        ..Wanted::product(*vendor, *product)
    };
    (
        Some(wanted),
        text == format!("{vendor:x}/{product:x}/{revision:x}"),
    )
}

fn attribute_of(name: &str, texts: Vec<Text>, equal: bool, note: Option<&'static str>) -> Outcome {
    let mut condition = Wanted::default();
    let field = match name {
        "idVendor" => &mut condition.vendor,
        "idProduct" => &mut condition.product,
        "bcdDevice" => &mut condition.revision,
        "serial" => &mut condition.serial,
        "manufacturer" => &mut condition.manufacturer,
        "product" => &mut condition.product_name,
        _ => return Outcome::Refused("asks for an attribute that has no counterpart here"),
    };
    *field = texts;
    if !equal && !matches!(name, "idVendor" | "idProduct" | "bcdDevice") {
        return Outcome::Refused(
            "excludes a text that a device need not have, which udev's versions judge differently",
        );
    }
    ids(condition, equal, note)
}

/// Ids are four lower-case digits in sysfs; what is written otherwise holds for
/// none, and is switched off here.
fn ids(mut condition: Wanted, equal: bool, note: Option<&'static str>) -> Outcome {
    for field in [
        &mut condition.vendor,
        &mut condition.product,
        &mut condition.revision,
    ] {
        for text in field {
            let Text::Exact(text) = text else { continue };
            let Ok(number) = u16::from_str_radix(text, 16) else {
                return Outcome::Refused("is no id: four hexadecimal digits are needed");
            };
            let written = format!("{number:04x}");
            condition.disabled |= *text != written;
            *text = written;
        }
    }
    let note = if condition.disabled {
        Some(NEVER_HELD)
    } else {
        note
    };
    signed(condition, equal, note)
}
