//! Why rules hold for a device or do not, condition by condition.

mod actual;
mod asked;
mod rule;
#[cfg(test)]
mod tests;
mod upwards;

pub use rule::{RuleView, Standing};
pub(crate) use rule::{Surroundings, all};

use std::fmt;

use crate::device::Device;
use crate::matcher::{Matcher, Topology, Verdict};

use asked::Asked;

/// One condition of a matcher, judged for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The key as it is written; inside of another condition with that before
    /// it: `not[0].serial`.
    pub key: String,
    /// What is asked for.
    pub wanted: String,
    /// What the device has.
    pub actual: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// The conditions that it consists of, each with a verdict of its own: those
    /// of `not` say whether the device is what is excluded.
    pub parts: Vec<Condition>,
}

impl Condition {
    /// This condition and then what it consists of, as one list.
    pub fn with_parts(&self) -> Vec<&Self> {
        let parts = self.parts.iter().flat_map(Self::with_parts);
        std::iter::once(self).chain(parts).collect()
    }
}

impl Matcher {
    /// Judges each condition for a device, in the order of the manual. All of
    /// them together come to what [`Matcher::judge`] gives.
    pub fn explain(&self, device: &Device, around: &dyn Topology) -> Vec<Condition> {
        self.explain_as("", device, around)
    }

    /// The same, with words before each key.
    fn explain_as(&self, prefix: &str, device: &Device, around: &dyn Topology) -> Vec<Condition> {
        Asked::all_of(self)
            .iter()
            .map(|asked| asked.explain(prefix, device, around))
            .collect()
    }
}

/// What it asks for, in one line: `vendor "10c4", not (serial "A1")`.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, asked) in Asked::all_of(self).iter().enumerate() {
            if number > 0 {
                f.write_str(", ")?;
            }
            asked.fmt(f)?;
        }
        Ok(())
    }
}
