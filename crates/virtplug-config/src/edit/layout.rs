//! Where the tables of a file begin and end.

use std::borrow::Cow;
use std::ops::Range;

use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};

use crate::outline::MAX_DEPTH;

/// A header and what stands below it, up to the next header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// The name in the header. Empty: what stands before the first header.
    pub(super) path: Vec<String>,
    /// Whether it is an element of an array of tables.
    pub(super) array: bool,
    /// Where its header begins.
    pub(super) start: usize,
    /// Behind its header or the last value in it.
    pub(super) end: usize,
}

/// The sections of a text without mistakes of syntax. The first one is that
/// without a header.
pub(super) fn sections(text: &str) -> Vec<Section> {
    let source = toml_parser::Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events: Vec<Event> = Vec::with_capacity(tokens.len());
    let mut guard = RecursionGuard::new(&mut events, MAX_DEPTH);
    parse_document(&tokens, &mut guard, &mut ());

    let mut sections = Vec::new();
    let mut section = Section::default();
    let mut in_header = false;
    for event in &events {
        let kind = event.kind();
        match kind {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                let next = Section {
                    array: kind == EventKind::ArrayTableOpen,
                    start: event.span().start(),
                    ..Section::default()
                };
                sections.push(std::mem::replace(&mut section, next));
                in_header = true;
            }
            EventKind::StdTableClose | EventKind::ArrayTableClose => in_header = false,
            EventKind::SimpleKey if in_header => {
                let mut name = Cow::Borrowed("");
                if let Some(raw) = source.get(event) {
                    raw.decode_key(&mut name, &mut ());
                }
                section.path.push(name.into_owned());
            }
            EventKind::Whitespace | EventKind::Comment | EventKind::Newline => continue,
            _ => {}
        }
        section.end = event.span().end();
    }
    sections.push(section);
    sections
}

/// The numbers of the sections that make up an element of an array of tables:
/// its own and those of the tables in it that follow.
pub(super) fn element(sections: &[Section], number: usize) -> Range<usize> {
    let path = sections.get(number).map_or(&[][..], |s| &s.path);
    let inside =
        |section: &&Section| section.path.len() > path.len() && section.path.starts_with(path);
    let more = sections.iter().skip(number + 1).take_while(inside).count();
    number..number + 1 + more
}

/// The start of the line that a place is in.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.rfind('\n').map_or(0, |end| end + 1)
}

/// The start of the line after the one that a place is in.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |end| at + end + 1)
}

/// The start of the comments that stand directly above a line. A directive for
/// editors (`#:schema`) is none.
pub(super) fn comments_above(text: &str, line: usize) -> usize {
    let mut start = line;
    while start > 0 {
        let above = line_start(text, start - 1);
        let comment = text.get(above..start).unwrap_or_default().trim_start();
        if !comment.starts_with('#') || comment.starts_with("#:") {
            break;
        }
        start = above;
    }
    start
}

/// The end of the comments that stand directly below, from the start of a
/// line, unless they stand directly above something else.
pub(super) fn comments_below(text: &str, line: usize) -> usize {
    let mut end = line;
    loop {
        let next = next_line(text, end);
        let comment = text.get(end..next).unwrap_or_default().trim();
        if comment.is_empty() {
            return end;
        }
        if !comment.starts_with('#') {
            return line;
        }
        end = next;
    }
}

/// The end of the blank lines from the start of a line.
pub(super) fn blank_lines(text: &str, line: usize) -> usize {
    let mut end = line;
    while end < text.len() {
        let next = next_line(text, end);
        if !text.get(end..next).unwrap_or_default().trim().is_empty() {
            break;
        }
        end = next;
    }
    end
}

/// Whether the line before the start of a line is blank, or there is none.
pub(super) fn is_blank_above(text: &str, line: usize) -> bool {
    let above = line_start(text, line.saturating_sub(1));
    text.get(above..line).unwrap_or_default().trim().is_empty()
}

/// The line end that a text has.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}
