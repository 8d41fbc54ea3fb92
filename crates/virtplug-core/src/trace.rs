//! What is written down of an engine's life: all that it was told and all that
//! it asked for, enough to let it happen again.

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::event::Event;
use crate::time::Time;

/// What a trace begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceHeader {
    /// The version of the program that wrote it.
    pub virtplug: String,
    /// How it is written: [`TraceHeader::FORMAT`].
    pub format: u32,
    /// What the engine was made with.
    pub seed: u64,
}

impl TraceHeader {
    /// How traces are written today. Changes whenever an older program could not read them.
    pub const FORMAT: u32 = 1;
}

/// One event and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceStep {
    /// When, as the engine was told: since its start.
    pub at: Time,
    /// What the engine was told.
    pub event: Event,
    /// What it asked for.
    pub actions: Vec<Action>,
}

#[cfg(test)]
mod tests;
