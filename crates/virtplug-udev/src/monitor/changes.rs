//! Changes: when a device is read again of which udev tells a `change`.
//!
//! The kernel tells one right after each device that it adds, when nothing new is to be
//! read and a machine waits for the device. And whoever may trigger events, or has a device
//! that does, could have it read without end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use virtplug_core::PortPath;

/// How long a device that was read is left alone, unless more than a change is told.
const PAUSE: Duration = Duration::from_millis(250);

/// What was read a moment ago, and what is to be read when that is over.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// When the last reads began, no longer ago than the pause.
    read: BTreeMap<PortPath, Instant>,
    late: BTreeMap<PortPath, Late>,
}

/// A change that waits.
#[derive(Debug, Clone, Copy)]
struct Late {
    told: Instant,
    due: Instant,
}

impl Changes {
    /// Takes a change that was told; whether the device is to be read at once.
    pub(super) fn told(&mut self, port: &PortPath, now: Instant) -> bool {
        let due = self.read.get(port).map(|read| *read + PAUSE);
        let Some(due) = due.filter(|due| now < *due) else {
            return true;
        };
        let late = Late { told: now, due };
        self.late.entry(port.clone()).or_insert(late);
        false
    }

    /// A read begins: it will show what was told before.
    pub(super) fn reading(&mut self, port: &PortPath, now: Instant) {
        self.read
            .retain(|_, read| now.saturating_duration_since(*read) < PAUSE);
        self.read.insert(port.clone(), now);
        self.late.remove(port);
    }

    /// All devices are about to be read.
    pub(super) fn reading_all(&mut self) {
        self.late.clear();
    }

    /// How long until a device is to be read. `None`: none is.
    pub(super) fn due(&self, now: Instant) -> Option<Duration> {
        let first = self.late.values().map(|late| late.due).min()?;
        Some(first.saturating_duration_since(now))
    }

    /// The devices to be read now, and when their change was told.
    pub(super) fn take(&mut self, now: Instant) -> Vec<(PortPath, Instant)> {
        let mut due = Vec::new();
        self.late.retain(|port, late| {
            let waits = now < late.due;
            if !waits {
                due.push((port.clone(), late.told));
            }
            waits
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(text: &str) -> PortPath {
        text.parse().unwrap()
    }

    #[test]
    fn a_change_right_after_a_read_waits() {
        let mut changes = Changes::default();
        let begin = Instant::now();
        let after = |milliseconds| begin + Duration::from_millis(milliseconds);
        assert!(changes.told(&port("1-1"), begin));
        changes.reading(&port("1-1"), begin);
        assert!(!changes.told(&port("1-1"), after(10)));
        assert!(!changes.told(&port("1-1"), after(20)));
        assert!(changes.told(&port("1-2"), after(20)), "another device");
        assert_eq!(changes.due(after(50)), Some(Duration::from_millis(200)));
        assert_eq!(changes.take(after(249)), []);
        // Its time counts from the first change.
        assert_eq!(changes.take(after(250)), [(port("1-1"), after(10))]);
        assert_eq!(changes.due(after(250)), None);
        assert!(changes.told(&port("1-1"), after(250)));
    }

    #[test]
    fn a_read_for_another_reason_spares_one() {
        let mut changes = Changes::default();
        let begin = Instant::now();
        for port in [port("1-1"), port("1-2")] {
            changes.reading(&port, begin);
            assert!(!changes.told(&port, begin));
        }
        changes.reading(&port("1-1"), begin);
        assert_eq!(changes.take(begin + PAUSE), [(port("1-2"), begin)]);
        assert!(!changes.told(&port("1-1"), begin));
        changes.reading_all();
        assert_eq!(changes.due(begin), None);
    }

    #[test]
    fn what_was_read_long_ago_is_forgotten() {
        let mut changes = Changes::default();
        let begin = Instant::now();
        changes.reading(&port("1-1"), begin);
        changes.reading(&port("1-2"), begin + PAUSE);
        assert_eq!(changes.read.len(), 1);
    }
}
