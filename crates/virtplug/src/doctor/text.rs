//! Findings for a terminal of 80 columns.

use super::finding::{Finding, Severity};
use crate::naming::counted;

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns before a text.
const INDENT: usize = 11;

/// How many findings matter that much.
pub(super) fn count(findings: &[Finding], severity: Severity) -> usize {
    findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .count()
}

/// The findings by topic, and what they come to.
pub(super) fn render(findings: &[Finding]) -> String {
    let mut out = String::new();
    let mut topic = None;
    for finding in findings {
        if topic != Some(finding.topic) {
            if topic.is_some() {
                out.push('\n');
            }
            out.push_str(finding.topic.title());
            out.push('\n');
            topic = Some(finding.topic);
        }
        paragraph(&mut out, finding.severity.word(), &finding.text);
        if let Some(help) = &finding.help {
            paragraph(&mut out, "", &format!("-> {help}"));
        }
    }
    out.push('\n');
    out.push_str(&summary(findings));
    out.push('\n');
    out
}

fn summary(findings: &[Finding]) -> String {
    let counts: Vec<String> = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ]
    .into_iter()
    .map(|(severity, noun)| (count(findings, severity), noun))
    .filter(|(count, _)| *count > 0)
    .map(|(count, noun)| counted(count, noun))
    .collect();
    if counts.is_empty() {
        "all is well".to_owned()
    } else {
        counts.join(", ")
    }
}

/// A word at the left and a text beside it, wrapped between words.
fn paragraph(out: &mut String, word: &str, text: &str) {
    let mut line = format!("  {word:<8} ");
    let mut column = INDENT;
    for (number, part) in text.split(' ').filter(|part| !part.is_empty()).enumerate() {
        let length = part.chars().count();
        if number > 0 {
            if column + 1 + length > WIDTH {
                out.push_str(line.trim_end());
                out.push('\n');
                line = " ".repeat(INDENT);
                column = INDENT;
            } else {
                line.push(' ');
                column += 1;
            }
        }
        line.push_str(part);
        column += length;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}
