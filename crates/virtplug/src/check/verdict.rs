//! What a check comes to.

use std::path::Path;

use virtplug_config::{Diagnostic, Severity};
use virtplug_core::Escaped;

use super::Checked;
use crate::exit::Exit;
use crate::naming::counted;

/// How a configuration is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Correct,
    /// It has warnings, and they count as errors.
    Doubtful,
    Wrong,
}

impl Verdict {
    pub(super) fn exit(self) -> Exit {
        match self {
            Self::Correct => Exit::Ok,
            Self::Doubtful | Self::Wrong => Exit::Config,
        }
    }
}

impl Checked {
    /// All findings that have a place, in the order of the files.
    pub(super) fn diagnostics(&self) -> &[Diagnostic] {
        match &self.result {
            Ok(loaded) => &loaded.notes,
            Err(error) => error.diagnostics(),
        }
    }

    /// How many findings matter that much.
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.diagnostics()
            .iter()
            .filter(|diagnostic| diagnostic.severity() == severity)
            .count()
    }

    pub(super) fn verdict(&self, strict: bool) -> Verdict {
        if self.result.is_err() {
            Verdict::Wrong
        } else if strict && self.count(Severity::Warning) > 0 {
            Verdict::Doubtful
        } else {
            Verdict::Correct
        }
    }

    /// The last line.
    pub(super) fn summary(&self, file: &Path, verdict: Verdict) -> String {
        let mut parts = Vec::new();
        if let Ok(loaded) = &self.result {
            let policy = &loaded.policy;
            parts.push(format!(
                "{}, {}",
                counted(policy.rules().len(), "rule"),
                counted(policy.machines().len(), "machine")
            ));
        }
        let found: Vec<String> = [
            (Severity::Error, "error"),
            (Severity::Warning, "warning"),
            (Severity::Note, "note"),
        ]
        .into_iter()
        .map(|(severity, noun)| (self.count(severity), noun))
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(count, noun))
        .collect();
        if !found.is_empty() {
            parts.push(found.join(", "));
        }
        let file = file.to_string_lossy();
        let judgement = match verdict {
            Verdict::Correct if self.alone => "correct by itself",
            Verdict::Correct => "correct",
            Verdict::Doubtful => "not correct: with --strict, warnings count as errors",
            Verdict::Wrong => "wrong",
        };
        format!("{}: {judgement}; {}", Escaped(&file), parts.join("; "))
    }
}
