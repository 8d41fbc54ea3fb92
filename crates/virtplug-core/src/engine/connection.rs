//! What the engine knows of one libvirt connection.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::machine::{MachineKey, Uuid};
use crate::retry::Backoff;
use crate::time::Time;

/// How long the first attach on a new connection waits for the first look at
/// all of its machines: one of them may still hold the device from an earlier
/// run. A machine that does not answer holds up the others no longer than this.
pub(super) const FIRST_LOOK_PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Closed; the next try is when the backoff ends.
    Down,
    /// Being opened.
    Opening,
    /// Open since then.
    Up(Time),
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) link: Link,
    pub(super) backoff: Backoff,
    /// Why it is down; told once.
    pub(super) trouble: Option<String>,
    /// A list is asked for and not answered.
    pub(super) listing: bool,
    /// A list is due.
    pub(super) list: bool,
    pub(super) list_backoff: Backoff,
    /// Whether a list was read since it is up.
    pub(super) listed: bool,
    /// The machines of the last list, also those that are off.
    pub(super) machines: BTreeMap<MachineKey, Uuid>,
    /// Machines of the first list that were not looked at yet.
    pub(super) unseen: BTreeSet<MachineKey>,
    pub(super) wake: Option<Time>,
}

impl Connection {
    pub(super) fn new() -> Self {
        Self {
            link: Link::Down,
            backoff: Backoff::default(),
            trouble: None,
            listing: false,
            list: false,
            list_backoff: Backoff::default(),
            listed: false,
            machines: BTreeMap::new(),
            unseen: BTreeSet::new(),
            wake: None,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.link, Link::Up(_))
    }

    /// Until when attaching waits for the first look at all machines, if it does.
    pub(super) fn first_look_until(&self, now: Time) -> Option<Time> {
        let Link::Up(since) = self.link else {
            return None;
        };
        let until = since + FIRST_LOOK_PATIENCE;
        let pending = !self.listed || !self.unseen.is_empty();
        (pending && now < until).then_some(until)
    }
}
