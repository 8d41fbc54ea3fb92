//! What sysfs says of a device beside its descriptors: speed and whether it is built in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Speed of a connection, as the kernel's `speed` attribute gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Speed {
    /// 1.5 Mbit/s.
    Low,
    /// 12 Mbit/s.
    Full,
    /// 480 Mbit/s.
    High,
    /// 5 Gbit/s.
    Super,
    /// 10 Gbit/s.
    SuperPlus,
    /// 20 Gbit/s.
    SuperPlus20,
}

impl Speed {
    /// All speeds, the slowest first.
    pub const ALL: [Self; 6] = [
        Self::Low,
        Self::Full,
        Self::High,
        Self::Super,
        Self::SuperPlus,
        Self::SuperPlus20,
    ];

    /// The kernel's text for it, in Mbit/s.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::Low => "1.5",
            Self::Full => "12",
            Self::High => "480",
            Self::Super => "5000",
            Self::SuperPlus => "10000",
            Self::SuperPlus20 => "20000",
        }
    }

    /// Reads the kernel's text.
    pub fn of_attribute(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|speed| speed.attribute() == text)
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.attribute())
    }
}

/// The kernel's `removable` attribute: whether the port is user-visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Removable {
    /// Plugged in by somebody.
    Removable,
    /// Built in.
    Fixed,
    /// The firmware does not say.
    Unknown,
}

impl Removable {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Removable, Self::Fixed, Self::Unknown];

    /// The kernel's text for it.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::Removable => "removable",
            Self::Fixed => "fixed",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the kernel's text.
    pub fn of_attribute(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|value| value.attribute() == text)
    }
}

impl fmt::Display for Removable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.attribute())
    }
}
