//! Rules as elements of an array: `device = [{ … }, { … }]`.

use std::ops::Range;

use toml_edit::{Array, Item, Value};

use super::layout::{comments_above, line_start, newline, next_line};
use super::new_rule::NewRule;
use super::splice::{Spliced, replaced};

/// Adds an element at the end.
pub(super) fn insert(text: &str, array: &Array, rule: &NewRule) -> Option<Spliced> {
    let entry = rule.inline();
    let span = array.span()?;
    let close = span.end.checked_sub(1)?;
    let Some(last) = array.iter().last().and_then(Value::span) else {
        return Some(Spliced {
            text: replaced(text, close..close, &entry)?,
            entry,
        });
    };
    let close_line = line_start(text, close);
    let own_line = text.get(close_line..close)?.trim().is_empty() && close_line > last.end;
    let text = if own_line {
        let indent = indent(text, last.start);
        let line = newline(text);
        let rest = text.get(last.end..close_line)?;
        let comma = if has_comma(rest) { "" } else { "," };
        let before = text.get(..last.end)?;
        let after = text.get(close_line..)?;
        let end = if comma.is_empty() { "," } else { "" };
        format!("{before}{comma}{rest}{indent}{entry}{end}{line}{after}")
    } else {
        replaced(text, last.end..last.end, &format!(", {entry}"))?
    };
    Some(Spliced { text, entry })
}

/// The blanks that a line begins with.
fn indent(text: &str, at: usize) -> &str {
    let line = text.get(line_start(text, at)..at).unwrap_or_default();
    let blanks = line.len() - line.trim_start().len();
    line.get(..blanks).unwrap_or_default()
}

/// Whether there is a comma outside of comments.
fn has_comma(between: &str) -> bool {
    between.lines().any(|line| {
        let code = line.split('#').next().unwrap_or_default();
        code.contains(',')
    })
}

/// Removes the element that begins at a place.
pub(super) fn cut(text: &str, root: &Item, start: usize) -> Option<Spliced> {
    let spans = siblings(root, start)?;
    let number = spans.iter().position(|span| span.start == start)?;
    let span = spans.get(number)?.clone();
    let entry = text.get(span.clone())?.to_owned();
    let gone = match lines(text, &span) {
        Some(lines) => lines,
        None => match (spans.get(number + 1), number.checked_sub(1)) {
            (Some(next), _) => span.start..next.start,
            (None, Some(before)) => spans.get(before)?.end..span.end,
            (None, None) => span.start..span.end + comma_behind(text, span.end),
        },
    };
    Some(Spliced {
        text: replaced(text, gone, "")?,
        entry,
    })
}

/// The spans of the elements of the array that has one at a place.
fn siblings(item: &Item, start: usize) -> Option<Vec<Range<usize>>> {
    match item {
        Item::Value(value) => of_value(value, start),
        Item::Table(table) => table.iter().find_map(|(_, item)| siblings(item, start)),
        Item::ArrayOfTables(tables) => tables
            .iter()
            .flat_map(toml_edit::Table::iter)
            .find_map(|(_, item)| siblings(item, start)),
        Item::None => None,
    }
}

fn of_value(value: &Value, start: usize) -> Option<Vec<Range<usize>>> {
    match value {
        Value::Array(array) => {
            let spans: Vec<Range<usize>> = array.iter().filter_map(Value::span).collect();
            if spans.iter().any(|span| span.start == start) {
                return Some(spans);
            }
            array.iter().find_map(|value| of_value(value, start))
        }
        Value::InlineTable(table) => table.iter().find_map(|(_, value)| of_value(value, start)),
        _ => None,
    }
}

/// The lines of an element that shares them with nothing else, with the
/// comments above.
fn lines(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let first = line_start(text, span.start);
    let end = next_line(text, span.end);
    let before = text.get(first..span.start)?;
    let behind = text.get(span.end..end)?.trim_start();
    let behind = behind.strip_prefix(',').unwrap_or(behind).trim();
    let alone = before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#'));
    alone.then(|| comments_above(text, first)..end)
}

/// How long the comma behind a place is, with the blanks before it.
fn comma_behind(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let blanks = rest.len() - rest.trim_start().len();
    if rest.trim_start().starts_with(',') {
        blanks + 1
    } else {
        0
    }
}
