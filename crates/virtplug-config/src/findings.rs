//! The findings of one file while it is read.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Place, Source};

/// Most findings of one file that are told.
const MAX_TOLD: usize = 10_000;

/// Collects what is found in one file.
pub(crate) struct Findings {
    source: Arc<Source>,
    found: Vec<Diagnostic>,
    errors: usize,
    /// How many more there are.
    untold: usize,
    /// Whether an error is among those.
    untold_error: bool,
    /// Lines whose broken syntax has an explanation in `found`.
    explained: BTreeSet<usize>,
}

impl Findings {
    pub(crate) fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            found: Vec::new(),
            errors: 0,
            untold: 0,
            untold_error: false,
            explained: BTreeSet::new(),
        }
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        Place::span(&self.source, span)
    }

    /// How many errors there are by now.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    pub(crate) fn add(&mut self, finding: Diagnostic) {
        let error = finding.severity() == Severity::Error;
        self.errors += usize::from(error);
        if self.found.len() < MAX_TOLD {
            self.found.push(finding);
        } else {
            self.untold += 1;
            self.untold_error |= error;
        }
    }

    /// Adds a finding that also explains why the syntax of its line is broken,
    /// and better than the parser does.
    pub(crate) fn add_explaining(&mut self, finding: Diagnostic) {
        if let Some(span) = finding.place.text_span() {
            self.explained.insert(self.source.line_of(span.start));
        }
        self.add(finding);
    }

    /// Whether a finding explains the syntax of this line.
    pub(crate) fn explains(&self, line: usize) -> bool {
        self.explained.contains(&line)
    }

    /// Drops what was found on lines with broken syntax: it may follow from that.
    pub(crate) fn drop_lines(&mut self, broken: &BTreeSet<usize>) {
        let source = &self.source;
        self.found.retain(|finding| {
            finding
                .place
                .text_span()
                .is_none_or(|span| !broken.contains(&source.line_of(span.start)))
        });
    }

    pub(crate) fn into_found(mut self) -> Vec<Diagnostic> {
        if self.untold > 0 {
            let end = self.source.text().len();
            let (severity, what) = if self.untold_error {
                (Severity::Error, "mistakes")
            } else {
                (Severity::Warning, "warnings")
            };
            let message = format!("{} more {what} are not shown", self.untold);
            self.found
                .push(Diagnostic::new(severity, self.place(end..end), message));
        }
        self.found
    }
}
