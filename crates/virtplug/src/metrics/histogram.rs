//! Durations, counted up to each of some bounds.

use std::time::Duration;

/// A histogram as Prometheus has it.
#[derive(Debug)]
pub(super) struct Histogram {
    /// Upper bounds in seconds, and how many durations are not above.
    buckets: Vec<(f64, u64)>,
    count: u64,
    sum: Duration,
}

impl Histogram {
    pub(super) fn new(bounds: &[f64]) -> Self {
        Self {
            buckets: bounds.iter().map(|bound| (*bound, 0)).collect(),
            count: 0,
            sum: Duration::ZERO,
        }
    }

    pub(super) fn add(&mut self, span: Duration) {
        let seconds = span.as_secs_f64();
        for (bound, count) in &mut self.buckets {
            *count += u64::from(seconds <= *bound);
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(span);
    }

    /// Each bound but that without an end.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        self.buckets.iter().copied()
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// All of them together, in seconds.
    pub(super) fn sum(&self) -> f64 {
        self.sum.as_secs_f64()
    }
}
