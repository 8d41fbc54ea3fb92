//! Patterns of udev rules (`fnmatch`) to texts of the TOML.

use super::matcher::Text;

/// The alternatives of a value in a udev rule, which `|` separates.
pub(super) fn texts(value: &str) -> Vec<Text> {
    value.split('|').map(text).collect()
}

/// One alternative: exact if it has no special character.
pub(super) fn text(pattern: &str) -> Text {
    if !pattern.contains(['*', '?', '[', '\\']) {
        return Text::Exact(pattern.to_owned());
    }
    // `**` means the same as `*`; our patterns know it only between slashes.
    let mut simple = String::new();
    for c in pattern.chars() {
        if c != '*' || !simple.ends_with('*') {
            simple.push(c);
        }
    }
    if !pattern.contains(['[', '\\']) {
        return Text::Glob(simple);
    }
    Text::Regex(regex(pattern, "."))
}

/// The regular expression for the whole text. `any`: what `?` stands for.
pub(super) fn regex(pattern: &str, any: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::from("(?s)^");
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        match c {
            '*' => {
                if !out.ends_with('*') {
                    out.push_str(any);
                    out.push('*');
                }
            }
            '?' => out.push_str(any),
            '[' => match bracket(chars.get(at..).unwrap_or_default()) {
                Some((class, length)) => {
                    out.push_str(&class);
                    at += length;
                }
                None => out.push_str(r"\["),
            },
            '\\' => {
                literal(chars.get(at).copied().unwrap_or('\\'), &mut out);
                at += 1;
            }
            c => literal(c, &mut out),
        }
    }
    out.push('$');
    out
}

fn literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() && !"_-/:=@%,;'\"!<>` ".contains(c) {
        out.push('\\');
    }
    out.push(c);
}

/// A class in brackets, and how many characters it takes with the closing one.
fn bracket(rest: &[char]) -> Option<(String, usize)> {
    let negated = matches!(rest.first(), Some('!' | '^'));
    let start = usize::from(negated);
    // A closing bracket that comes first is a member.
    let inside = rest.get(start + 1..)?.iter().take(256);
    let length = 1 + inside.take_while(|c| **c != ']').count();
    let members = rest.get(start..start + length)?;
    if rest.get(start + length) != Some(&']') || members.contains(&'[') || members.contains(&'\\') {
        return None;
    }
    let mut class = String::from(if negated { "[^" } else { "[" });
    for (position, &c) in members.iter().enumerate() {
        let range = c == '-' && position > 0 && position + 1 < members.len();
        if !range && !c.is_ascii_alphanumeric() && c.is_ascii_punctuation() {
            class.push('\\');
        }
        class.push(c);
    }
    class.push(']');
    Some((class, start + length + 1))
}

#[cfg(test)]
mod tests {
    use virtplug_core::Pattern;

    use super::*;

    fn holds(text: &Text, value: &str) -> bool {
        match text {
            Text::Exact(exact) => exact == value,
            Text::Glob(glob) => Pattern::glob(glob).unwrap().holds(value.as_bytes()),
            Text::Regex(regex) => Pattern::regex(regex).unwrap().holds(value.as_bytes()),
        }
    }

    #[test]
    fn each_pattern_means_what_it_means_to_udev() {
        for (pattern, yes, no) in [
            ("10c4/ea60/*", "10c4/ea60/100", "10c4/ea61/100"),
            ("a**b", "a/x/b", "ab/"),
            ("[ab]?", "bx", "cx"),
            ("[!ab]", "c", "a"),
            ("[]x]", "]", "["),
            ("[a-c]1", "b1", "-1"),
            (r"a\*[1]", "a*1", "ab1"),
            ("a.[1]", "a.1", "ab1"),
            ("a[b", "a[b", "ab"),
            ("*[1]", "x\ny1", "x2"),
        ] {
            let text = text(pattern);
            assert!(holds(&text, yes), "{pattern} {text:?}");
            assert!(!holds(&text, no), "{pattern} {text:?}");
        }
        assert_eq!(
            texts("a|b*"),
            [Text::Exact("a".into()), Text::Glob("b*".into())]
        );
    }
}
