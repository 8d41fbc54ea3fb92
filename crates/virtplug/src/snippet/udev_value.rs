//! Values in udev rules (udev(7)).

/// The value that matches exactly these bytes, without the quotes around it.
/// `None`: no value does so surely, because udev may see the bytes otherwise.
///
/// udev reads a matched value as a glob, in which `|` stands between
/// alternatives and cannot be escaped, and ends it at a quote that no backslash
/// stands before. Each `|` and backslash is therefore written as `?`, which
/// matches any one character: the value stays on its line in every version of
/// udev and hardly matches more.
pub(super) fn matching(bytes: &[u8]) -> Option<String> {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~');
    let blank = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b' ');
    if blank(bytes.first()) || blank(bytes.last()) || !bytes.iter().all(plain) {
        return None;
    }
    let mut value = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'|' | b'\\' => value.push('?'),
            b'"' => value.push_str("\\\""),
            b'*' => value.push_str("[*]"),
            b'?' => value.push_str("[?]"),
            b'[' => value.push_str("[[]"),
            byte => value.push(char::from(*byte)),
        }
    }
    Some(value)
}

/// Whether a text can be assigned as it is, such as a group or the name of a
/// link: udev replaces `$` and `%`, splits links at blanks and writes `_` for
/// most other signs in them.
pub(super) fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+:@=-/".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a quoted value as udev does: the value and what follows it.
    pub(in crate::snippet) fn unquote(text: &str) -> Option<(String, &str)> {
        let mut value = String::new();
        let mut rest = text.strip_prefix('"')?;
        loop {
            if let Some(after) = rest.strip_prefix("\\\"") {
                value.push('"');
                rest = after;
            } else if let Some(after) = rest.strip_prefix('"') {
                return Some((value, after));
            } else {
                let first = rest.chars().next()?;
                value.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }

    /// Whether a glob that has no `*` matches, as fnmatch(3) has it.
    pub(in crate::snippet) fn glob_matches(glob: &str, text: &str) -> bool {
        let mut glob = glob.chars();
        let mut text = text.chars();
        loop {
            match (glob.next(), text.next()) {
                (None, None) => return true,
                (Some('?'), Some(_)) => {}
                (Some('['), Some(c)) => {
                    if glob.next() != Some(c) || glob.next() != Some(']') {
                        return false;
                    }
                }
                (Some(g), Some(c)) if g == c => {}
                _ => return false,
            }
        }
    }

    #[test]
    fn quotes_and_wildcards_are_matched_as_they_are() {
        assert_eq!(matching(b"A1 #{}$%").as_deref(), Some("A1 #{}$%"));
        assert_eq!(
            matching(br#"a"*?[]|\"#).as_deref(),
            Some(r#"a\"[*][?][[]]??"#)
        );
        for bytes in [
            &b""[..],
            b" a",
            b"a ",
            b"a\n",
            b"\x1b[",
            b"\x7f",
            "é".as_bytes(),
            b"\xff",
        ] {
            assert_eq!(matching(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn what_udev_would_replace_is_not_plain() {
        assert!(is_plain("virtplug/0403-6001-A1"));
        for text in ["", "a b", "$kernel", "%k", "a\"", "a\\", "a\n", "é"] {
            assert!(!is_plain(text), "{text:?}");
        }
    }

    proptest! {
        /// Whatever the serial: the value ends where its quote is, and it
        /// matches the serial, and only one that differs where `?` stands.
        #[test]
        fn a_value_reads_back(serial in "[!-~]([ -~]{0,40}[!-~])?", other in "[ -~]{0,6}") {
            let value = matching(serial.as_bytes()).unwrap();
            let line = format!("\"{value}\", GROUP=\"x\"");
            let (read, rest) = unquote(&line).unwrap();
            prop_assert_eq!(rest, ", GROUP=\"x\"");
            prop_assert!(!read.contains('|') && !read.contains('\\'));
            prop_assert!(glob_matches(&read, &serial));
            let alike = serial.len() == other.len()
                && serial.bytes().zip(other.bytes()).all(|(wanted, byte)| {
                    wanted == byte || matches!(wanted, b'|' | b'\\')
                });
            prop_assert_eq!(glob_matches(&read, &other), alike);
        }
    }
}
