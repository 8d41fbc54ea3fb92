//! TOML syntax: a table from a text, as far as it can be read, and what is
//! broken in it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, Error};

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::mistake::{Context, Mistake, explain};
use crate::outline::Outline;
use crate::source::{Place, Source};

/// Most mistakes of one file that are told. With more it is no configuration.
const MAX_ERRORS: usize = 100;

/// A parsed file.
pub(crate) struct Document<'s> {
    /// `None`: a mistake makes it uncertain which keys there are.
    table: Option<DeTable<'s>>,
    errors: Vec<SyntaxError>,
    /// How many more lines have mistakes.
    untold: usize,
}

struct SyntaxError {
    span: Range<usize>,
    /// Where the same was written before.
    first: Option<Range<usize>>,
    mistake: Mistake,
}

impl<'s> Document<'s> {
    pub(crate) fn parse(source: &'s Source) -> Self {
        let (table, errors) = DeTable::parse_recoverable(source.text());
        let (errors, untold) = if errors.is_empty() {
            (Vec::new(), 0)
        } else {
            explain_all(&errors, source)
        };
        let certain = untold == 0 && !errors.iter().any(|error| error.mistake.structural);
        Self {
            table: certain.then(|| table.into_inner()),
            errors,
            untold,
        }
    }

    /// The table, unless a mistake makes it uncertain which keys it has.
    pub(crate) fn table(&self) -> Option<&DeTable<'s>> {
        self.table.as_ref()
    }

    /// Joins what the parser and the reader of the table found, without what
    /// only follows from something else. The flag tells whether the reader saw
    /// all that was written.
    pub(crate) fn join(self, mut findings: Findings) -> (bool, Vec<Diagnostic>) {
        let source = Arc::clone(findings.source());
        let line_of = |error: &SyntaxError| source.line_of(error.span.start);
        let mut errors = self.errors;
        errors.retain(|error| !findings.explains(line_of(error)));
        let broken: BTreeSet<usize> = errors.iter().map(line_of).collect();
        findings.drop_lines(&broken);
        let mut found = findings.into_found();
        found.extend(errors.into_iter().map(|error| error.finding(&source)));
        if self.untold > 0 {
            let place = Place::span(&source, source.text().len()..source.text().len());
            let message = format!("{} more lines have mistakes of syntax", self.untold);
            found.push(
                Diagnostic::error(place, message).with_help("is this a configuration of virtplug?"),
            );
        }
        (broken.is_empty(), found)
    }
}

impl SyntaxError {
    fn finding(self, source: &Arc<Source>) -> Diagnostic {
        let mut finding = Diagnostic::error(Place::span(source, self.span), self.mistake.message);
        if let Some(first) = self.first {
            finding = finding.with_related("first here", Place::span(source, first));
        }
        match self.mistake.help {
            Some(help) => finding.with_help(help),
            None => finding,
        }
    }
}

/// What the parser complains about, and where that began.
struct Complaint<'e> {
    error: &'e Error,
    /// Where the parser noticed it.
    noticed: Range<usize>,
    /// Where it began.
    span: Range<usize>,
    /// Whether all that follows is inside of something unclosed.
    unclosed: bool,
}

/// The first mistakes in words, and how many more lines have some.
fn explain_all(errors: &[Error], source: &Source) -> (Vec<SyntaxError>, usize) {
    let outline = Outline::read(source.text());
    let complaints = errors.iter().map(|error| {
        let noticed = error
            .span()
            .or_else(|| outline.too_deep().cloned())
            .unwrap_or(0..0);
        let opening = outline.opening_of(&noticed);
        Complaint {
            error,
            span: opening.cloned().unwrap_or_else(|| noticed.clone()),
            unclosed: opening.is_some(),
            noticed,
        }
    });
    let complaints = without_consequences(complaints.collect(), source);
    let untold = complaints.len().saturating_sub(MAX_ERRORS);
    let told = complaints
        .into_iter()
        .take(MAX_ERRORS)
        .map(|complaint| explain_one(complaint, &outline, source))
        .collect();
    (told, untold)
}

fn explain_one(complaint: Complaint<'_>, outline: &Outline, source: &Source) -> SyntaxError {
    let noticed = &complaint.noticed;
    let (line_start, line) = source.line(source.line_of(noticed.start));
    let first = outline.first_of(noticed);
    let context = Context {
        text: source.slice(noticed),
        line,
        rest: line
            .get(noticed.end.saturating_sub(line_start)..)
            .unwrap_or_default(),
        machine: first.is_some_and(|first| first.machine),
        unclosed: complaint.unclosed,
    };
    SyntaxError {
        span: complaint.span,
        first: first.map(|first| first.span.clone()),
        mistake: explain(complaint.error.message(), &context),
    }
}

/// Keeps one complaint per line, and none after an opening that was not
/// closed: the others follow from it.
fn without_consequences<'e>(
    mut complaints: Vec<Complaint<'e>>,
    source: &Source,
) -> Vec<Complaint<'e>> {
    complaints.sort_by_key(|complaint| (complaint.span.start, complaint.span.end));
    let mut inside = false;
    let mut last_line = None;
    complaints.retain(|complaint| {
        let line = Some(source.line_of(complaint.span.start));
        let kept = !inside && line != last_line;
        last_line = line;
        inside |= complaint.unclosed;
        kept
    });
    complaints
}
