//! What came of a command.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zlink::introspect::{CustomType, Type};

use crate::{Device, MachineName};

/// What came of a command for one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Change {
    /// The device.
    pub device: Device,
    /// The machine that it was to come to, or to leave.
    pub machine: Option<MachineName>,
    /// Whether it is as it was asked for.
    pub done: bool,
    /// What became of it, as a sentence: where it is now, or why not.
    pub result: String,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Changes {
    /// The version of this form.
    pub version: u32,
    /// Each device that the command meant.
    pub changes: Vec<Change>,
    /// What else is to be known, a sentence each.
    pub notes: Vec<String>,
}

impl Changes {
    /// Whether all is as it was asked for.
    pub fn are_done(&self) -> bool {
        self.changes.iter().all(|change| change.done)
    }
}
