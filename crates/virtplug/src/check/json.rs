//! The JSON form.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde::Serialize;
use virtplug_config::{Diagnostic, RelatedPlace, Severity};
use virtplug_core::{DeviceView, Engine, RawText};
use virtplug_ipc::{Belongs, Device, VERSION};

use super::Checked;
use super::verdict::Verdict;
use crate::{plan, present};

/// All that a check found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    version: u32,
    verdict: &'static str,
    errors: usize,
    warnings: usize,
    notes: usize,
    /// Absent for a wrong configuration.
    rules: Option<usize>,
    machines: Option<usize>,
    diagnostics: Vec<DiagnosticJson>,
    /// What belongs to no place in a file.
    remarks: Vec<String>,
    /// Where the devices of a dump would go; absent without one.
    devices: Option<Vec<DestinationJson>>,
}

#[derive(Debug, Serialize)]
struct DiagnosticJson {
    severity: &'static str,
    /// The kind of finding, where there is a word for it.
    code: Option<&'static str>,
    message: String,
    #[serde(flatten)]
    place: PlaceJson,
    /// Behind the last character.
    end: Option<EndJson>,
    help: Vec<String>,
    related: Option<RelatedJson>,
}

/// Lines and columns count from 1, columns in characters. Without a line the
/// whole file is meant.
#[derive(Debug, Serialize)]
struct PlaceJson {
    file: String,
    line: Option<usize>,
    column: Option<usize>,
}

#[derive(Debug, Serialize)]
struct EndJson {
    line: usize,
    column: usize,
}

#[derive(Debug, Serialize)]
struct RelatedJson {
    label: &'static str,
    #[serde(flatten)]
    place: PlaceJson,
}

#[derive(Debug, Serialize)]
struct DestinationJson {
    device: Device,
    belongs: Belongs,
    /// Why it stays on the host although a rule names it.
    reason: Option<String>,
}

impl Report {
    pub(super) fn new(checked: &Checked, verdict: Verdict) -> Self {
        let policy = checked.result.as_ref().ok().map(|loaded| &loaded.policy);
        Self {
            version: VERSION,
            verdict: match verdict {
                Verdict::Correct => "correct",
                Verdict::Doubtful => "doubtful",
                Verdict::Wrong => "wrong",
            },
            errors: checked.count(Severity::Error),
            warnings: checked.count(Severity::Warning),
            notes: checked.count(Severity::Note),
            rules: policy.map(|policy| policy.rules().len()),
            machines: policy.map(|policy| policy.machines().len()),
            diagnostics: checked.diagnostics().iter().map(Into::into).collect(),
            remarks: checked.notes.clone(),
            devices: checked.engine.as_ref().map(destinations),
        }
    }
}

fn destinations(engine: &Engine) -> Vec<DestinationJson> {
    let devices = engine.devices();
    devices.map(|view| destination(engine, &view)).collect()
}

impl From<&Diagnostic> for DiagnosticJson {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            severity: match diagnostic.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            code: diagnostic.code(),
            message: diagnostic.message().to_owned(),
            place: PlaceJson {
                file: file(diagnostic.file()),
                line: diagnostic.line(),
                column: diagnostic.column(),
            },
            end: diagnostic
                .end()
                .map(|(line, column)| EndJson { line, column }),
            help: diagnostic.help().to_vec(),
            related: diagnostic.related().map(Into::into),
        }
    }
}

impl From<RelatedPlace<'_>> for RelatedJson {
    fn from(related: RelatedPlace<'_>) -> Self {
        Self {
            label: related.label,
            place: PlaceJson {
                file: file(related.file),
                line: related.line,
                column: related.column,
            },
        }
    }
}

fn destination(engine: &Engine, view: &DeviceView<'_>) -> DestinationJson {
    DestinationJson {
        device: present::viewed(view),
        belongs: present::belongs(engine, view),
        reason: plan::staying_reason(view).map(|(_, reason)| reason),
    }
}

/// A path as messages show it, which is text whatever its bytes are.
fn file(path: &Path) -> String {
    RawText::new(path.as_os_str().as_bytes()).to_string()
}
