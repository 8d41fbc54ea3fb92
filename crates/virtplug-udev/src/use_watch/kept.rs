//! Kept: what was told last of a device, and what is about to be told.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use virtplug_core::{Fact, InstanceId, Use};

use crate::host_use::{HostUse, Kind};

/// How long a device whose data the host used must show the same before that is
/// told: nothing is written meanwhile, and no other use begins.
const QUIET: Duration = Duration::from_millis(500);

/// What was told last of a device.
pub(super) struct Kept {
    /// Which one, once it was read.
    instance: Option<InstanceId>,
    pub(super) kinds: BTreeSet<Kind>,
    pub(super) uses: Fact<BTreeSet<Use>>,
    disks: BTreeSet<String>,
    pending: Option<Pending>,
}

/// What a device shows, and has shown for a while.
struct Pending {
    since: Instant,
    found: HostUse,
}

impl Default for Kept {
    /// What is known of a device without nodes.
    fn default() -> Self {
        Self {
            instance: None,
            kinds: BTreeSet::new(),
            uses: Fact::Known(BTreeSet::new()),
            disks: BTreeSet::new(),
            pending: None,
        }
    }
}

impl Kept {
    /// Takes what was read of a device, which is told now, but for the end of a
    /// use of data that is not sure yet.
    pub(super) fn take(&mut self, instance: InstanceId, found: &HostUse, now: Instant) {
        if self.instance != Some(instance) {
            *self = Self {
                instance: Some(instance),
                ..Self::default()
            };
        }
        self.is_to_tell(found, now);
        self.disks.clone_from(&found.disks);
    }

    /// Whether it says no more than that there is a device.
    pub(super) fn is_nothing(&self) -> bool {
        self.kinds.is_empty() && self.uses == Self::default().uses
    }

    /// Whether what a look found is to be told. What ends a use of data waits
    /// until it is sure.
    pub(super) fn is_to_tell(&mut self, found: &HostUse, now: Instant) -> bool {
        self.kinds.clone_from(&found.kinds);
        let ended = self.has_ended(found, now);
        if ended {
            self.uses.clone_from(&found.uses);
        }
        ended || self.disks != found.disks
    }

    /// Whether the uses that were told are not any more those that a look found.
    fn has_ended(&mut self, found: &HostUse, now: Instant) -> bool {
        let pending = self.pending.take();
        if self.uses == found.uses {
            return false;
        }
        if !any(&self.uses, is_of_data) {
            return true;
        }
        let written = |one: &HostUse| (!any(&one.uses, is_of_data)).then_some(one.written);
        let same = pending.filter(|pending| {
            pending.found.uses == found.uses && written(&pending.found) == written(found)
        });
        let since = same.map_or(now, |pending| pending.since);
        if now.saturating_duration_since(since) >= QUIET {
            return true;
        }
        let found = found.clone();
        self.pending = Some(Pending { since, found });
        false
    }

    /// Whether it is being written, or something is about to be told.
    pub(super) fn is_busy(&self) -> bool {
        self.pending.is_some() || any(&self.uses, |one| matches!(one, Use::Writing { .. }))
    }

    /// Whether it is in a use of which nothing may tell that it ended.
    pub(super) fn may_end_unseen(&self) -> bool {
        self.is_busy()
            || any(&self.uses, |one| {
                matches!(one, Use::Held { .. } | Use::Member { .. })
            })
    }
}

/// Whether data would be lost without the device.
fn is_of_data(one: &Use) -> bool {
    matches!(
        one,
        Use::Mounted { .. }
            | Use::Swap { .. }
            | Use::Held { .. }
            | Use::Member { .. }
            | Use::Writing { .. }
    )
}

fn any(uses: &Fact<BTreeSet<Use>>, is: impl FnMut(&Use) -> bool) -> bool {
    uses.known().is_some_and(|uses| uses.iter().any(is))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(uses: impl IntoIterator<Item = Use>, written: u64) -> HostUse {
        HostUse {
            kinds: [Kind::Block].into(),
            uses: Fact::Known(uses.into_iter().collect()),
            disks: BTreeSet::new(),
            written,
        }
    }

    fn mounted() -> Use {
        Use::Mounted {
            node: "sdb".to_owned(),
            at: "/mnt".to_owned(),
        }
    }

    fn told(first: Use, looks: &[(u64, HostUse)]) -> Vec<bool> {
        let start = Instant::now();
        let mut kept = Kept::default();
        kept.take(InstanceId(1), &found([first], 1), start);
        let look = |(at, found): &(u64, HostUse)| {
            kept.is_to_tell(found, start + Duration::from_millis(*at))
        };
        looks.iter().map(look).collect()
    }

    #[test]
    fn an_end_is_told_when_nothing_was_written_for_a_while() {
        let looks = [0, 100, 300, 499, 500].map(|at| (at, found([], 7)));
        assert_eq!(told(mounted(), &looks), [false, false, false, false, true]);
        // Between two looks something was written: the time begins anew.
        let looks = [(0, 7), (300, 7), (600, 8), (1000, 8), (1100, 8)]
            .map(|(at, written)| (at, found([], written)));
        assert_eq!(told(mounted(), &looks), [false, false, false, false, true]);
    }

    #[test]
    fn what_is_used_again_meanwhile_is_as_it_was() {
        let looks = [
            (0, found([], 7)),
            (300, found([mounted()], 7)),
            (600, found([], 7)),
            (900, found([], 7)),
            (1100, found([], 7)),
        ];
        assert_eq!(told(mounted(), &looks), [false, false, false, false, true]);
    }

    #[test]
    fn a_use_that_others_follow_on_is_told_though_it_writes() {
        let member = || Use::Member {
            node: "sdb".to_owned(),
            of: "ext4".to_owned(),
        };
        let looks = [(0, 7), (600, 8)].map(|(at, written)| (at, found([member()], written)));
        assert_eq!(told(mounted(), &looks), [false, true]);
    }

    #[test]
    fn a_use_that_begins_and_one_without_data_are_told_at_once() {
        let mut kept = Kept::default();
        assert!(kept.is_to_tell(&found([mounted()], 1), Instant::now()));
        let keyboard = [(0, found([], 0))];
        assert_eq!(told(Use::LastKeyboard, &keyboard), [true]);
    }

    #[test]
    fn a_device_that_is_read_meanwhile_is_told_as_before() {
        let start = Instant::now();
        let mut kept = Kept::default();
        let mut take = |instance, at, uses: &[Use]| {
            let found = found(uses.iter().cloned(), 7);
            let at = start + Duration::from_millis(at);
            kept.take(InstanceId(instance), &found, at);
            kept.uses.known().unwrap().len()
        };
        let told = [
            take(1, 0, &[mounted()]),
            take(1, 100, &[]),
            take(1, 599, &[]),
            take(1, 600, &[]),
            take(1, 601, &[mounted()]),
            // Another device at the same port has nothing to do with it.
            take(2, 602, &[]),
        ];
        assert_eq!(told, [1, 1, 1, 0, 1, 0]);
    }

    #[test]
    fn other_names_of_a_disk_are_told_once() {
        let start = Instant::now();
        let named = |name: &str| HostUse {
            disks: [name.to_owned()].into(),
            ..found([], 0)
        };
        let mut kept = Kept::default();
        kept.take(InstanceId(1), &named("/dev/sdb"), start);
        assert!(!kept.is_to_tell(&named("/dev/sdb"), start));
        assert!(kept.is_to_tell(&named("/dev/sdc"), start));
        kept.take(InstanceId(1), &named("/dev/sdc"), start);
        assert!(!kept.is_to_tell(&named("/dev/sdc"), start));
    }
}
