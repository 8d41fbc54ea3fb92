//! Where keys and brackets stand in a file with broken syntax. `toml` tells
//! where it noticed a mistake; this finds where the mistake began.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_parser::decoder::Encoding;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};
use toml_parser::{ErrorSink, ParseError};

use crate::key::MACHINES;

/// Deepest nesting, the same as in `toml`.
pub(crate) const MAX_DEPTH: u32 = 80;

/// What the events of the parser tell about places.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// The first place of a key that stands here again, by its start.
    firsts: BTreeMap<usize, First>,
    /// The opening of what is unclosed, by the place where that was noticed.
    openings: BTreeMap<usize, Range<usize>>,
    /// The first key with too many parts.
    too_deep: Option<Range<usize>>,
}

/// Where a key was written first.
#[derive(Debug)]
pub(crate) struct First {
    pub(crate) span: Range<usize>,
    /// Whether the key is the name of a machine.
    pub(crate) machine: bool,
}

impl Outline {
    /// Reads a text, whatever it is.
    pub(crate) fn read(text: &str) -> Self {
        let source = toml_parser::Source::new(text);
        let tokens = source.lex().into_vec();
        let mut events: Vec<Event> = Vec::with_capacity(tokens.len());
        let mut unclosed = Unclosed::default();
        let mut guard = RecursionGuard::new(&mut events, MAX_DEPTH);
        parse_document(&tokens, &mut guard, &mut unclosed);

        let mut keys = Keys::default();
        let mut openings = unclosed.openings;
        for event in &events {
            keys.see(event, source);
            if let Some((end, opening)) = unclosed_string(event, text) {
                openings.insert(end, opening);
            }
        }
        Self {
            firsts: keys.firsts,
            openings,
            too_deep: keys.too_deep,
        }
    }

    pub(crate) fn first_of(&self, repeated: &Range<usize>) -> Option<&First> {
        self.firsts.get(&repeated.start)
    }

    pub(crate) fn opening_of(&self, noticed: &Range<usize>) -> Option<&Range<usize>> {
        self.openings.get(&noticed.start)
    }

    pub(crate) fn too_deep(&self) -> Option<&Range<usize>> {
        self.too_deep.as_ref()
    }
}

#[derive(Default)]
struct Unclosed {
    openings: BTreeMap<usize, Range<usize>>,
}

impl ErrorSink for Unclosed {
    fn report_error(&mut self, error: ParseError) {
        if let (Some(noticed), Some(opening)) = (error.unexpected(), error.context())
            && error.description().starts_with("unclosed ")
        {
            let opening = opening.start()..opening.end();
            self.openings.insert(noticed.start(), opening);
        }
    }
}

/// A string over several lines that runs to the end of the file: that end and
/// its opening quotes.
fn unclosed_string(event: &Event, text: &str) -> Option<(usize, Range<usize>)> {
    let quotes = match event.encoding()? {
        Encoding::MlBasicString => "\"\"\"",
        Encoding::MlLiteralString => "'''",
        Encoding::BasicString | Encoding::LiteralString => return None,
    };
    let (start, end) = (event.span().start(), event.span().end());
    let inside = text.get(start + quotes.len()..end)?;
    (end == text.len() && !inside.ends_with(quotes)).then(|| (end, start..start + quotes.len()))
}

/// One step from a table to what is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    Element(usize),
}

type Path = Vec<Step>;

/// Follows the tables that keys are in.
#[derive(Default)]
struct Keys {
    firsts: BTreeMap<usize, First>,
    too_deep: Option<Range<usize>>,
    /// Keys by their path from the root: those that were given a value or a
    /// header, and those that only lead to others.
    given: BTreeMap<Path, Range<usize>>,
    passed: BTreeMap<Path, Range<usize>>,
    /// How many tables each array of tables has by now.
    arrays: BTreeMap<Path, usize>,
    /// The table of the last header.
    table: Path,
    /// The arrays and inline tables that are open.
    open: Vec<Open>,
    /// The key that is being read.
    key: Vec<(String, Range<usize>)>,
    /// The key that waits for its value.
    awaited: Option<Path>,
}

/// An open bracket of a value.
struct Open {
    path: Path,
    /// The element that comes next; `None` for an inline table.
    element: Option<usize>,
}

impl Keys {
    fn see(&mut self, event: &Event, source: toml_parser::Source<'_>) {
        let span = event.span().start()..event.span().end();
        match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                self.open.clear();
                self.key.clear();
            }
            EventKind::SimpleKey => {
                let mut name = std::borrow::Cow::Borrowed("");
                if let Some(raw) = source.get(event) {
                    raw.decode_key(&mut name, &mut ());
                }
                self.key.push((name.into_owned(), span));
            }
            EventKind::StdTableClose => {
                self.table = self.take_header();
            }
            EventKind::ArrayTableClose => {
                let mut path = self.take_header();
                let count = self.arrays.entry(path.clone()).or_default();
                path.push(Step::Element(*count));
                *count += 1;
                self.table = path;
            }
            EventKind::KeyValSep => {
                let base = match self.open.last() {
                    Some(open) => open.path.clone(),
                    None => self.table.clone(),
                };
                self.awaited = Some(self.take_key(base, false));
            }
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                let path = self.value_path();
                let element = (event.kind() == EventKind::ArrayOpen).then_some(0);
                self.open.push(Open { path, element });
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                self.open.pop();
            }
            EventKind::ValueSep => {
                if let Some(element) = self.open.last_mut().and_then(|open| open.element.as_mut()) {
                    *element += 1;
                }
            }
            EventKind::Newline if self.open.is_empty() => self.key.clear(),
            _ => {}
        }
    }

    /// The path of the value that begins now.
    fn value_path(&mut self) -> Path {
        let enclosing = self.open.last().map(|open| {
            let mut path = open.path.clone();
            path.extend(open.element.map(Step::Element));
            path
        });
        self.awaited.take().or(enclosing).unwrap_or_default()
    }

    /// The path of the header that ends now. A header that leads into an array
    /// of tables means the last of them.
    fn take_header(&mut self) -> Path {
        self.take_key(Path::new(), true)
    }

    fn take_key(&mut self, base: Path, header: bool) -> Path {
        let key = std::mem::take(&mut self.key);
        if key.len() > MAX_DEPTH as usize {
            self.too_deep = self.too_deep.take().or_else(|| {
                let first = key.first()?.1.start;
                Some(first..key.last()?.1.end)
            });
            return base;
        }
        let machines = Step::Key(MACHINES.name.to_owned());
        let mut path = base;
        let last = key.len().saturating_sub(1);
        for (part, (name, span)) in key.into_iter().enumerate() {
            path.push(Step::Key(name));
            let first = self.given.get(&path).or_else(|| self.passed.get(&path));
            if let Some(first) = first {
                let first = First {
                    span: first.clone(),
                    machine: path.len() == 2 && path.first() == Some(&machines),
                };
                self.firsts.insert(span.start, first);
            }
            if part == last {
                self.given.entry(path.clone()).or_insert(span);
            } else {
                self.passed.entry(path.clone()).or_insert(span);
                if let Some(count) = self.arrays.get(&path).filter(|_| header) {
                    path.push(Step::Element(count.saturating_sub(1)));
                }
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of the first place of the last occurrence of `repeated`, with
    /// its offset.
    fn first(text: &str, repeated: &str) -> Option<usize> {
        let start = text.rfind(repeated).unwrap();
        let outline = Outline::read(text);
        outline
            .first_of(&(start..start + repeated.len()))
            .map(|first| first.span.start)
    }

    #[test]
    fn a_repeated_key_leads_to_the_first_one_of_its_table() {
        assert_eq!(first("a = 1\na = 2", "a"), Some(0));
        assert_eq!(first("x = { a = 1 }\na = 2", "a"), None);
        assert_eq!(first("[[m]]\na = 1\n[[m]]\na = 2", "a"), None);
        assert_eq!(first("[[m]]\na = 1\na = 2", "a"), Some(6));
        assert_eq!(first("x = [{ a = 1 }, { a = 2 }]", "a"), None);
        assert_eq!(first("x = [{ a = 1, a = 2 }]", "a"), Some(7));
        assert_eq!(first("\"a\" = 1\na = 2", "a"), Some(0));
    }

    #[test]
    fn a_repeated_header_leads_to_the_first_one() {
        assert_eq!(first("[m.a]\n[m.b]\n[m.a]", "a"), Some(3));
        assert_eq!(first("[[m.a]]\n[m.a]", "a"), Some(4));
        assert_eq!(first("[m.a.x]\n[m.a]\n[m.a]", "a"), Some(11));
        assert_eq!(first("m.a.x = 1\n[m.a]", "a"), Some(2));
        assert_eq!(first("[[m]]\n[m.e]\n[[m]]\n[m.e]", "e"), None);
        assert_eq!(first("[[m]]\n[m.e]\n[m.e]", "e"), Some(9));
    }

    #[test]
    fn what_is_unclosed_leads_to_its_opening() {
        for (text, opening) in [
            ("a = [\n1,\n", 4..5),
            ("a = {\nb = 1\n", 4..5),
            ("a = '''x\ny\n", 4..7),
            ("a = \"\"\"x\ny\n", 4..7),
        ] {
            let (_, errors) = toml::de::DeTable::parse_recoverable(text);
            let outline = Outline::read(text);
            let found = errors
                .iter()
                .find_map(|error| outline.opening_of(&error.span()?).cloned());
            assert_eq!(found, Some(opening), "{text:?} {errors:?}");
        }
    }

    #[test]
    fn deep_nesting_is_no_deep_recursion() {
        let deep = format!("x = {}", "[".repeat(200_000));
        assert!(Outline::read(&deep).too_deep().is_none());
        let deep = format!("y = 1\n{}x = 1", "a.".repeat(200_000));
        assert_eq!(Outline::read(&deep).too_deep(), Some(&(6..400_007)));
    }
}
