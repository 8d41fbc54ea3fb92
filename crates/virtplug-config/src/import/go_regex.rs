//! Regular expressions of Go's `regexp` to those of Rust's `regex`.
//!
//! Both are of the same family (RE2) and look for the pattern anywhere in the
//! text. They differ in a few places, each of which is written anew here or
//! refused, so that an imported pattern never holds for more.

use virtplug_core::{Escaped, Pattern};

/// What Go's classes mean, as the inside of a bracket.
fn class(letter: char) -> Option<(&'static str, bool)> {
    Some(match letter {
        'd' => ("0-9", false),
        'D' => ("0-9", true),
        'w' => ("0-9A-Za-z_", false),
        'W' => ("0-9A-Za-z_", true),
        's' => (r"\t\n\f\r ", false),
        'S' => (r"\t\n\f\r ", true),
        _ => return None,
    })
}

/// The same pattern for Rust, or why there is none.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    // Whether we are in a bracket, and at its beginning, where `]` is itself.
    let mut bracket = false;
    let mut first = false;
    while let Some(c) = chars.next() {
        let at_start = std::mem::take(&mut first);
        match c {
            '\\' => {
                let c = chars.next();
                escape(c, bracket, &mut out)?;
                // The brace belongs to the escape, as in `\p{Greek}`.
                if matches!(c, Some('p' | 'P' | 'x')) {
                    out.extend(chars.next_if_eq(&'{'));
                }
            }
            '[' if !bracket => {
                bracket = true;
                first = true;
                out.push('[');
                out.extend(chars.next_if_eq(&'^'));
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            ']' if bracket && at_start => out.push_str(r"\]"),
            ']' => {
                bracket = false;
                out.push(']');
            }
            // Rust has set operations in brackets, where Go has characters.
            '[' | '&' | '~' if bracket => {
                out.push('\\');
                out.push(c);
            }
            '-' if bracket && chars.peek() == Some(&'-') => {
                return Err("`--` in brackets means something else here".to_owned());
            }
            '{' if !bracket && !matches!(chars.peek(), Some('0'..='9')) => out.push_str(r"\{"),
            _ => out.push(c),
        }
    }
    match Pattern::regex(&out) {
        Ok(_) => Ok(out),
        Err(error) => {
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default();
            Err(Escaped(last.trim_start_matches("error: ")).to_string())
        }
    }
}

fn escape(c: Option<char>, bracket: bool, out: &mut String) -> Result<(), String> {
    let Some(c) = c else {
        return Err("it ends with a backslash".to_owned());
    };
    if let Some((inside, negated)) = class(c) {
        match (bracket, negated) {
            (true, false) => out.push_str(inside),
            (_, true) => out.extend(["[^", inside, "]"]),
            (false, false) => out.extend(["[", inside, "]"]),
        }
        return Ok(());
    }
    match c {
        // Word boundaries are those of ASCII in Go.
        'b' if !bracket => out.push_str(r"(?-u:\b)"),

        'B' | 'Q' | 'E' | 'C' => return Err(format!("`\\{c}` is unknown here")),
        _ => {
            out.push('\\');
            out.push(c);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_patterns_stay_as_they_are() {
        for pattern in [
            "^3187B6[01]$",
            "FT(232|245)R",
            "a.*b+?",
            r"\.",
            "[^a-z]",
            "x{2,3}",
            "(?i)abc",
        ] {
            assert_eq!(translate(pattern).unwrap(), pattern);
        }
    }

    #[test]
    fn classes_mean_ascii_as_in_go() {
        assert_eq!(
            translate(r"^\d+[\w.]\S$").unwrap(),
            r"^[0-9]+[0-9A-Za-z_.][^\t\n\f\r ]$"
        );
        assert_eq!(translate(r"[^\D]").unwrap(), "[^[^0-9]]");
        let digits = Pattern::regex(&translate(r"^\d$").unwrap()).unwrap();
        assert!(digits.holds(b"7"));
        assert!(!digits.holds("\u{0667}".as_bytes()));
    }

    #[test]
    fn what_is_an_operator_only_here_is_escaped() {
        for (go, text, other) in [
            ("^[a[b]$", "[", "ab"),
            ("^[a&&b]$", "&", "c"),
            ("^[]a]$", "]", "b"),
            ("^a{,2}$", "a{,2}", "aa"),
        ] {
            let pattern = Pattern::regex(&translate(go).unwrap()).unwrap();
            assert!(pattern.holds(text.as_bytes()), "{go}");
            assert!(!pattern.holds(other.as_bytes()), "{go}");
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        for pattern in [
            "(",
            r"\Qa.b\E",
            r"a\C",
            "a\\",
            "[+--]",
            "(?=a)",
            r"a\B",
            "(a{1000}){1000}",
        ] {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
    }
}
