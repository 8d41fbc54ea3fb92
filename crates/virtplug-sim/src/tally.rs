//! Tally: what a run went through.

use std::collections::BTreeMap;

use crate::fault::Fault;

/// Counts of one run, or of many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Things that happened in the world.
    pub steps: u64,
    /// Events that the engine got.
    pub events: u64,
    /// Attaches that it asked for.
    pub attaches: u64,
    /// Detaches that it asked for.
    pub detaches: u64,
    /// Machines that it had started or resumed.
    pub starts: u64,
    /// Orders that took effect.
    pub orders: u64,
    /// How often each class of faults struck.
    pub faults: BTreeMap<Fault, u64>,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.events += other.events;
        self.attaches += other.attaches;
        self.detaches += other.detaches;
        self.starts += other.starts;
        self.orders += other.orders;
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
    }
}
