//! Tally: what a run went through.

use std::collections::BTreeMap;

use crate::fault::Fault;

/// How often something happened, and in how many schedules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How often.
    pub hits: u64,
    /// In how many schedules at least once.
    pub schedules: u64,
}

/// Counts of one kind of things.
pub type Counts<K> = BTreeMap<K, Count>;

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
    /// Each class of faults that struck.
    pub faults: Counts<Fault>,
    /// What cables, machines and people did, as far as it made sense then.
    pub operations: Counts<&'static str>,
    /// What came of all that: in the world, and by what the engine told.
    pub sights: Counts<&'static str>,
    /// The codes with which libvirt refused calls for no reason.
    pub refusals: Counts<i32>,
    /// The calls in whose midst the connection was lost.
    pub losses: Counts<&'static str>,
    /// The actions after which the daemon died.
    pub deaths: Counts<&'static str>,
}

/// Counts one more in a single run.
pub(crate) fn hit<K: Ord>(counts: &mut Counts<K>, key: K) {
    let count = counts.entry(key).or_default();
    count.hits += 1;
    count.schedules = 1;
}

fn add<K: Ord + Copy>(counts: &mut Counts<K>, others: &Counts<K>) {
    for (key, other) in others {
        let count = counts.entry(*key).or_default();
        count.hits += other.hits;
        count.schedules += other.schedules;
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
        add(&mut self.sights, &other.sights);
        add(&mut self.refusals, &other.refusals);
        add(&mut self.losses, &other.losses);
        add(&mut self.deaths, &other.deaths);
    }
}
