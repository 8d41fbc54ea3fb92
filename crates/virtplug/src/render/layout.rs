//! What the terminal can show.

use std::env;

use crate::table::{self, WIDTH};

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Columns.
    pub(crate) width: u16,
    /// Whether it shows more than ASCII.
    pub(crate) unicode: bool,
}

impl Layout {
    /// Narrowest text that is made.
    const LEAST: u16 = 20;

    /// That of standard output and the locale.
    pub(crate) fn of_terminal() -> Self {
        Self {
            width: table::terminal_width().unwrap_or(WIDTH).max(Self::LEAST),
            unicode: is_utf8(|name| env::var(name).ok()),
        }
    }

    /// One of two texts, by what the terminal shows.
    pub(crate) fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }
}

/// Whether the locale says UTF-8: the first of these variables that is set counts.
fn is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        .is_some_and(|locale| {
            let locale = locale.to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let with = |pairs: &'static [(&str, &str)]| {
            is_utf8(|name| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[
            ("LC_ALL", ""),
            ("LC_CTYPE", "C.utf8"),
            ("LANG", "C")
        ]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]));
        assert!(!with(&[]));
    }
}
