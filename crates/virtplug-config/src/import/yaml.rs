//! YAML to a tree with places. Bounded: aliases and nesting of hostile files
//! do not grow it.

use std::collections::BTreeMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use virtplug_core::Escaped;

/// The deepest nesting. The format needs seven levels.
const DEEPEST: usize = 32;
/// The most nodes that aliases may stand for.
const MOST_NODES: usize = 100_000;

/// A value and where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    /// It has a tag such as `!!str`, which changes its meaning.
    pub(super) tagged: bool,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Scalar { text: String, plain: bool },
    List(Vec<Rc<Node>>),
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

/// Why a file cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: usize,
    pub(super) message: String,
}

/// The first document of a file, and the line of the second one, if any.
pub(super) fn read(text: &str) -> Result<(Option<Rc<Node>>, Option<usize>), Unreadable> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: BTreeMap::new(),
        nodes: 0,
    };
    let mut root = None;
    while let Some((event, line)) = reader.next()? {
        match event {
            Event::DocumentStart(_) if root.is_some() => return Ok((root, Some(line))),
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            Event::StreamEnd => break,
            event => root = Some(reader.node(event, line, 0)?.0),
        }
    }
    Ok((root, None))
}

struct Reader<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    /// Nodes with a name, and how many nodes each stands for.
    anchors: BTreeMap<usize, (Rc<Node>, usize)>,
    nodes: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Option<(Event<'t>, usize)>, Unreadable> {
        let next: Option<Result<(Event<'t>, Span), ScanError>> = self.parser.next();
        match next {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, span.start.line()))),
            Some(Err(error)) => Err(Unreadable {
                line: error.marker().line(),
                message: format!("the YAML cannot be read: {}", Escaped(error.info())),
            }),
        }
    }

    /// Reads the node that an event begins, and how many nodes it stands for.
    fn node(
        &mut self,
        event: Event<'t>,
        line: usize,
        depth: usize,
    ) -> Result<(Rc<Node>, usize), Unreadable> {
        let unreadable = |message: String| Unreadable { line, message };
        if depth > DEEPEST {
            return Err(unreadable(format!(
                "the YAML is nested deeper than {DEEPEST} levels"
            )));
        }
        let (value, anchor, tagged, size) = match event {
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(unreadable("an alias refers to what contains it".to_owned()));
                };
                self.grow(size, line)?;
                return Ok((node, size));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let text = text.into_owned();
                let plain = style == ScalarStyle::Plain;
                (Value::Scalar { text, plain }, anchor, tag.is_some(), 1)
            }
            Event::SequenceStart(anchor, tag) => {
                let mut list = Vec::new();
                let mut size = 1;
                while let Some((node, inner)) = self.inner(&Event::SequenceEnd, line, depth)? {
                    size += inner;
                    list.push(node);
                }
                (Value::List(list), anchor, tag.is_some(), size)
            }
            Event::MappingStart(anchor, tag) => {
                let mut map = Vec::new();
                let mut size = 1;
                while let Some((key, of_key)) = self.inner(&Event::MappingEnd, line, depth)? {
                    let Some((value, of_value)) = self.inner(&Event::MappingEnd, line, depth)?
                    else {
                        return Err(unreadable("a key has no value".to_owned()));
                    };
                    size += of_key + of_value;
                    map.push((key, value));
                }
                (Value::Map(map), anchor, tag.is_some(), size)
            }
            _ => return Err(unreadable("the YAML ends too early".to_owned())),
        };
        self.grow(1, line)?;
        let node = Rc::new(Node {
            line,
            tagged,
            value,
        });
        if anchor > 0 {
            self.anchors.insert(anchor, (Rc::clone(&node), size));
        }
        Ok((node, size))
    }

    fn inner(
        &mut self,
        end: &Event<'_>,
        line: usize,
        depth: usize,
    ) -> Result<Option<(Rc<Node>, usize)>, Unreadable> {
        match self.next()? {
            Some((event, _)) if event == *end => Ok(None),
            Some((event, line)) => self.node(event, line, depth + 1).map(Some),
            None => Err(Unreadable {
                line,
                message: "the YAML ends too early".to_owned(),
            }),
        }
    }

    fn grow(&mut self, size: usize, line: usize) -> Result<(), Unreadable> {
        self.nodes = self.nodes.saturating_add(size);
        if self.nodes <= MOST_NODES {
            return Ok(());
        }
        let message = format!(
            "the YAML has more than {MOST_NODES} values, counting those that aliases repeat"
        );
        Err(Unreadable { line, message })
    }
}

impl Node {
    /// The text of a scalar; `None` for null and for what is no scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// A whole number as Go's `yaml.v3` reads it: decimal, `0x`, `0o`, `0b`, or
    /// octal after a plain 0; underscores may part digits. Quoted numbers are text.
    pub(super) fn number(&self) -> Option<i64> {
        let Value::Scalar { text, plain: true } = &self.value else {
            return None;
        };
        let text = text.replace('_', "");
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let lower = digits.to_ascii_lowercase();
        let (radix, digits) = match lower.get(..2) {
            Some("0x") => (16, lower.get(2..)?),
            Some("0o") => (8, lower.get(2..)?),
            Some("0b") => (2, lower.get(2..)?),
            Some(two) if two.starts_with('0') => (8, lower.get(1..)?),
            _ => (10, lower.as_str()),
        };
        if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let number = i64::from_str_radix(digits, radix).ok()?;
        Some(if negative { -number } else { number })
    }

    pub(super) fn list(&self) -> Option<&[Rc<Node>]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The entries of a map with those that `<<` merges in. `Err`: the line of
    /// a key that is no text or stands there twice.
    pub(super) fn map(&self) -> Option<Result<Vec<(&str, &Node)>, usize>> {
        let Value::Map(entries) = &self.value else {
            return None;
        };
        let mut known: std::collections::BTreeSet<&str> = std::collections::BTreeSet::new();
        let mut found: Vec<(&str, &Node)> = Vec::new();
        let mut merged: Vec<&Node> = Vec::new();
        for (key, value) in entries {
            match &key.value {
                Value::Scalar { text, plain: true } if text == "<<" => match &value.value {
                    Value::List(list) => merged.extend(list.iter().map(|node| &**node)),
                    _ => merged.push(value),
                },
                Value::Scalar { text, .. } if known.insert(text) => found.push((text, value)),
                _ => return Some(Err(key.line)),
            }
        }
        for node in merged {
            let Value::Map(entries) = &node.value else {
                return Some(Err(node.line));
            };
            for (key, value) in entries {
                match &key.value {
                    // One level of merging is enough for configurations.
                    Value::Scalar { text, plain: true } if text == "<<" => {
                        return Some(Err(key.line));
                    }
                    Value::Scalar { text, .. } => {
                        if known.insert(text) {
                            found.push((text, value));
                        }
                    }
                    _ => return Some(Err(key.line)),
                }
            }
        }
        Some(Ok(found))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn number(text: &str) -> Option<i64> {
        read(text).unwrap().0.unwrap().number()
    }

    #[test]
    fn numbers_are_read_as_in_go() {
        for (text, expected) in [
            ("1133", Some(1133)),
            ("0x046d", Some(0x46d)),
            ("0X046D", Some(0x46d)),
            ("0o17", Some(15)),
            ("017", Some(15)),
            ("0b11", Some(3)),
            ("1_000", Some(1000)),
            ("-1", Some(-1)),
            ("0", Some(0)),
            ("\"0x046d\"", None),
            ("046d", None),
            ("c08e", None),
            ("1e3", None),
            ("0x", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn hostile_files_are_refused_soon() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let before = format!("*a{}, ", level - 1).repeat(10);
            writeln!(bomb, "a{level}: &a{level} [{before}]").unwrap();
        }
        assert!(read(&bomb).unwrap_err().message.contains("aliases"));
        for deep in [
            "[".repeat(10_000),
            "- ".repeat(10_000),
            "{a: ".repeat(10_000),
        ] {
            assert!(read(&deep).is_err());
        }
        assert!(read("a: &a [*a]").is_err());
        assert!(read("a: *b").is_err());
    }
}
