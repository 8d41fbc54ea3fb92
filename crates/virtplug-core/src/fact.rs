//! Knowledge that may be missing.

use serde::{Deserialize, Serialize};

/// What a read gave. A failed or pending read is `Unknown`, which never means
/// "no" and decides nothing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Fact<T> {
    /// The read succeeded.
    Known(T),
    /// The read failed or has not happened.
    #[default]
    Unknown,
}

impl<T> Fact<T> {
    /// The value, if known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown => None,
        }
    }

    /// Applies a function to a known value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::Unknown => Fact::Unknown,
        }
    }
}

impl<T, E> From<Result<T, E>> for Fact<T> {
    fn from(result: Result<T, E>) -> Self {
        result.map_or(Self::Unknown, Self::Known)
    }
}
