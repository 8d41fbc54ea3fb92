//! Shell patterns and regular expressions, with the place of a mistake in them.

use std::ops::Range;

use virtplug_core::{Pattern, PatternError};

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::suggestion::quoted;

/// A shell pattern. `lower_only`: what it is compared with has no capitals.
pub(crate) fn glob(
    text: &str,
    span: &Range<usize>,
    lower_only: bool,
    findings: &mut Findings,
) -> Option<Pattern> {
    match Pattern::glob(text) {
        Ok(pattern) => {
            if lower_only && text.bytes().any(|b| b.is_ascii_uppercase()) {
                let help = format!("write {}", quoted(&text.to_ascii_lowercase()));
                findings.add(
                    Diagnostic::warning(
                        findings.place(span.clone()),
                        "patterns see the digits of USB ids in lower case, so this one never holds",
                    )
                    .with_help(help),
                );
            }
            Some(pattern)
        }
        Err(PatternError::Glob { message, position }) => {
            let at = position.saturating_sub(1);
            refuse("glob", message, Some(at..at + 1), text, span, findings);
            None
        }
        Err(error) => {
            refuse("glob", &error.to_string(), None, text, span, findings);
            None
        }
    }
}

/// A regular expression.
pub(crate) fn regex(text: &str, span: &Range<usize>, findings: &mut Findings) -> Option<Pattern> {
    // The error of the `regex` crate is a drawing for a terminal; the parser
    // below it tells the place.
    if let Err(error) = regex_syntax::Parser::new().parse(text) {
        let (message, at) = match &error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span())),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(error.span())),
            _ => ("it cannot be read".to_owned(), None),
        };
        let characters = at.map(|at| {
            let count = |end: usize| text.get(..end).map_or(0, |before| before.chars().count());
            count(at.start.offset)..count(at.end.offset)
        });
        refuse("regex", &message, characters, text, span, findings);
        return None;
    }
    match Pattern::regex(text) {
        Ok(pattern) => Some(pattern),
        Err(_) => {
            refuse("regex", "it is too large", None, text, span, findings);
            None
        }
    }
}

/// Says what is wrong with a pattern; `at` counts its characters.
fn refuse(
    kind: &str,
    why: &str,
    at: Option<Range<usize>>,
    text: &str,
    span: &Range<usize>,
    findings: &mut Findings,
) {
    let exact = at
        .clone()
        .and_then(|at| span_inside(findings.source().slice(span), &at));
    let message = format!("`{kind}` is malformed: {why}");
    let place = match &exact {
        Some(inside) => findings.place(span.start + inside.start..span.start + inside.end),
        None => findings.place(span.clone()),
    };
    let mut finding = Diagnostic::error(place, message);
    if let (None, Some(at)) = (exact, at) {
        finding = finding.with_help(format!("at character {} of {}", at.start + 1, quoted(text)));
    }
    findings.add(finding.with_help(match kind {
        "glob" => "`*` is any text, `?` any character, `[abc]` one of these, `[*]` a star itself",
        _ => "a backslash before a character takes it as it is; in single quotes write it once",
    }));
}

/// Where characters of a string stand in its spelling in the file. `None`: it
/// is spelled over several lines.
fn span_inside(raw: &str, characters: &Range<usize>) -> Option<Range<usize>> {
    let quote = raw.chars().next()?;
    if raw.starts_with("\"\"\"") || raw.starts_with("'''") {
        return None;
    }
    let inside = raw.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut starts = Vec::new();
    let mut rest = inside.char_indices();
    while let Some((start, c)) = rest.next() {
        starts.push(start + 1);
        if quote == '"' && c == '\\' {
            let digits = match rest.next()?.1 {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            for _ in 0..digits {
                rest.next()?;
            }
        }
    }
    starts.push(inside.len() + 1);
    let start = *starts.get(characters.start)?;
    let end = starts
        .get(characters.end)
        .copied()
        .unwrap_or(inside.len() + 1);
    Some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(raw: &str, characters: Range<usize>) -> Option<&str> {
        span_inside(raw, &characters).map(|span| &raw[span])
    }

    #[test]
    fn characters_are_found_in_their_spelling() {
        assert_eq!(inside(r"'a\(b'", 1..3), Some(r"\("));
        assert_eq!(inside(r#""a\\(b""#, 1..3), Some(r"\\("));
        assert_eq!(inside(r#""\u00fc(b""#, 1..2), Some("("));
        assert_eq!(inside(r#""\x41\U00000041(b""#, 2..3), Some("("));
        assert_eq!(inside("\"ü(\"", 1..2), Some("("));
        assert_eq!(inside("\"a\"", 1..2), Some(""));
        assert_eq!(inside("\"a\"", 5..6), None);
        assert_eq!(inside("\"\"\"a(\"\"\"", 1..2), None);
        assert_eq!(inside("", 0..1), None);
        assert_eq!(inside("'", 0..1), None);
    }
}
