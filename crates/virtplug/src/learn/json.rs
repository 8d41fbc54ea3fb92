//! What `learn` and `forget` print with `--json`.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use virtplug_config::edit::Change;
use virtplug_core::{Escaped, Rule};
use virtplug_ipc::{Device, RuleName, VERSION};

use super::proposal::Proposal;
use crate::present;

/// A rule for a device.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Learned {
    /// The version of this form.
    version: u32,
    /// The device, and what identifies it.
    device: Device,
    /// The machine, as the configuration names it.
    machine: String,
    /// What the rule asks for.
    rule: Asked,
    /// Why this rule, as a sentence.
    reason: String,
    /// What to know before it is written, a sentence each.
    warnings: Vec<String>,
    /// Where the same rule is already, `file:line`; absent where it is new.
    repeats: Option<String>,
    /// What is to be written; absent where the rule is there already.
    change: Option<Edit>,
    /// Whether it was written.
    pub(super) written: bool,
}

/// The conditions of a rule, as they are written.
#[derive(Debug, Serialize, JsonSchema)]
struct Asked {
    /// Its name.
    name: Option<String>,
    /// `vendor`
    vendor: Option<String>,
    /// `product`
    product: Option<String>,
    /// `serial`
    serial: Option<String>,
    /// `port`
    port: Option<String>,
    /// `stable-port`
    stable_port: Option<String>,
}

/// A rule that is taken out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Forgotten {
    /// The version of this form.
    version: u32,
    /// The rule.
    rule: RuleName,
    /// What goes.
    change: Edit,
    /// Whether it was written.
    pub(crate) written: bool,
}

/// A change of one file.
#[derive(Debug, Serialize, JsonSchema)]
struct Edit {
    /// The file.
    file: String,
    /// Whether the file is new.
    new: bool,
    /// The file that the rest of the new one is a copy of.
    copied_from: Option<String>,
    /// The lines that come or go.
    text: String,
}

impl Learned {
    /// A rule that is new if there is a change for it, and else is at `repeats`.
    pub(super) fn new(
        device: Device,
        machine: &str,
        proposal: Proposal,
        change: Result<&Change, String>,
    ) -> Self {
        let Proposal {
            rule,
            reason,
            warnings,
        } = proposal;
        let (change, repeats) = match change {
            Ok(change) => (Some(Edit::of(change)), None),
            Err(origin) => (None, Some(origin)),
        };
        Self {
            version: VERSION,
            device,
            machine: machine.to_owned(),
            rule: Asked {
                name: rule.name,
                vendor: rule.vendor,
                product: rule.product,
                serial: rule.serial,
                port: rule.port,
                stable_port: rule.stable_port,
            },
            reason,
            warnings,
            repeats,
            change,
            written: false,
        }
    }
}

impl Forgotten {
    pub(crate) fn new(rule: &Rule, change: &Change) -> Self {
        Self {
            version: VERSION,
            rule: present::rule_name(rule),
            change: Edit::of(change),
            written: false,
        }
    }
}

impl Edit {
    fn of(change: &Change) -> Self {
        let shown = |path: &Path| Escaped(&path.to_string_lossy()).to_string();
        Self {
            file: shown(change.path()),
            new: change.is_new(),
            copied_from: change.copied_from().map(shown),
            text: change.entry().to_owned(),
        }
    }
}
