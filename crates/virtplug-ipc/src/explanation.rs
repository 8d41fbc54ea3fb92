//! Why a device is where it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zlink::introspect::{CustomType, Type};

use crate::{DeviceState, RuleName};

/// What a condition, or a whole rule, comes to for a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
#[serde(rename_all = "snake_case")]
#[zlink(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// What it asks for cannot be read now.
    Unknown,
}

/// One condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Condition {
    /// The key, as it is written; `not[0].serial` for a nested one.
    pub key: String,
    /// What the rule asks for.
    pub wanted: String,
    /// What the device has.
    pub actual: String,
    /// Whether that holds.
    pub verdict: Verdict,
}

/// What one rule says of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct RuleExplanation {
    /// The rule.
    pub rule: RuleName,
    /// Whether it holds for the device.
    pub verdict: Verdict,
    /// Whether it counts at all.
    pub enabled: bool,
    /// Its priority.
    pub priority: i32,
    /// How exactly it names a device, in words.
    pub specificity: String,
    /// Its conditions, in the order of the manual.
    pub conditions: Vec<Condition>,
    /// What became of it, as a sentence.
    pub outcome: String,
}

/// Why one device is where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct DeviceExplanation {
    /// The device, where it belongs and where it is.
    pub device: DeviceState,
    /// The rules, the strongest first; those that do not hold after those that do.
    pub rules: Vec<RuleExplanation>,
    /// What was decided by hand, as a sentence.
    pub by_hand: Option<String>,
    /// What keeps such a device from every machine, as a sentence.
    pub refusal: Option<String>,
    /// The last error.
    pub last_error: Option<String>,
    /// The decision and what follows from it, a sentence each.
    pub conclusion: Vec<String>,
}

/// Why devices are where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Explanation {
    /// The version of this form.
    pub version: u32,
    /// The devices, by port.
    pub devices: Vec<DeviceExplanation>,
}
