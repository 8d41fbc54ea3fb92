//! Again: the looks that follow a sign. The kernel takes a file system out of the
//! table of mounts before its last data are on the disk, and nothing tells when
//! they are.

use std::time::{Duration, Instant};

/// From a sign to the first look after it.
const FIRST: Duration = Duration::from_millis(100);

/// Each pause is twice the one before. After so many the rest is taken to stay
/// as it is until the next sign: 51 seconds.
const PAUSES: u32 = 9;

/// While something is written the pauses grow only so often, to 1.6 seconds.
const PAUSES_WHILE_BUSY: u32 = 4;

/// When to look again.
#[derive(Debug, Default)]
pub(super) struct Again {
    at: Option<Instant>,
    pauses: u32,
}

impl Again {
    /// Something was seen that may end without a sign.
    pub(super) fn begin(&mut self, now: Instant) {
        *self = Self::default();
        self.go_on(now, false, true);
    }

    /// After a look: whether something is being written or is about to be told,
    /// and whether a use may end without a sign.
    pub(super) fn go_on(&mut self, now: Instant, busy: bool, unseen: bool) {
        if busy {
            self.pauses = self.pauses.min(PAUSES_WHILE_BUSY);
        }
        self.at = None;
        if busy || unseen && self.pauses < PAUSES {
            self.at = Some(now + FIRST * 2_u32.pow(self.pauses));
            self.pauses += 1;
        }
    }

    /// How long until the next look. `None`: there is none.
    pub(super) fn due(&self, now: Instant) -> Option<Duration> {
        self.at.map(|at| at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times of the looks in seconds, until they end or `many` were made.
    fn looks(mut busy: impl FnMut(usize) -> bool, many: usize) -> Vec<f64> {
        let start = Instant::now();
        let mut again = Again::default();
        again.begin(start);
        let mut looks = Vec::new();
        let mut now = start;
        while let Some(pause) = again.due(now) {
            now += pause;
            looks.push((now - start).as_secs_f64());
            if looks.len() == many {
                break;
            }
            again.go_on(now, busy(looks.len()), true);
        }
        looks
    }

    #[test]
    fn what_stays_is_looked_at_less_and_less_and_then_no_more() {
        let looks = looks(|_| false, 100);
        assert_eq!(
            looks,
            [0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 12.7, 25.5, 51.1],
            "{looks:?}"
        );
    }

    #[test]
    fn what_is_written_is_looked_at_until_it_is_done() {
        let looks = looks(|_| true, 50);
        assert_eq!(looks.len(), 50);
        assert!((looks[49] - looks[48] - 1.6).abs() < 1e-6, "{looks:?}");
        assert!((looks[9] - looks[8] - 1.6).abs() < 1e-6, "{looks:?}");
    }

    #[test]
    fn nothing_that_may_end_is_no_reason_to_look() {
        let mut again = Again::default();
        let now = Instant::now();
        again.go_on(now, false, false);
        assert_eq!(again.due(now), None);
    }
}
