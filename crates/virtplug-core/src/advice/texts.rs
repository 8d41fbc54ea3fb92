//! How wanted texts relate: one within the other, or no text common to both.

use crate::pattern::{Pattern, Patterns};
use crate::place::StablePort;

/// Whether each text that the narrow ones want is wanted by the wide ones, too.
/// `false` also where it cannot be told.
pub(super) fn within(narrow: &Patterns, wide: &Patterns) -> bool {
    narrow
        .iter()
        .all(|narrow| wide.iter().any(|wide| one_within(narrow, wide)))
}

fn one_within(narrow: &Pattern, wide: &Pattern) -> bool {
    if narrow == wide || holds_always(wide) {
        return true;
    }
    if let Some(text) = narrow.exact() {
        return wide.holds(text.as_bytes());
    }
    match (literal_start(narrow), open_ended(wide)) {
        (Some(start), Some(wanted)) => start.starts_with(&wanted),
        _ => false,
    }
}

/// The same for stable ports, where a name without a half stands for both.
pub(super) fn stable_within(narrow: &Patterns, wide: &Patterns) -> bool {
    narrow.iter().all(|narrow| {
        let halfless = narrow.exact().and_then(without_half);
        wide.iter().any(|wide| one_within(narrow, wide))
            || halfless.is_some_and(|text| wide.hold(text.as_bytes()))
    })
}

fn without_half(text: &str) -> Option<String> {
    let port: StablePort = text.parse().ok()?;
    Some(StablePort { half: None, ..port }.to_string())
}

/// Whether no text is wanted by both. `false` also where it cannot be told.
pub(super) fn apart(one: &Patterns, other: &Patterns) -> bool {
    one.iter()
        .all(|one| other.iter().all(|other| one_apart(one, other)))
}

fn one_apart(one: &Pattern, other: &Pattern) -> bool {
    match (one.exact(), other.exact()) {
        (Some(one), _) => !other.holds(one.as_bytes()),
        (None, Some(other)) => !one.holds(other.as_bytes()),
        (None, None) => match (literal_start(one), literal_start(other)) {
            (Some(one), Some(other)) => !one.starts_with(&other) && !other.starts_with(&one),
            _ => false,
        },
    }
}

/// `*` and the like.
fn holds_always(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Exact(_) => false,
        Pattern::Glob(glob) => glob.as_str() == "*",
        Pattern::Regex(regex) => matches!(regex.as_str(), "" | "^" | ".*"),
    }
}

/// What each text that a pattern wants begins with.
fn literal_start(pattern: &Pattern) -> Option<String> {
    match pattern {
        Pattern::Exact(text) => Some(text.clone()),
        Pattern::Glob(glob) => Some(glob.as_str().chars().take_while(|c| !is_wild(*c)).collect()),
        Pattern::Regex(regex) => regex_start(regex.as_str()),
    }
}

/// The beginning of a text that `^` pins down. Only plain characters are read;
/// an alternative anywhere may begin with something else.
fn regex_start(text: &str) -> Option<String> {
    let rest = text.strip_prefix('^')?;
    if rest.contains('|') {
        return None;
    }
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | ':' | '/' | '-');
    let mut start: String = rest.chars().take_while(plain).collect();
    // A repetition may also mean "none".
    let next = rest.chars().nth(start.chars().count());
    if matches!(next, Some('?' | '*' | '{')) {
        start.pop();
    }
    Some(start)
}

/// The beginning that suffices for a shell pattern that ends in its only `*`.
fn open_ended(pattern: &Pattern) -> Option<String> {
    let Pattern::Glob(glob) = pattern else {
        return None;
    };
    let start = glob.as_str().strip_suffix('*')?;
    (!start.contains(is_wild)).then(|| start.to_owned())
}

fn is_wild(c: char) -> bool {
    matches!(c, '*' | '?' | '[' | ']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Patterns {
        Pattern::glob(text).unwrap().into()
    }

    fn regex(text: &str) -> Patterns {
        Pattern::regex(text).unwrap().into()
    }

    #[test]
    fn texts_lie_within_patterns() {
        for (narrow, wide, holds) in [
            ("AB1".into(), glob("AB*"), true),
            ("AB1".into(), regex("^AB"), true),
            ("AC1".into(), glob("AB*"), false),
            (glob("ABC?"), glob("AB*"), true),
            (regex("^ABC[0-9]"), glob("AB*"), true),
            (regex("^AB?"), glob("AB*"), false),
            (regex("^ABC|x"), glob("AB*"), false),
            (regex("ABC"), glob("AB*"), false),
            (glob("A*"), glob("AB*"), false),
            (regex("x"), glob("*"), true),
            (glob("x?"), regex(""), true),
            (glob("AB*"), "AB1".into(), false),
        ] {
            assert_eq!(within(&narrow, &wide), holds, "{narrow} in {wide}");
        }
    }

    #[test]
    fn texts_lie_apart() {
        for (one, other, holds) in [
            ("A".into(), "B".into(), true),
            ("A".into(), glob("A*"), false),
            ("B".into(), glob("A*"), true),
            (glob("A*"), glob("B*"), true),
            (glob("A*"), glob("AB*"), false),
            (regex("^A1"), glob("B*"), true),
            (regex("A1"), glob("B*"), false),
            (regex("^A|B"), glob("B*"), false),
        ] {
            assert_eq!(apart(&one, &other), holds, "{one} and {other}");
            assert_eq!(apart(&other, &one), holds, "{other} and {one}");
        }
    }

    #[test]
    fn a_stable_port_of_one_half_lies_within_both() {
        let half: Patterns = "pci-0000:00:14.0-usbv2-0:1".into();
        let both: Patterns = "pci-0000:00:14.0-usb-0:1".into();
        assert!(stable_within(&half, &both));
        assert!(!stable_within(&both, &half));
    }
}
