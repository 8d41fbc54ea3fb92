//! Whether a device is what a rule asks for, as far as that is known.

use crate::fact::Fact;

/// Whether a device is what a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All conditions hold.
    Yes,
    /// At least one condition fails.
    No,
    /// None fails, and at least one cannot be judged now.
    Unknown,
}

impl Verdict {
    pub(crate) fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    pub(crate) fn of_fact<T>(fact: &Fact<T>, holds: impl FnOnce(&T) -> bool) -> Self {
        fact.known()
            .map_or(Self::Unknown, |value| Self::of(holds(value)))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::No, Self::No) => Self::No,
        }
    }

    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    pub(crate) fn any(verdicts: impl Iterator<Item = Self>) -> Self {
        verdicts.fold(Self::No, Self::or)
    }
}
