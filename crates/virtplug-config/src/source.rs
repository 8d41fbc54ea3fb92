//! The text of a file and the places in it.

use std::fmt;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use virtplug_core::RawText;

/// A configuration file as it was read. The text is empty where the file
/// itself was refused.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    text: String,
    /// Bytes of the file before the text (a byte order mark).
    skipped: usize,
    /// Where each line begins in the text; never empty.
    line_starts: Vec<usize>,
}

impl Source {
    pub(crate) fn new(path: &Path, text: String, skipped: usize) -> Arc<Self> {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(newline, _)| newline + 1))
            .collect();
        Arc::new(Self {
            path: path.to_owned(),
            text,
            skipped,
            line_starts,
        })
    }

    /// A file of which there is nothing to show.
    pub(crate) fn without_text(path: &Path) -> Arc<Self> {
        Self::new(path, String::new(), 0)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the file is empty, so that it defines nothing and only takes the
    /// place of others.
    pub(crate) fn is_mask(&self) -> bool {
        self.text.is_empty() && self.skipped == 0
    }

    /// The part of the text at a span; empty where the span is off.
    pub(crate) fn slice(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The line of an offset, counted from 0.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.line_starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// Where a line begins, and its text without the line end.
    pub(crate) fn line(&self, line: usize) -> (usize, &str) {
        let start = self.line_starts.get(line).copied().unwrap_or_default();
        let end = self.line_starts.get(line + 1).copied();
        let text = self.slice(&(start..end.unwrap_or(self.text.len())));
        let line_end = ["\r\n", "\n"]
            .into_iter()
            .find_map(|end| text.strip_suffix(end));
        (start, line_end.unwrap_or(text))
    }

    /// The column of an offset in characters, counted from 0.
    fn column_of(&self, offset: usize) -> usize {
        let (start, line) = self.line(self.line_of(offset));
        let mut end = offset.min(start + line.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.slice(&(start..end)).chars().count()
    }
}

/// A file, or a span of its text.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    source: Arc<Source>,
    span: Option<Range<usize>>,
}

impl Place {
    pub(crate) fn file(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            span: None,
        }
    }

    pub(crate) fn span(source: &Arc<Source>, span: Range<usize>) -> Self {
        Self {
            source: Arc::clone(source),
            span: Some(span),
        }
    }

    /// Another span of the same file.
    pub(crate) fn at(&self, span: Range<usize>) -> Self {
        Self::span(&self.source, span)
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn text_span(&self) -> Option<&Range<usize>> {
        self.span.as_ref()
    }

    /// The span in bytes of the file.
    pub(crate) fn file_span(&self) -> Option<Range<usize>> {
        let skipped = self.source.skipped;
        let span = self.span.as_ref()?;
        Some(span.start + skipped..span.end + skipped)
    }

    /// The line, counted from 1.
    pub(crate) fn line(&self) -> Option<usize> {
        let span = self.span.as_ref()?;
        Some(self.source.line_of(span.start) + 1)
    }

    /// The column in characters, counted from 1.
    pub(crate) fn column(&self) -> Option<usize> {
        let span = self.span.as_ref()?;
        Some(self.source.column_of(span.start) + 1)
    }

    /// Line and column of the end, counted from 1.
    pub(crate) fn end(&self) -> Option<(usize, usize)> {
        let end = self.span.as_ref()?.end;
        let line = self.source.line_of(end);
        Some((line + 1, self.source.column_of(end) + 1))
    }

    /// `file:line`.
    pub(crate) fn file_and_line(&self) -> String {
        let path = shown_path(self.source.path());
        match self.line() {
            Some(line) => format!("{path}:{line}"),
            None => path,
        }
    }
}

impl fmt::Display for Place {
    /// `file:line:column`, or the file alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file_and_line())?;
        match self.column() {
            Some(column) => write!(f, ":{column}"),
            None => Ok(()),
        }
    }
}

/// A path for people, with what could steer a terminal escaped.
pub(crate) fn shown_path(path: &Path) -> String {
    RawText::new(path.as_os_str().as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, span: Range<usize>) -> Place {
        Place::span(&Source::new(Path::new("f"), text.to_owned(), 0), span)
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(place("a\nüb = 1", 4..5).to_string(), "f:2:2");
        assert_eq!(place("a\r\nb", 3..4).to_string(), "f:2:1");
        assert_eq!(place("a\nüb = 1", 4..5).end(), Some((2, 3)));
        assert_eq!(place("a\n\nb", 0..4).end(), Some((3, 2)));
        assert_eq!(place("a", 1..1).to_string(), "f:1:2");
        assert_eq!(place("a\n", 2..2).to_string(), "f:2:1");
        // The end of a line is one place, however many bytes it has.
        assert_eq!(place("a\r\n", 2..3).to_string(), "f:1:2");
        assert_eq!(place("\r", 1..1).to_string(), "f:1:2");
    }

    #[test]
    fn lines_have_no_line_ends() {
        let source = Source::new(Path::new("f"), "a\r\n\nlast".to_owned(), 0);
        assert_eq!(source.line(0), (0, "a"));
        assert_eq!(source.line(1), (3, ""));
        assert_eq!(source.line(2), (4, "last"));
        // Alone it is a character that does not belong there.
        let source = Source::new(Path::new("f"), "a\rb\r".to_owned(), 0);
        assert_eq!(source.line(0), (0, "a\rb\r"));
    }

    #[test]
    fn a_span_off_the_text_is_no_fault() {
        assert_eq!(place("ü", 1..900).to_string(), "f:1:1");
        assert_eq!(place("", 7..9).to_string(), "f:1:1");
    }

    #[test]
    fn a_skipped_mark_counts_for_bytes_only() {
        let source = Source::new(Path::new("f"), "ab".to_owned(), 3);
        let place = Place::span(&source, 1..2);
        assert_eq!(place.file_span(), Some(4..5));
        assert_eq!(place.column(), Some(2));
    }
}
