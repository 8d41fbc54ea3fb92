//! Rules and groups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zlink::introspect::{CustomType, Type};

use crate::MachineName;

/// A rule as messages name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct RuleName {
    /// The user's own name for it.
    pub name: Option<String>,
    /// Where it is written, `file:line`.
    pub origin: String,
    /// Its owner; absent where that is the host.
    pub machine: Option<MachineName>,
}

/// A rule, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct RuleState {
    /// The rule.
    pub rule: RuleName,
    /// What it asks for, in one line.
    pub asks: String,
    /// Its priority.
    pub priority: i32,
    /// How exactly it names a device, in words.
    pub specificity: String,
    /// Whether it counts at all.
    pub enabled: bool,
    /// The group that it is switched with.
    pub group: Option<String>,
    /// The other options that are set, as they are written.
    pub options: Vec<String>,
    /// The ports of present devices that it gives to its owner.
    pub gives: Vec<String>,
}

/// Rules that are switched as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Group {
    /// Its name.
    pub group: String,
    /// Whether it is switched away from its rules' owners.
    pub switched: bool,
    /// Where it is switched to; absent where that is the host, and where it is not switched.
    pub machine: Option<MachineName>,
    /// The ports of present devices in it.
    pub devices: Vec<String>,
}

/// All rules and groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct RuleList {
    /// The version of this form.
    pub version: u32,
    /// The rules, in the order of the files.
    pub rules: Vec<RuleState>,
    /// The groups, by name.
    pub groups: Vec<Group>,
}
