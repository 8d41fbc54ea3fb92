//! What a rule asks of a text: an exact value, a shell pattern or a regular expression.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Escaped;

/// One wanted text. Patterns see bytes that are no UTF-8 as U+FFFD.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Source", into = "Source")]
pub enum Pattern {
    /// Exactly these bytes.
    Exact(String),
    /// A shell pattern (`*`, `?`, `[…]`) that must cover the whole text.
    Glob(glob::Pattern),
    /// A regular expression that must hold somewhere in the text.
    Regex(regex::Regex),
}

/// A pattern as it was written.
#[derive(Serialize, Deserialize)]
enum Source {
    Exact(String),
    Glob(String),
    Regex(String),
}

impl From<Pattern> for Source {
    fn from(pattern: Pattern) -> Self {
        let text = pattern.as_str().to_owned();
        match pattern {
            Pattern::Exact(_) => Self::Exact(text),
            Pattern::Glob(_) => Self::Glob(text),
            Pattern::Regex(_) => Self::Regex(text),
        }
    }
}

impl TryFrom<Source> for Pattern {
    type Error = PatternError;

    fn try_from(source: Source) -> Result<Self, PatternError> {
        match source {
            Source::Exact(text) => Ok(Self::Exact(text)),
            Source::Glob(text) => Self::glob(&text),
            Source::Regex(text) => Self::regex(&text),
        }
    }
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A shell pattern with a mistake.
    #[error("{message} (at character {position})")]
    Glob {
        /// What is wrong.
        message: &'static str,
        /// Where, in characters, from 1.
        position: usize,
    },
    /// A regular expression with a mistake, in the words of the `regex` crate.
    #[error("{0}")]
    Regex(String),
}

impl Pattern {
    /// A shell pattern.
    pub fn glob(text: &str) -> Result<Self, PatternError> {
        glob::Pattern::new(text)
            .map(Self::Glob)
            .map_err(|error| PatternError::Glob {
                message: error.msg,
                position: error.pos + 1,
            })
    }

    /// A regular expression.
    pub fn regex(text: &str) -> Result<Self, PatternError> {
        regex::Regex::new(text)
            .map(Self::Regex)
            .map_err(|error| PatternError::Regex(error.to_string()))
    }

    /// Whether a text is what is wanted.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Exact(wanted) => wanted.as_bytes() == bytes,
            Self::Glob(glob) => glob.matches(&lossy(bytes)),
            Self::Regex(regex) => regex.is_match(&lossy(bytes)),
        }
    }

    /// The text, where it is an exact one.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            Self::Glob(_) | Self::Regex(_) => None,
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Exact(text) => text,
            Self::Glob(glob) => glob.as_str(),
            Self::Regex(regex) => regex.as_str(),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Exact(_) => 0,
            Self::Glob(_) => 1,
            Self::Regex(_) => 2,
        }
    }
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Escaped(self.as_str());
        match self {
            Self::Exact(_) => write!(f, "\"{text}\""),
            Self::Glob(_) => write!(f, "glob \"{text}\""),
            Self::Regex(_) => write!(f, "regex \"{text}\""),
        }
    }
}

/// Wanted texts, of which one must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patterns(Vec<Pattern>);

impl Patterns {
    /// Any of these.
    pub fn new(patterns: impl IntoIterator<Item = Pattern>) -> Self {
        Self(patterns.into_iter().collect())
    }

    /// Whether a text is one of those wanted.
    pub fn hold(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|pattern| pattern.holds(bytes))
    }

    /// Whether a number is one of those wanted, written as four hexadecimal digits.
    pub(crate) fn hold_digits(&self, number: u16) -> bool {
        let digits = [12, 8, 4, 0].map(|shift| match (number >> shift).to_le_bytes()[0] & 0xf {
            digit @ 0..=9 => b'0' + digit,
            digit => b'a' + digit - 10,
        });
        self.hold(&digits)
    }

    /// Whether all are exact texts.
    pub fn are_exact(&self) -> bool {
        self.0.iter().all(|pattern| pattern.exact().is_some())
    }

    /// The exact texts, where all are.
    pub fn exact(&self) -> Option<Vec<&str>> {
        self.0.iter().map(Pattern::exact).collect()
    }

    /// The patterns in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.0.iter()
    }
}

impl From<&str> for Patterns {
    fn from(text: &str) -> Self {
        Self(vec![Pattern::Exact(text.to_owned())])
    }
}

impl From<String> for Patterns {
    fn from(text: String) -> Self {
        Self(vec![Pattern::Exact(text)])
    }
}

impl From<Pattern> for Patterns {
    fn from(pattern: Pattern) -> Self {
        Self(vec![pattern])
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, pattern) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str(" or ")?;
            }
            pattern.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_holds_for_what_it_means() {
        let exact = Pattern::Exact("A*".into());
        let glob = Pattern::glob("A*?[0-9]").unwrap();
        let regex = Pattern::regex("^A.*[0-9]$").unwrap();
        for (text, holds) in [
            (&b"A*"[..], [true, false, false]),
            (b"Ab1", [false, true, true]),
            (b"A1", [false, false, true]),
            (b"xAb1", [false, false, false]),
            (b"A\xff\n1", [false, true, false]),
        ] {
            let found = [&exact, &glob, &regex].map(|pattern| pattern.holds(text));
            assert_eq!(found, holds, "{text:?}");
        }
    }

    #[test]
    fn a_regex_holds_anywhere_unless_it_is_anchored() {
        assert!(Pattern::regex("b1").unwrap().holds(b"Ab12"));
        assert!(!Pattern::regex("^b1$").unwrap().holds(b"Ab12"));
    }

    #[test]
    fn a_regex_that_grows_without_end_is_refused() {
        for text in [
            "(a{1000}){1000}",
            "((a{100}){100}){100}",
            r"(\pL{1000}){1000}",
            "(((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9})",
        ] {
            assert!(Pattern::regex(text).is_err(), "{text}");
        }
        assert!(Pattern::regex(&"(".repeat(100_000)).is_err());
    }

    #[test]
    fn mistakes_are_told() {
        assert!(Pattern::glob("[").is_err());
        assert!(Pattern::regex("(").is_err());
    }

    #[test]
    fn kinds_differ_even_with_the_same_text() {
        assert_ne!(Pattern::Exact("a".into()), Pattern::glob("a").unwrap());
        assert_eq!(Pattern::regex("a").unwrap(), Pattern::regex("a").unwrap());
    }
}
