//! Time as the engine is told it.

use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, as the time since an origin that the caller chose. It never goes
/// back, whatever the wall clock does.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Time(Duration);

impl Time {
    /// The moment that long after the origin.
    pub const fn after_origin(since: Duration) -> Self {
        Self(since)
    }

    /// How long from `earlier` until this moment; zero if it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}
