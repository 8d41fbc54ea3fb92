//! Machines that were seen running, so that a call need not look them up again:
//! each look-up is a round trip before the one that matters.
//!
//! A reference names a machine by its UUID for libvirt. Here it stands for the machine
//! with a name, which is the same as long as that runs: libvirt renames only what is off.
//! So each event of a machine's life ends what is known of it, until it is
//! looked at again.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use virtplug_core::{MachineKey, Uuid};

use crate::ffi::Domain;

/// References on the main connection, to be dropped before that is closed.
#[derive(Debug, Default)]
pub(crate) struct Known {
    domains: Mutex<BTreeMap<MachineKey, (Uuid, Arc<Domain>)>>,
    news: Arc<News>,
}

/// What became of the machines meanwhile. It holds no reference, so the thread that
/// hears of events never gives one back.
#[derive(Debug, Default)]
pub(crate) struct News(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    /// Counts all events.
    changes: u64,
    /// Machines of which nothing was told since they were looked at.
    same: BTreeSet<Uuid>,
}

/// The events up to the begin of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before(u64);

impl Known {
    /// Where events are to be noted.
    pub(crate) fn news(&self) -> Arc<News> {
        Arc::clone(&self.news)
    }

    /// To be asked before a look.
    pub(crate) fn before(&self) -> Before {
        Before(lock(&self.news.0).changes)
    }

    /// The machine, if nothing changed since it was seen running.
    pub(crate) fn get(&self, machine: &MachineKey) -> Option<Arc<Domain>> {
        let domains = lock(&self.domains);
        let (uuid, domain) = domains.get(machine)?;
        self.news.is_same(*uuid).then(|| Arc::clone(domain))
    }

    /// Keeps a machine that a look found running.
    pub(crate) fn keep(&self, machine: &MachineKey, uuid: Uuid, domain: Domain, before: Before) {
        let kept = (uuid, Arc::new(domain));
        let earlier = lock(&self.domains).insert(machine.clone(), kept);
        // Dropped after the lock is released.
        drop(earlier);
        self.news.looked(uuid, before);
    }

    /// Forgets a machine that a look did not find running.
    pub(crate) fn forget(&self, machine: &MachineKey) {
        let earlier = lock(&self.domains).remove(machine);
        if let Some((uuid, _)) = earlier {
            lock(&self.news.0).same.remove(&uuid);
        }
    }
}

impl News {
    /// Something was told of a machine's life.
    pub(crate) fn changed(&self, uuid: Uuid) {
        let mut told = lock(&self.0);
        told.changes += 1;
        told.same.remove(&uuid);
    }

    fn is_same(&self, uuid: Uuid) -> bool {
        lock(&self.0).same.contains(&uuid)
    }

    /// A look found the machine, unless something was told meanwhile.
    fn looked(&self, uuid: Uuid, before: Before) {
        let mut told = lock(&self.0);
        if told.changes == before.0 {
            told.same.insert(uuid);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that could panic runs under the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: Uuid = Uuid([1; 16]);
    const OTHER: Uuid = Uuid([2; 16]);

    #[test]
    fn an_event_ends_what_a_look_found() {
        let known = Known::default();
        let news = known.news();
        news.looked(MACHINE, known.before());
        news.looked(OTHER, known.before());
        assert!(news.is_same(MACHINE));
        news.changed(MACHINE);
        assert!(!news.is_same(MACHINE));
        assert!(news.is_same(OTHER));
    }

    #[test]
    fn what_changed_during_a_look_is_not_known() {
        let known = Known::default();
        let news = known.news();
        let before = known.before();
        news.changed(MACHINE);
        news.looked(MACHINE, before);
        assert!(!news.is_same(MACHINE));
        news.looked(MACHINE, known.before());
        assert!(news.is_same(MACHINE));
    }
}
