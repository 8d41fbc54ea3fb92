//! One rule more or less in the text of a file.

use std::ops::Range;

use toml_edit::{Document, InlineTable, Item, Value};

use super::element;
use super::layout::{
    self, Section, blank_lines, comments_above, comments_below, is_blank_above, line_start,
    newline, next_line, sections,
};
use super::new_rule::{NewRule, dotted, string};

/// The key of the rules of a machine.
const DEVICE: &str = "device";

/// A changed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spliced {
    pub(super) text: String,
    /// What came in or went out.
    pub(super) entry: String,
}

/// Adds a rule to the machine at `machine`, a path of keys from the top of the
/// file. `None`: it is written in a way that this cannot change.
/// `connect` is for a machine of which nothing is said yet.
pub(super) fn insert(
    text: &str,
    machine: &[String],
    rule: &NewRule,
    connect: Option<&str>,
) -> Option<Spliced> {
    let document = Document::parse(text).ok()?;
    let found = lookup(document.as_item(), machine);
    match found {
        Some(Item::Value(Value::InlineTable(table))) => into_inline(text, table, rule),
        Some(item) => match item.get(DEVICE) {
            Some(Item::Value(Value::Array(array))) => element::insert(text, array, rule),
            Some(Item::ArrayOfTables(_)) | None => Some(as_section(text, machine, rule, connect)),
            Some(_) => None,
        },
        None => Some(as_section(text, machine, rule, connect)),
    }
}

fn lookup<'i>(root: &'i Item, path: &[String]) -> Option<&'i Item> {
    path.iter()
        .try_fold(root, |item, key| item.get(key.as_str()))
}

/// Adds to `NAME = { … }`.
fn into_inline(text: &str, table: &InlineTable, rule: &NewRule) -> Option<Spliced> {
    match table.get(DEVICE) {
        Some(Value::Array(array)) => return element::insert(text, array, rule),
        Some(_) => return None,
        None => {}
    }
    let entry = format!("{DEVICE} = [{}]", rule.inline());
    let span = table.span()?;
    let last = table
        .iter()
        .filter_map(|(_, value)| value.span())
        .map(|span| span.end)
        .max();
    let (at, put) = match last {
        Some(end) => (end..end, format!(", {entry}")),
        None => (span, format!("{{ {entry} }}")),
    };
    Some(Spliced {
        text: replaced(text, at, &put)?,
        entry,
    })
}

/// Adds a table with a header of its own: behind the machine's other rules,
/// else behind what is said of the machine, else at the end.
fn as_section(text: &str, machine: &[String], rule: &NewRule, connect: Option<&str>) -> Spliced {
    let mut path = machine.to_vec();
    path.push(DEVICE.to_owned());
    let all = sections(text);
    let line = newline(text);
    let table = rule.table(&dotted(&path), line);
    let entry = match connect {
        None => table,
        Some(uri) => {
            let connect = format!("connect = {}{line}{line}", string(uri));
            let header = match machine {
                [] => String::new(),
                machine => format!("[{}]{line}", dotted(machine)),
            };
            format!("{header}{connect}{table}")
        }
    };
    let behind = |end: usize| comments_below(text, next_line(text, end));
    let at = if let Some(number) = all.iter().rposition(|s| s.array && s.path == path) {
        let last = layout::element(&all, number).end.saturating_sub(1);
        all.get(last)
            .map_or(text.len(), |section| behind(section.end))
    } else {
        let table = all.iter().find(|s| !s.path.is_empty() && s.path == machine);
        table.map_or(text.len(), |section| behind(section.end))
    };
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let mut out = before.to_owned();
    if !before.is_empty() && !before.ends_with('\n') {
        out.push_str(line);
    }
    if !is_blank_above(&out, out.len()) {
        out.push_str(line);
    }
    out.push_str(&entry);
    if !after.is_empty() && blank_lines(after, 0) == 0 {
        out.push_str(line);
    }
    out.push_str(after);
    Spliced { text: out, entry }
}

/// Removes the rule that begins at a place: at its header, or at the brace of
/// an inline table. `None`: there is none that this can remove.
pub(super) fn cut(text: &str, start: usize) -> Option<Spliced> {
    let all = sections(text);
    let number = all.iter().position(|s| s.array && s.start == start);
    let Some(number) = number else {
        let document = Document::parse(text).ok()?;
        return element::cut(text, document.as_item(), start);
    };
    let entry = section_lines(text, &all, number)?;
    let mut gone = entry.clone();
    if is_blank_above(text, gone.start) {
        // One blank run is enough, and none at the end.
        gone.end = blank_lines(text, gone.end);
        while gone.end == text.len() && gone.start > 0 && is_blank_above(text, gone.start) {
            gone.start = line_start(text, gone.start - 1);
        }
    }
    Some(Spliced {
        entry: text.get(entry)?.to_owned(),
        text: replaced(text, gone, "")?,
    })
}

/// The lines of an element of an array of tables, with the comments above.
fn section_lines(text: &str, all: &[Section], number: usize) -> Option<Range<usize>> {
    let first = all.get(number)?;
    let last = all.get(layout::element(all, number).end.checked_sub(1)?)?;
    let start = comments_above(text, line_start(text, first.start));
    Some(start..next_line(text, last.end))
}

pub(super) fn replaced(text: &str, range: Range<usize>, put: &str) -> Option<String> {
    let before = text.get(..range.start)?;
    let after = text.get(range.end..)?;
    Some(format!("{before}{put}{after}"))
}
