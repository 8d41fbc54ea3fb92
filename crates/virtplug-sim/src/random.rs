//! Chance: all of it comes from one seed.

use std::time::Duration;

/// A generator of pseudo-random numbers (`SplitMix64`), or no chance at all.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: Option<u64>,
    swift: bool,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: Some(seed),
            swift: false,
        }
    }

    /// Nothing ordinary takes long.
    pub(crate) fn swift(self, swift: bool) -> Self {
        Self { swift, ..self }
    }

    /// Leaves nothing to chance: always the first, the least, and no.
    pub(crate) fn still() -> Self {
        Self {
            state: None,
            swift: true,
        }
    }

    pub(crate) fn next(&mut self) -> u64 {
        let Some(state) = &mut self.state else {
            return 0;
        };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Whether something happens that does so in this many of a hundred cases.
    pub(crate) fn percent(&mut self, chance: u8) -> bool {
        self.state.is_some() && self.next() % 100 < u64::from(chance)
    }

    /// A number below `bound`, or 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    /// One of these; there must be one.
    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        let place = self.below(from.len());
        from.get(place)
            .unwrap_or_else(|| unreachable!("a choice of nothing"))
    }

    /// The number of one of these, each as likely as it weighs.
    pub(crate) fn weigh(&mut self, weights: &[u64]) -> usize {
        let mut left = self.next() % weights.iter().sum::<u64>().max(1);
        let heavier = |weight: &u64| {
            let heavier = *weight > left;
            left = left.saturating_sub(*weight);
            heavier
        };
        weights.iter().position(heavier).unwrap_or(0)
    }

    /// At least one and at most so many of these, in their order.
    pub(crate) fn some<T>(&mut self, mut from: Vec<T>, most: usize) -> Vec<T> {
        let count = 1 + self.below(most);
        while from.len() > count {
            from.remove(self.below(from.len()));
        }
        from
    }

    /// A span from `least` to `most` milliseconds.
    pub(crate) fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.next() % (most.saturating_sub(least) + 1))
    }

    /// How long something ordinary takes: mostly next to nothing, sometimes long.
    pub(crate) fn latency(&mut self) -> Duration {
        match self.next() % 20 {
            _ if self.swift => self.millis(0, 3),
            0..10 => self.millis(0, 3),
            10..17 => self.millis(1, 60),
            17..19 => self.millis(20, 700),
            _ => self.millis(300, 3000),
        }
    }
}
