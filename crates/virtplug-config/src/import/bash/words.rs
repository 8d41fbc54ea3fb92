//! Words of a script.

use std::collections::BTreeMap;

/// Why a word has no literal value; follows the word in a sentence.
pub(super) type Why = &'static str;

/// The most bytes of a value. Values that are put together of others could
/// double with each line.
const MOST_LENGTH: usize = 1000;

/// A piece of a word.
#[derive(Debug, Clone)]
pub(in super::super) enum Part {
    /// Text. Unquoted characters may be special to the shell.
    Text { text: String, quoted: bool },
    /// `$NAME` or `${NAME}`.
    Reference { name: String, quoted: bool },
    /// Something that needs execution.
    Executed(Why),
}

impl Part {
    pub(super) fn reference(&self) -> Option<&str> {
        match self {
            Self::Reference { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// A word.
#[derive(Debug, Clone, Default)]
pub(super) struct Word {
    pub(super) line: usize,
    /// As it stands in the script.
    pub(super) source: String,
    /// Its value; of an assignment, what is assigned.
    pub(super) parts: Vec<Part>,
    pub(super) assignment: Option<Assignment>,
}

/// The left side of an assignment.
#[derive(Debug, Clone, Default)]
pub(super) struct Assignment {
    pub(super) name: String,
    /// What stands in `NAME[…]`.
    pub(super) index: Option<String>,
    pub(super) append: bool,
    /// The words in `NAME=(…)`.
    pub(super) elements: Option<Vec<Word>>,
}

/// The literal value of an assigned text.
pub(super) fn join(parts: &[Part], known: &BTreeMap<String, String>) -> Result<String, Why> {
    let mut value = String::new();
    for part in parts {
        match part {
            Part::Text { text, .. } => value.push_str(text),
            Part::Reference { name, .. } => match known.get(name) {
                Some(text) => value.push_str(text),
                None => return Err("takes a value that is not set as a literal before"),
            },
            Part::Executed(why) => return Err(why),
        }
        if value.len() > MOST_LENGTH {
            return Err("is too long");
        }
    }
    if matches!(parts.first(), Some(Part::Text { text, quoted: false }) if text.starts_with('~')) {
        return Err("begins with a home directory");
    }
    Ok(value)
}

impl Word {
    /// Its value as a word of a command that has no further meaning.
    pub(super) fn plain(&self, known: &BTreeMap<String, String>) -> Result<String, Why> {
        join(&self.parts, known)
    }

    /// Its value as an element of an array, where the shell would expand more
    /// than in a plain assignment.
    pub(super) fn element(&self, known: &BTreeMap<String, String>) -> Result<String, Why> {
        for part in &self.parts {
            match part {
                Part::Text {
                    text,
                    quoted: false,
                } if text.contains(['*', '?', '[', '{']) => {
                    return Err("is a pattern that the shell expands");
                }
                Part::Reference {
                    name,
                    quoted: false,
                } => {
                    let special = |c: char| c.is_whitespace() || "*?[".contains(c);
                    let value = known.get(name);
                    if value.is_some_and(|value| value.is_empty() || value.contains(special)) {
                        return Err("is split by the shell, as it is not quoted");
                    }
                }
                _ => {}
            }
        }
        join(&self.parts, known)
    }
}
