//! What is wrong or worth knowing, and where.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use crate::source::Place;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// The configuration is used, but likely not as meant.
    Warning,
    /// Good to know.
    Note,
}

/// One finding in a configuration. Its texts hold nothing that could steer a
/// terminal or forge a line; foreign text in them is escaped.
///
/// `Display` gives one line for the journal: `file:line:column: message`.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    severity: Severity,
    code: Option<&'static str>,
    message: String,
    pub(crate) place: Place,
    pub(crate) related: Option<Related>,
    help: Vec<String>,
}

/// A second place that belongs to a finding.
#[derive(Debug, Clone)]
pub(crate) struct Related {
    pub(crate) label: &'static str,
    pub(crate) place: Place,
}

impl Diagnostic {
    pub(crate) fn new(severity: Severity, place: Place, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: None,
            message: message.into(),
            place,
            related: None,
            help: Vec::new(),
        }
    }

    pub(crate) fn error(place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, place, message)
    }

    pub(crate) fn warning(place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, place, message)
    }

    pub(crate) fn note(place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, place, message)
    }

    /// Adds what to do, or what is allowed; the most useful line first. Foreign
    /// text in it must be escaped.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Names the kind of finding, for programs.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn with_related(mut self, label: &'static str, place: Place) -> Self {
        self.related = Some(Related { label, place });
        self
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// A word for the kind of finding, where there is one.
    pub fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it and what is allowed, the most useful line first.
    pub fn help(&self) -> &[String] {
        &self.help
    }

    /// The file.
    pub fn file(&self) -> &Path {
        self.place.source().path()
    }

    /// The place in bytes of the file. `None`: the file as a whole.
    pub fn span(&self) -> Option<Range<usize>> {
        self.place.file_span()
    }

    /// The place in the text, which begins behind a byte order mark.
    pub(crate) fn text_span(&self) -> Option<&Range<usize>> {
        self.place.text_span()
    }

    /// The line, counted from 1.
    pub fn line(&self) -> Option<usize> {
        self.place.line()
    }

    /// The column in characters, counted from 1.
    pub fn column(&self) -> Option<usize> {
        self.place.column()
    }

    /// Line and column behind the last character, counted as those of the start.
    pub fn end(&self) -> Option<(usize, usize)> {
        self.place.end()
    }

    /// A second place that belongs to the finding.
    pub fn related(&self) -> Option<RelatedPlace<'_>> {
        let Related { label, place } = self.related.as_ref()?;
        Some(RelatedPlace {
            label,
            file: place.source().path(),
            line: place.line(),
            column: place.column(),
        })
    }
}

/// A second place of a finding, for those who show it in their own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelatedPlace<'d> {
    /// What it is to the finding.
    pub label: &'static str,
    /// The file.
    pub file: &'d Path,
    /// The line, counted from 1. `None`: the file as a whole.
    pub line: Option<usize>,
    /// The column in characters, counted from 1.
    pub column: Option<usize>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if let Some(Related { label, place }) = &self.related {
            write!(f, " ({label}: {place})")?;
        }
        match self.help.first() {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}
