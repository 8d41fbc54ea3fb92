//! Text from outside that must not reach a terminal or a log as it is.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

/// A string descriptor or another byte string of a device, exactly as read.
///
/// `Display` escapes what could steer a terminal or forge a line; matching
/// uses [`RawText::as_bytes`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct RawText(Vec<u8>);

/// How bytes are written down: as a text if they are one, so that people can read it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<RawText> for Written {
    fn from(text: RawText) -> Self {
        String::from_utf8(text.0).map_or_else(|bytes| Self::Bytes(bytes.into_bytes()), Self::Text)
    }
}

impl From<Written> for RawText {
    fn from(written: Written) -> Self {
        match written {
            Written::Text(text) => Self(text.into_bytes()),
            Written::Bytes(bytes) => Self(bytes),
        }
    }
}

impl RawText {
    /// Takes the bytes as they are.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes as read.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for RawText {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Display for RawText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escape(&self.0))
    }
}

/// Shows a string of libvirt or of the user, with the same escapes as [`RawText`].
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escape(self.0.as_bytes()))
    }
}

/// Writes bytes as printable text: control characters and bytes that are no
/// UTF-8 as `\xNN`, characters that change direction or have no width as
/// `\u{NNNN}`, a backslash as `\\`. Distinct inputs give distinct outputs.
fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            // Writing to a string does not fail.
            let _ = match c {
                '\\' => out.write_str("\\\\"),
                c if c.is_ascii_control() => write!(out, "\\x{:02x}", c as u32),
                c if c.is_control() || is_deceptive(c) => write!(out, "\\u{{{:x}}}", c as u32),
                c => out.write_char(c),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Characters that are invisible or reorder what is around them: the bidi
/// controls of Unicode UAX #9, zero-width characters, line and paragraph
/// separators, tags, variation selectors and noncharacters.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        || (c as u32) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        let hostile = RawText::new(b"\x1b[31mred\x07\n\tE:ID_EVIL=1\xff\\".to_vec());
        assert_eq!(
            hostile.to_string(),
            r"\x1b[31mred\x07\x0a\x09E:ID_EVIL=1\xff\\"
        );
        assert_eq!(
            Escaped("a\u{202e}b\u{200b}\u{85}").to_string(),
            r"a\u{202e}b\u{200b}\u{85}"
        );
    }

    #[test]
    fn plain_text_stays() {
        assert_eq!(
            RawText::from("Häuser 日本 <&\"'%s{}$(id)").to_string(),
            "Häuser 日本 <&\"'%s{}$(id)"
        );
    }
}
