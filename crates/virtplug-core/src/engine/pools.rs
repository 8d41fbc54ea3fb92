//! Rules that give at most so many devices: who has a place, whose place is
//! kept, and who waits for one.

use std::collections::{BTreeMap, BTreeSet};

use super::departures::{Identity, RESET_PATIENCE};
use crate::device::Device;
use crate::fact::Fact;
use crate::port::PortPath;
use crate::time::Time;

/// A place that is kept for a device that left a moment ago.
#[derive(Debug, Clone)]
struct Kept {
    until: Time,
    identity: Option<Identity>,
}

/// The places of one rule.
#[derive(Debug, Default)]
struct Pool {
    /// Devices that the rule gives.
    given: BTreeSet<PortPath>,
    /// Places kept, by the port that was left.
    kept: BTreeMap<PortPath, Kept>,
    /// Devices that nobody has because the rule is used up.
    waiting: BTreeSet<PortPath>,
}

impl Pool {
    fn is_kept_for(port: &PortPath, kept: &Kept, device: &Device) -> bool {
        *port == device.port
            || device.peer == Fact::Known(Some(port.clone()))
            || (kept.identity.is_some() && kept.identity == Identity::of(device))
    }
}

/// The places of all rules with a `count`, by the number of the rule.
#[derive(Debug, Default)]
pub(super) struct Pools(BTreeMap<usize, Pool>);

impl Pools {
    /// Whether a device has a place.
    pub(super) fn has(&self, rule: usize, port: &PortPath) -> bool {
        self.0
            .get(&rule)
            .is_some_and(|pool| pool.given.contains(port))
    }

    /// How many places others have or are kept from this device.
    pub(super) fn taken_by_others(&self, rule: usize, device: &Device) -> usize {
        let Some(pool) = self.0.get(&rule) else {
            return 0;
        };
        let given = pool.given.iter().filter(|port| **port != device.port);
        let kept = pool
            .kept
            .iter()
            .filter(|(port, kept)| !Pool::is_kept_for(port, kept, device));
        given.count() + kept.count()
    }

    /// The devices that a rule gives.
    pub(super) fn given(&self, rule: usize) -> impl DoubleEndedIterator<Item = &PortPath> {
        self.0.get(&rule).into_iter().flat_map(|pool| &pool.given)
    }

    /// Gives a device a place, which may be the one that was kept for it.
    pub(super) fn give(&mut self, rule: usize, device: &Device) {
        let pool = self.0.entry(rule).or_default();
        let kept = pool
            .kept
            .iter()
            .find(|(port, kept)| Pool::is_kept_for(port, kept, device))
            .map(|(port, _)| port.clone());
        if let Some(port) = kept {
            pool.kept.remove(&port);
        }
        pool.given.insert(device.port.clone());
    }

    /// Takes a device's place away; gives those who wait for one.
    pub(super) fn free(&mut self, rule: usize, port: &PortPath) -> BTreeSet<PortPath> {
        let Some(pool) = self.0.get_mut(&rule) else {
            return BTreeSet::new();
        };
        if pool.given.remove(port) {
            pool.waiting.clone()
        } else {
            BTreeSet::new()
        }
    }

    /// Keeps the place of a device that leaves: it may be back at once. Gives
    /// the time until when.
    pub(super) fn keep(&mut self, rule: usize, device: &Device, now: Time) -> Option<Time> {
        let pool = self.0.get_mut(&rule)?;
        if !pool.given.remove(&device.port) {
            return None;
        }
        let until = now + RESET_PATIENCE;
        let identity = Identity::of(device);
        pool.kept
            .insert(device.port.clone(), Kept { until, identity });
        Some(until)
    }

    /// Drops the places of which the time is over; gives those who wait for one.
    pub(super) fn expire(&mut self, now: Time) -> BTreeSet<PortPath> {
        let mut waiting = BTreeSet::new();
        for pool in self.0.values_mut() {
            let before = pool.kept.len();
            pool.kept.retain(|_, kept| now < kept.until);
            if pool.kept.len() < before {
                waiting.extend(pool.waiting.iter().cloned());
            }
        }
        waiting
    }

    /// Drops a kept place, for a device that has an older right to it.
    pub(super) fn drop_kept(&mut self, rule: usize) {
        if let Some(pool) = self.0.get_mut(&rule) {
            pool.kept.pop_first();
        }
    }

    pub(super) fn wait(&mut self, rule: usize, port: &PortPath) {
        self.0.entry(rule).or_default().waiting.insert(port.clone());
    }

    pub(super) fn stop_waiting(&mut self, rule: usize, port: &PortPath) {
        if let Some(pool) = self.0.get_mut(&rule) {
            pool.waiting.remove(port);
        }
    }

    /// Takes over what is kept and given from the rules of an old policy;
    /// `renumbered` tells the new number of an old rule, if it is still there.
    /// Who waits is found out anew.
    pub(super) fn renumber(&mut self, renumbered: impl Fn(usize) -> Option<usize>) {
        self.0 = std::mem::take(&mut self.0)
            .into_iter()
            .filter_map(|(rule, pool)| {
                let waiting = BTreeSet::new();
                Some((renumbered(rule)?, Pool { waiting, ..pool }))
            })
            .collect();
    }
}
