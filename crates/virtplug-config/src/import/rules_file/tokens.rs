//! Lines of a rules file to their parts.

use std::fmt;

use virtplug_core::Escaped;

/// A line, with those that continue it.
#[derive(Debug)]
pub(super) struct Line {
    /// Where it begins, from 1.
    pub(super) number: usize,
    pub(super) tokens: Vec<Token>,
    /// Why it cannot be read. udev ignores such lines.
    pub(super) fault: Option<&'static str>,
}

/// `KEY{attribute}OPERATOR"value"`.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) key: String,
    pub(super) attribute: Option<String>,
    pub(super) operator: &'static str,
    pub(super) value: String,
    /// Upper and lower case are the same (`i"…"`).
    pub(super) folds: bool,
}

impl Token {
    pub(super) fn is_condition(&self) -> bool {
        matches!(self.operator, "==" | "!=")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short: String = self.value.chars().take(40).collect();
        let more = if short.len() < self.value.len() {
            "…"
        } else {
            ""
        };
        write!(f, "`{}", Escaped(&self.key))?;
        if let Some(attribute) = &self.attribute {
            write!(f, "{{{}}}", Escaped(attribute))?;
        }
        write!(f, "{}\"{}{more}\"`", self.operator, Escaped(&short))
    }
}

impl Line {
    pub(super) fn has(&self, key: &str, value: &str) -> bool {
        self.tokens
            .iter()
            .any(|token| token.key == key && token.value == value)
    }
}

/// The lines with rules. A backslash at the end joins the next line.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line> {
    let mut rest = text.lines().enumerate();
    std::iter::from_fn(move || {
        loop {
            let (number, first) = rest.next()?;
            let trimmed = first.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let mut whole = trimmed.to_owned();
            while whole.ends_with('\\') {
                whole.pop();
                let Some((_, next)) = rest.next() else { break };
                // udev drops comments between joined lines.
                if next.trim_start().starts_with('#') {
                    whole.push('\\');
                    continue;
                }
                whole.push_str(next.trim_start());
            }
            let (tokens, fault) = tokens(&whole);
            return Some(Line {
                number: number + 1,
                tokens,
                fault,
            });
        }
    })
}

fn tokens(line: &str) -> (Vec<Token>, Option<&'static str>) {
    let mut tokens = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', '\r']);
        if rest.is_empty() {
            return (tokens, None);
        }
        match token(rest) {
            Ok((token, after)) => {
                tokens.push(token);
                rest = after;
            }
            Err(fault) => return (tokens, Some(fault)),
        }
    }
}

fn token(text: &str) -> Result<(Token, &str), &'static str> {
    const OPERATORS: [&str; 6] = ["==", "!=", "+=", "-=", ":=", "="];
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let (key, mut rest) = text.split_at(end.ok_or("the line ends in the middle of a rule")?);
    if key.is_empty() {
        return Err("a key is expected, as in SUBSYSTEM==\"usb\"");
    }
    let mut attribute = None;
    if let Some(inside) = rest.strip_prefix('{') {
        let (name, after) = inside.split_once('}').ok_or("a brace is not closed")?;
        attribute = Some(name.to_owned());
        rest = after;
    }
    rest = rest.trim_start();
    let operator = OPERATORS
        .into_iter()
        .find(|operator| rest.starts_with(operator));
    let operator = operator.ok_or("an operator is expected, as in SUBSYSTEM==\"usb\"")?;
    rest = rest.get(operator.len()..).unwrap_or_default().trim_start();
    let unquoted = rest.trim_start_matches(['e', 'i']);
    let kind = rest.get(..rest.len() - unquoted.len()).unwrap_or_default();
    let inside = unquoted
        .strip_prefix('"')
        .ok_or("a value stands in double quotes")?;
    let (value, length) = value(inside, kind.contains('e'))?;
    let token = Token {
        key: key.to_owned(),
        attribute,
        operator,
        value,
        folds: kind.contains('i'),
    };
    Ok((token, inside.get(length..).unwrap_or_default()))
}

/// The value up to its closing quote, and how many bytes it takes with that.
fn value(inside: &str, escapes: bool) -> Result<(String, usize), &'static str> {
    let mut value = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, at + 1)),
            '\\' => match chars.next() {
                Some((_, '"')) => value.push('"'),
                Some((_, c @ ('\\' | 't' | 'n'))) if escapes => value.push(match c {
                    't' => '\t',
                    'n' => '\n',
                    c => c,
                }),
                Some(_) if escapes => return Err("an escape in a value is not understood"),
                Some((_, c)) => value.extend(['\\', c]),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err("the quote of a value is not closed")
}
