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
    /// How often each operation was asked for.
    pub operations: BTreeMap<&'static str, u64>,
    /// How often libvirt refused a call with which code.
    pub refusals: BTreeMap<i32, u64>,
    /// After which actions the daemon died.
    pub deaths: BTreeMap<&'static str, u64>,
}

fn add<K: Ord + Copy>(counts: &mut BTreeMap<K, u64>, others: &BTreeMap<K, u64>) {
    for (key, count) in others {
        *counts.entry(*key).or_default() += count;
    }
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
        add(&mut self.faults, &other.faults);
        add(&mut self.operations, &other.operations);
        add(&mut self.refusals, &other.refusals);
        add(&mut self.deaths, &other.deaths);
    }
}
