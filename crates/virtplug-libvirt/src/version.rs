//! Versions of libvirt and of hypervisors.

#![forbid(unsafe_code)]

use std::ffi::c_ulong;
use std::fmt;

/// A version, as libvirt counts its own and those of hypervisors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second one.
    pub minor: u32,
    /// The third one.
    pub release: u32,
}

/// What is on the other side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// libvirt.
    pub libvirt: Version,
    /// The hypervisor, QEMU as a rule. `None`: it has no version.
    pub hypervisor: Option<Version>,
}

impl Version {
    /// A version by its numbers.
    pub const fn new(major: u32, minor: u32, release: u32) -> Self {
        Self {
            major,
            minor,
            release,
        }
    }

    /// Takes `major * 1_000_000 + minor * 1_000 + release` apart.
    pub(crate) fn from_number(number: c_ulong) -> Self {
        let part = |number: c_ulong| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            major: part(number / 1_000_000),
            minor: part(number / 1_000 % 1_000),
            release: part(number % 1_000),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.release)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_apart() {
        let version = Version::from_number(7_002_022);
        assert_eq!(version.to_string(), "7.2.22");
        assert!(Version::new(4, 4, 0) <= version && version < Version::new(11, 0, 0));
    }
}
