//! When to try again: exponential backoff with jitter, and a global limit.

use std::time::Duration;

use crate::time::Time;

const FIRST_DELAY: Duration = Duration::from_millis(250);

/// Longest pause between two tries of a call.
pub(crate) const CALL_DELAY_CAP: Duration = Duration::from_secs(60);

/// Longest pause between two tries to reach libvirt.
pub(crate) const CONNECT_DELAY_CAP: Duration = Duration::from_secs(5);

/// A small generator of pseudo-random numbers (`SplitMix64`), so that many
/// pauses do not end together. Deterministic from its seed.
#[derive(Debug, Clone)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between three quarters and five quarters of `span`.
    fn spread(&mut self, span: Duration) -> Duration {
        let span = u64::try_from(span.as_millis()).unwrap_or(u64::MAX / 2);
        Duration::from_millis(span - span / 4 + self.next() % (span / 2 + 1))
    }
}

/// Failures in a row of one thing, and the pause after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Backoff {
    failures: u32,
    until: Time,
}

impl Backoff {
    /// Notes a failure and gives the pause before the next try: 0.25 s, doubled
    /// by each failure up to `cap`, with jitter.
    pub(crate) fn fail(&mut self, now: Time, cap: Duration, jitter: &mut Jitter) -> Duration {
        let doubled = FIRST_DELAY.saturating_mul(1 << self.failures.min(20));
        let pause = jitter.spread(doubled.min(cap));
        self.failures = self.failures.saturating_add(1);
        self.until = now + pause;
        pause
    }

    /// Sets a pause that is no failure.
    pub(crate) fn wait_until(&mut self, until: Time) {
        self.until = until;
    }

    /// Failures since the last success.
    pub(crate) fn failures(self) -> u32 {
        self.failures
    }

    /// When the next try may be.
    pub(crate) fn until(self) -> Time {
        self.until
    }
}

/// A token bucket: at most `BURST` calls at once and `PER_SECOND` in the long run.
#[derive(Debug, Clone)]
pub(crate) struct RateLimit {
    tokens: u32,
    refilled: Time,
}

impl RateLimit {
    const BURST: u32 = 20;
    const REFILL: Duration = Duration::from_millis(100);

    pub(crate) fn new() -> Self {
        Self {
            tokens: Self::BURST,
            refilled: Time::default(),
        }
    }

    /// Adds what time has brought.
    pub(crate) fn refill(&mut self, now: Time) {
        let steps = now.since(self.refilled).as_millis() / Self::REFILL.as_millis();
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        if self.tokens.saturating_add(steps) >= Self::BURST {
            self.tokens = Self::BURST;
            self.refilled = now;
        } else {
            self.tokens += steps;
            self.refilled = self.refilled + Self::REFILL.saturating_mul(steps);
        }
    }

    /// When there is a token: `None` for now. Where others go first, half of
    /// the bucket is left for them.
    pub(crate) fn blocked_until(&self, others_first: bool) -> Option<Time> {
        let kept = if others_first { Self::BURST / 2 } else { 0 };
        let missing = (kept + 1).saturating_sub(self.tokens);
        (missing > 0).then(|| self.refilled + Self::REFILL.saturating_mul(missing))
    }

    /// Uses a token.
    pub(crate) fn take(&mut self) {
        self.tokens = self.tokens.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::after_origin(Duration::from_millis(ms))
    }

    #[test]
    fn pauses_double_up_to_the_cap() {
        let mut backoff = Backoff::default();
        let mut jitter = Jitter::new(7);
        let pauses: Vec<_> = (0..12)
            .map(|_| backoff.fail(at(0), CALL_DELAY_CAP, &mut jitter))
            .collect();
        for (failures, pause) in pauses.iter().enumerate() {
            let exact = (FIRST_DELAY * (1 << failures)).min(CALL_DELAY_CAP);
            assert!(
                *pause >= exact * 3 / 4 && *pause <= exact * 5 / 4,
                "{pauses:?}"
            );
        }
        assert_eq!(backoff.failures(), 12);
    }

    #[test]
    fn the_rate_limit_lets_a_burst_through_and_then_ten_a_second() {
        let mut limit = RateLimit::new();
        let mut calls = 0;
        for ms in 0..10_000 {
            limit.refill(at(ms));
            while limit.blocked_until(false).is_none() {
                limit.take();
                calls += 1;
            }
        }
        assert_eq!(calls, 20 + 99);
    }

    #[test]
    fn a_blocked_limit_says_when_it_opens() {
        let mut limit = RateLimit::new();
        limit.refill(at(50));
        (0..20).for_each(|_| limit.take());
        let opens = limit.blocked_until(false).unwrap();
        limit.refill(opens);
        assert_eq!(limit.blocked_until(false), None);
    }

    #[test]
    fn half_of_the_bucket_is_left_for_others() {
        let mut limit = RateLimit::new();
        limit.refill(at(50));
        let mut calls = 0;
        while limit.blocked_until(true).is_none() {
            limit.take();
            calls += 1;
        }
        assert_eq!(calls, 10);
        assert_eq!(limit.blocked_until(false), None);
        (0..10).for_each(|_| limit.take());
        let opens = limit.blocked_until(true).unwrap();
        assert_eq!(opens, at(50 + 11 * 100));
        limit.refill(opens);
        assert_eq!(limit.blocked_until(true), None);
    }
}
