//! Findings as compilers show them: the message, the line, carets below it.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, Title,
};
use virtplug_core::Escaped;

use crate::diagnostic::{Diagnostic, Related, Severity};
use crate::source::{Place, shown_path};

/// Longest line, in bytes, that is shown.
const MAX_SHOWN: usize = 4000;

impl Diagnostic {
    /// The finding with its source line, over several lines and without a
    /// last line end. `color` adds ANSI colors.
    pub fn render(&self, color: bool) -> String {
        let level = match self.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title: Title<'_> = level.primary_title(self.message());
        let title = match self.code() {
            Some(code) => title.id(code),
            None => title,
        };
        let mut group = show(
            Group::with_title(title),
            &self.place,
            AnnotationKind::Primary,
            None,
        );
        if let Some(Related { label, place }) = &self.related {
            group = match place.text_span() {
                Some(_) => show(group, place, AnnotationKind::Context, Some(label)),
                None => group.element(Level::NOTE.message(format!("{label}: {place}"))),
            };
        }
        for help in self.help() {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }
}

/// Adds a place, with its line where there is one to show.
fn show<'a>(
    group: Group<'a>,
    place: &Place,
    kind: AnnotationKind,
    label: Option<&'static str>,
) -> Group<'a> {
    let path = shown_path(place.source().path());
    let (Some(span), Some(line), Some(column)) = (place.text_span(), place.line(), place.column())
    else {
        return group.element(Origin::path(path));
    };
    let (start, text) = place.source().line(line - 1);
    if text.len() > MAX_SHOWN {
        return group.element(Origin::path(path).line(line).char_column(column));
    }
    let span = span.start.saturating_sub(start)..span.end.saturating_sub(start);
    let (text, span) = visible(text, &span);
    let annotation: Annotation<'_> = kind.span(span).label(label);
    group.element(
        Snippet::source(text)
            .path(path)
            .line_start(line)
            .annotation(annotation),
    )
}

/// A line with each character that could steer the terminal replaced by one
/// that cannot, so that columns stay, and the span in it. A span that goes on
/// in the next line ends with this one.
fn visible(line: &str, span: &Range<usize>) -> (String, Range<usize>) {
    let mut text = String::with_capacity(line.len());
    let (mut start, mut end) = (None, None);
    for (offset, c) in line.char_indices() {
        if start.is_none() && offset >= span.start {
            start = Some(text.len());
        }
        if end.is_none() && offset >= span.end {
            end = Some(text.len());
        }
        text.push(visible_character(c));
    }
    let start = start.unwrap_or(text.len());
    let end = end.unwrap_or(text.len()).max(start);
    (text, start..end)
}

fn visible_character(c: char) -> char {
    if c == '\t' {
        return c;
    }
    if c.is_ascii_control() {
        // Unicode has a picture for each control character.
        let picture = match c {
            '\x7f' => 0x2421,
            c => 0x2400 + u32::from(c),
        };
        return char::from_u32(picture).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    if c.is_ascii() || Escaped(text).to_string() == text {
        c
    } else {
        char::REPLACEMENT_CHARACTER
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::Source;

    fn rendered(text: &str, span: Range<usize>) -> String {
        let source = Source::new(Path::new("dir/\u{1b}f"), text.to_owned(), 0);
        Diagnostic::error(Place::span(&source, span), "wrong").render(false)
    }

    #[test]
    fn what_steers_a_terminal_is_shown_as_a_picture_and_columns_stay() {
        let text = "a = \"\u{1b}[31m\u{202e}\\\u{9b}\" # here";
        let start = text.find("here").unwrap();
        insta::assert_snapshot!(
            rendered(text, start..start + 4),
            @r#"
        error: wrong
         --> dir/\x1bf:1:18
          |
        1 | a = "␛[31m�\�" # here
          |                  ^^^^
        "#
        );
    }

    #[test]
    fn a_span_over_lines_ends_with_its_first_line() {
        insta::assert_snapshot!(
            rendered("x = [\r\n1,\r\n2]\r\n", 4..14),
            @r"
        error: wrong
         --> dir/\x1bf:1:5
          |
        1 | x = [
          |     ^
        "
        );
    }

    #[test]
    fn the_end_of_the_file_is_a_place() {
        insta::assert_snapshot!(
            rendered("x\n", 2..2),
            @r"
        error: wrong
         --> dir/\x1bf:2:1
          |
        2 |
          | ^
        "
        );
    }

    #[test]
    fn an_endless_line_is_named_but_not_shown() {
        let text = "x".repeat(MAX_SHOWN + 1);
        insta::assert_snapshot!(
            rendered(&text, 10..12),
            @r"
        error: wrong
        --> dir/\x1bf:1:11
        "
        );
    }
}
