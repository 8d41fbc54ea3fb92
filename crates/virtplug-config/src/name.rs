//! Names that a libvirt machine can have.

/// Why no machine can have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameFault {
    Empty,
    /// libvirt refuses a newline in a name, and no XML document, so no
    /// machine either, can hold this character (XML 1.0, 2.2).
    Character(char),
}

/// Looks for what libvirt allows in no name. Everything else stays as it is:
/// slashes, blanks, a leading dash, any script, any length.
pub(crate) fn fault_of(name: &str) -> Option<NameFault> {
    if name.is_empty() {
        return Some(NameFault::Empty);
    }
    name.chars()
        .find(|c| {
            matches!(c, '\0'..='\x08' | '\n' | '\x0b' | '\x0c' | '\x0e'..='\x1f')
                || matches!(c, '\u{fffe}' | '\u{ffff}')
        })
        .map(NameFault::Character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_libvirt_allows() {
        for name in [
            "win10",
            "-x",
            "a/b",
            " ",
            "..",
            "Büro 日本 🖥",
            "a\tb",
            "$(id)",
            &"x".repeat(300),
        ] {
            assert_eq!(fault_of(name), None, "{name:?}");
        }
        assert_eq!(fault_of(""), Some(NameFault::Empty));
        for c in ['\0', '\n', '\u{1b}', '\u{ffff}'] {
            let name = format!("a{c}");
            assert_eq!(fault_of(&name), Some(NameFault::Character(c)), "{name:?}");
        }
    }
}
