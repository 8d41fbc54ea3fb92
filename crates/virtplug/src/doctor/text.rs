//! Findings for a terminal of 80 columns.

use super::finding::{Finding, Severity};
use crate::naming::counted;
use crate::table::wrap;

/// Columns of a line.
const WIDTH: u16 = 80;
/// Columns before a text.
const INDENT: u16 = 11;

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
    let mut label = format!("  {word:<8} ");
    for line in wrap(text, WIDTH - INDENT) {
        out.push_str(&label);
        out.push_str(&line);
        out.push('\n');
        label = " ".repeat(usize::from(INDENT));
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn no_text_is_wider_than_the_terminal() {
        let mut out = String::new();
        let long = format!("{} {}", "x".repeat(200), "日".repeat(100));
        paragraph(&mut out, "warning", &long);
        assert!(out.lines().all(|line| line.width() <= 80), "{out}");
    }
}
