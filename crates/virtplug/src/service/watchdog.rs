//! systemd's watchdog (`WatchdogSec=`): a daemon whose loop hangs is started anew.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

use super::notify;

/// When systemd is told that the loop runs; never, where it does not ask for that, so that an
/// idle daemon sleeps.
#[derive(Debug)]
pub(crate) struct Watchdog {
    /// Half of systemd's patience, as systemd advises.
    every: Option<Duration>,
    last: Instant,
}

impl Watchdog {
    /// As systemd asks for it, in the environment.
    pub(crate) fn of_unit() -> Self {
        Self::new(sd_notify::watchdog_enabled(), Instant::now())
    }

    fn new(patience: Option<Duration>, now: Instant) -> Self {
        let patience = patience.filter(|patience| !patience.is_zero());
        Self {
            every: patience.map(|patience| patience / 2),
            last: now,
        }
    }

    /// When systemd must be told next.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.last.checked_add(self.every?)
    }

    /// Tells systemd, if it is time. To be called by the loop itself, in each round.
    pub(crate) fn answer(&mut self) {
        if self.is_due(Instant::now()) {
            notify(&[NotifyState::Watchdog]);
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.due().is_some_and(|due| due <= now);
        if due {
            self.last = now;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_is_told_at_half_of_its_patience() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(Some(Duration::from_secs(30)), start);
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(watchdog.due(), Some(after(15)));
        assert!(!watchdog.is_due(after(14)));
        assert!(watchdog.is_due(after(16)));
        // Once, however often the loop goes round.
        assert!(!watchdog.is_due(after(16)));
        assert_eq!(watchdog.due(), Some(after(31)));
    }

    #[test]
    fn without_a_watchdog_nothing_wakes_the_daemon() {
        let now = Instant::now();
        for patience in [None, Some(Duration::ZERO), Some(Duration::MAX)] {
            let mut watchdog = Watchdog::new(patience, now);
            assert_eq!(watchdog.due(), None, "{patience:?}");
            assert!(!watchdog.is_due(now + Duration::from_secs(3600)));
        }
    }
}
