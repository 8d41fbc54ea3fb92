//! The escapes of `$'…'`.

/// The text of `$'…'`. `None`: an escape that is not understood.
pub(super) fn ansi(raw: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let c = chars.next()?;
        let (digits, radix) = match c {
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='7' => (3, 8),
            _ => {
                text.push(match c {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'e' | 'E' => '\u{1b}',
                    'f' => '\u{c}',
                    'v' => '\u{b}',
                    '\\' | '\'' | '"' | '?' => c,
                    _ => return None,
                });
                continue;
            }
        };
        let mut number = c.to_digit(radix).filter(|_| radix == 8);
        let mut left = digits - usize::from(number.is_some());
        while let Some(digit) = chars
            .peek()
            .and_then(|c| c.to_digit(radix))
            .filter(|_| left > 0)
        {
            number = Some(number.unwrap_or(0).checked_mul(radix)?.checked_add(digit)?);
            left -= 1;
            chars.next();
        }
        // Bytes above ASCII would be pieces of characters; NUL ends the text.
        let c = char::from_u32(number?)?;
        if c == '\0' || (matches!(radix, 8) || digits == 2) && !c.is_ascii() {
            return None;
        }
        text.push(c);
    }
    Some(text)
}
