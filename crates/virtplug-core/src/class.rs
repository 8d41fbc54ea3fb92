//! USB class codes, and what a rule says about them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::ParseIdError;

/// Class of a hub (USB 2.0, 11.23.1).
const HUB: u8 = 0x09;

/// Class, subclass and protocol of a device or of an interface (USB 2.0,
/// 9.6.1 and 9.6.5). Shown as `03:01:02`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct ClassCode {
    /// `bDeviceClass` or `bInterfaceClass`.
    pub class: u8,
    /// `bDeviceSubClass` or `bInterfaceSubClass`.
    pub subclass: u8,
    /// `bDeviceProtocol` or `bInterfaceProtocol`.
    pub protocol: u8,
}

impl ClassCode {
    /// A code from its three numbers.
    pub fn new(class: u8, subclass: u8, protocol: u8) -> Self {
        Self {
            class,
            subclass,
            protocol,
        }
    }

    /// Whether this is a hub.
    pub fn is_hub(self) -> bool {
        self.class == HUB
    }
}

impl fmt::Display for ClassCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:02x}:{:02x}:{:02x}",
            self.class, self.subclass, self.protocol
        )
    }
}

/// Codes that a rule asks for: each part that is given must be equal.
/// Written `03`, `03:01`, `03::02` or `:01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassPattern {
    /// The class, if it matters.
    pub class: Option<u8>,
    /// The subclass, if it matters.
    pub subclass: Option<u8>,
    /// The protocol, if it matters.
    pub protocol: Option<u8>,
}

impl ClassPattern {
    /// Whether a code is one of those.
    pub fn holds(self, code: ClassCode) -> bool {
        let equal = |wanted: Option<u8>, actual: u8| wanted.is_none_or(|wanted| wanted == actual);
        equal(self.class, code.class)
            && equal(self.subclass, code.subclass)
            && equal(self.protocol, code.protocol)
    }
}

impl fmt::Display for ClassPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: Option<u8>| part.map_or_else(String::new, |part| format!("{part:02x}"));
        let text = [self.class, self.subclass, self.protocol]
            .map(part)
            .join(":");
        f.write_str(text.trim_end_matches(':'))
    }
}

impl FromStr for ClassPattern {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let mut parts = [None; 3];
        let given: Vec<&str> = text.split(':').collect();
        if given.len() > parts.len() || given.iter().all(|part| part.is_empty()) {
            return Err(ParseIdError::Class);
        }
        for (part, given) in parts.iter_mut().zip(given) {
            let hex = given.len() <= 2 && given.bytes().all(|b| b.is_ascii_hexdigit());
            if !hex {
                return Err(ParseIdError::Class);
            }
            *part = u8::from_str_radix(given, 16).ok();
        }
        let [class, subclass, protocol] = parts;
        Ok(Self {
            class,
            subclass,
            protocol,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_and_write_alike_and_hold_for_what_they_name() {
        let keyboard = ClassCode::new(3, 1, 1);
        for (text, holds) in [
            ("03", true),
            ("03:01", true),
            ("03:01:01", true),
            ("03::01", true),
            (":01", true),
            ("::01", true),
            ("08", false),
            ("03:01:02", false),
            ("::02", false),
        ] {
            let pattern: ClassPattern = text.parse().unwrap();
            assert_eq!(pattern.to_string(), text);
            assert_eq!(pattern.holds(keyboard), holds, "{text}");
        }
        assert_eq!("3".parse::<ClassPattern>().unwrap().to_string(), "03");
        assert_eq!(keyboard.to_string(), "03:01:01");
    }

    #[test]
    fn what_names_no_class_is_refused() {
        for text in [
            "",
            ":",
            "::",
            "003",
            "0x3",
            "+3",
            "g",
            "03:01:01:01",
            "03-01",
        ] {
            assert!(text.parse::<ClassPattern>().is_err(), "{text:?}");
        }
    }
}
