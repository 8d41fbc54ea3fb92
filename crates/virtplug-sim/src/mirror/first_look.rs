//! What of a connection is looked at before anything is attached there: one of
//! its machines may still have the device from an earlier run.

use std::collections::BTreeSet;
use std::time::Duration;

use virtplug_core::{MachineKey, MachineListing, Time};

/// A machine that does not answer holds up the others no longer than this.
const PATIENCE: Duration = Duration::from_secs(2);

/// The first looks on a connection that came up.
#[derive(Debug)]
pub(crate) struct FirstLook {
    since: Time,
    /// Machines of the first list that were not looked at yet, once there was a list.
    unseen: Option<BTreeSet<MachineKey>>,
}

impl FirstLook {
    pub(super) fn new(since: Time) -> Self {
        Self {
            since,
            unseen: None,
        }
    }

    pub(super) fn listed(&mut self, listing: &[MachineListing]) {
        let active = listing.iter().filter(|line| line.active);
        self.unseen
            .get_or_insert_with(|| active.map(|line| line.machine.clone()).collect());
    }

    pub(super) fn looked(&mut self, machine: &MachineKey) {
        if let Some(unseen) = &mut self.unseen {
            unseen.remove(machine);
        }
    }

    /// Whether attaching waits still.
    pub(crate) fn is_pending(&self, now: Time) -> bool {
        let done = self.unseen.as_ref().is_some_and(BTreeSet::is_empty);
        !done && now < self.since + PATIENCE
    }
}
