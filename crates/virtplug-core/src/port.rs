//! The place of a device: its kernel port path.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::id::{BusNumber, ParseIdError};

/// Longest chain of ports that USB allows: a root port and five hubs
/// (USB 2.0, 4.1.1: seven tiers, root hub and device included).
const MAX_TIERS: usize = 6;

/// Bus and chain of ports, as the kernel names the device in sysfs: `3-2.4`.
///
/// One present device has one port path and no other device has the same.
///
/// The bus as two bytes, then the ports from the root hub down; the rest is 0, which is no
/// port. So a path needs no memory of its own and compares as one number: most books of the
/// engine are kept by port.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PortPath([u8; 2 + MAX_TIERS]);

impl Ord for PortPath {
    fn cmp(&self, other: &Self) -> Ordering {
        u64::from_be_bytes(self.0).cmp(&u64::from_be_bytes(other.0))
    }
}

impl PartialOrd for PortPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PortPath {
    /// `None`: deeper than USB allows, or a number that no port has.
    fn new(BusNumber(bus): BusNumber, chain: impl IntoIterator<Item = u8>) -> Option<Self> {
        let mut path = [0; 2 + MAX_TIERS];
        let [high, low, tiers @ ..] = &mut path;
        [*high, *low] = bus.to_be_bytes();
        let mut tiers = tiers.iter_mut();
        for port in chain {
            *tiers.next().filter(|_| port > 0)? = port;
        }
        Some(Self(path))
    }

    /// The bus, the number before the dash.
    pub fn bus(&self) -> BusNumber {
        let [high, low, ..] = self.0;
        BusNumber(u16::from_be_bytes([high, low]))
    }

    /// The port numbers from the root hub down.
    pub fn ports(&self) -> &[u8] {
        let [_, _, tiers @ ..] = &self.0;
        tiers.split(|port| *port == 0).next().unwrap_or_default()
    }

    /// The port of the hub that this one is on. `None`: it is on a root hub.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.ports().split_last()?;
        let parent = || Self::new(self.bus(), above.iter().copied());
        (!above.is_empty()).then(parent).flatten()
    }

    /// This port, the port of the hub that it is on, and so on up to the port
    /// on the root hub.
    pub fn upwards(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// The port with the same chain below another port: `4-2` and `.3` give `4-2.3`.
    /// `None`: deeper than USB allows.
    pub fn below(&self, chain: &[u8]) -> Option<Self> {
        Self::new(self.bus(), self.ports().iter().chain(chain).copied())
    }

    fn parse(text: &str, separator: char) -> Option<Self> {
        let (bus, chain) = text.split_once('-')?;
        let bus = BusNumber(decimal(bus)?);
        let ports = chain
            .split(separator)
            .map(|port| decimal(port).and_then(|n| u8::try_from(n).ok()));
        // What is no number is refused as 0 is.
        Self::new(bus, ports.map(Option::unwrap_or_default))
    }

    fn write(&self, f: &mut impl fmt::Write, separator: char) -> fmt::Result {
        write!(f, "{}", self.bus())?;
        for (tier, port) in self.ports().iter().enumerate() {
            f.write_char(if tier == 0 { '-' } else { separator })?;
            write!(f, "{port}")?;
        }
        Ok(())
    }

    /// The form for an alias, where libvirt allows no dot: `3-2_4`.
    pub(crate) fn to_alias_part(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text, '_');
        text
    }

    /// Reads what [`PortPath::to_alias_part`] wrote.
    pub(crate) fn from_alias_part(text: &str) -> Option<Self> {
        Self::parse(text, '_')
    }
}

/// A decimal number from 1 up, without sign, blanks or leading zeros.
fn decimal(text: &str) -> Option<u16> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

impl fmt::Debug for PortPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortPath")
            .field("bus", &self.bus())
            .field("ports", &self.ports())
            .finish()
    }
}

impl fmt::Display for PortPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text, '.')?;
        f.pad(&text)
    }
}

impl FromStr for PortPath {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        Self::parse(text, '.').ok_or(ParseIdError::Port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_paths_read_and_write_alike() {
        for text in ["1-1", "3-2.4", "12-1.2.3.4.5.6", "400-255"] {
            let port: PortPath = text.parse().unwrap();
            assert_eq!(port.to_string(), text);
            assert_eq!(PortPath::from_alias_part(&port.to_alias_part()), Some(port));
        }
    }

    #[test]
    fn what_the_kernel_would_not_write_is_refused() {
        for text in [
            "",
            "1",
            "1-",
            "-1",
            "1-0",
            "0-1",
            "1-1.",
            "1-01",
            "1-256",
            "usb3",
            "3-0:1.0",
            "1-1.2.3.4.5.6.7",
            "1-+1",
            "1 -1",
            "1_1",
            "99999-1",
        ] {
            assert!(text.parse::<PortPath>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn ports_lead_upwards_and_down_again() {
        let port: PortPath = "3-2.4.1".parse().unwrap();
        let up: Vec<String> = port.upwards().map(|port| port.to_string()).collect();
        assert_eq!(up, ["3-2.4.1", "3-2.4", "3-2"]);
        let other: PortPath = "4-2".parse().unwrap();
        assert_eq!(other.below(&[4, 1]).unwrap().to_string(), "4-2.4.1");
        assert_eq!(other.below(&[1; 6]), None);
    }

    #[test]
    fn ports_sort_by_number() {
        let mut ports: Vec<PortPath> = ["1-10", "1-2", "1-2.1"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        ports.sort();
        let sorted: Vec<String> = ports.iter().map(ToString::to_string).collect();
        assert_eq!(sorted, ["1-2", "1-2.1", "1-10"]);
    }
}
