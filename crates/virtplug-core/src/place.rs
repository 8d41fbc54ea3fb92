//! Where a device sits, independent of the numbers of buses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::ParseIdError;
use crate::port::PortPath;

/// Which of the two buses of a USB 3 controller: each has ports of its own,
/// and one socket has a plug on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Half {
    /// USB 2 and older.
    Usb2,
    /// USB 3.
    Usb3,
}

impl Half {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Usb2 => Self::Usb3,
            Self::Usb3 => Self::Usb2,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Usb2 => "usbv2",
            Self::Usb3 => "usbv3",
        }
    }
}

/// The name of a port that does not change when buses are numbered anew: the
/// controller and the chain of ports, like udev's `ID_PATH`, with the half of
/// the controller: `pci-0000:00:14.0-usbv2-0:2.4`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StablePort {
    /// The controller: `pci-0000:00:14.0`.
    pub controller: String,
    /// Which of its buses; `None` stands for both (udev's `ID_PATH` does not tell).
    pub half: Option<Half>,
    /// The chain of ports from the root hub down: `2.4`.
    pub chain: Vec<u8>,
}

impl StablePort {
    /// The name for a device directory below `/sys` and its port path. `None`:
    /// the directory names no controller.
    pub fn of(syspath: &str, half: Half, port: &PortPath) -> Option<Self> {
        Some(Self {
            controller: controller_of(syspath)?,
            half: Some(half),
            chain: port.ports().to_vec(),
        })
    }
}

/// The controller as udev's `ID_PATH` names it: the PCI function that is
/// nearest to the device and, before it, the platform device that it hangs on.
fn controller_of(syspath: &str) -> Option<String> {
    let below = syspath.split_once("/devices/")?.1;
    let above: Vec<&str> = below
        .split('/')
        .take_while(|part| !is_root_hub(part))
        .collect();
    let pci = above.iter().rev().find(|part| is_pci(part));
    let platform = match above.as_slice() {
        ["platform", rest @ ..] => rest
            .iter()
            .take_while(|part| !part.starts_with("pci") && !is_pci(part))
            .last(),
        _ => None,
    };
    let parts: Vec<String> = platform
        .map(|name| format!("platform-{name}"))
        .into_iter()
        .chain(pci.map(|name| format!("pci-{name}")))
        .collect();
    (!parts.is_empty()).then(|| parts.join("-"))
}

/// `usb3`.
fn is_root_hub(part: &str) -> bool {
    part.strip_prefix("usb")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// `0000:00:14.0`.
fn is_pci(part: &str) -> bool {
    let hex = |text: &str, least: usize| {
        text.len() >= least && text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let pieces: Vec<&str> = part.split([':', '.']).collect();
    match pieces.as_slice() {
        [domain, bus, slot, function] => {
            hex(domain, 4) && hex(bus, 2) && hex(slot, 2) && hex(function, 1)
        }
        _ => false,
    }
}

impl fmt::Display for StablePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = self.half.map_or("usb", Half::text);
        let chain: Vec<String> = self.chain.iter().map(ToString::to_string).collect();
        write!(f, "{}-{half}-0:{}", self.controller, chain.join("."))
    }
}

impl FromStr for StablePort {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let parse = || {
            let (place, chain) = text.rsplit_once("-0:")?;
            let (controller, half) = place.rsplit_once('-')?;
            let half = match half {
                "usb" => None,
                "usbv2" => Some(Half::Usb2),
                "usbv3" => Some(Half::Usb3),
                _ => return None,
            };
            // The chain of a port path has the same form.
            let chain: PortPath = format!("1-{chain}").parse().ok()?;
            (!controller.is_empty()).then(|| Self {
                controller: controller.to_owned(),
                half,
                chain: chain.ports().to_vec(),
            })
        };
        parse().ok_or(ParseIdError::StablePort)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(syspath: &str, port: &str) -> Option<String> {
        StablePort::of(syspath, Half::Usb2, &port.parse().unwrap()).map(|port| port.to_string())
    }

    #[test]
    fn the_controller_is_named_as_udev_names_it() {
        for (syspath, port, name) in [
            (
                "/sys/devices/pci0000:00/0000:00:14.0/usb3/3-2/3-2.4",
                "3-2.4",
                Some("pci-0000:00:14.0-usbv2-0:2.4"),
            ),
            (
                "/sys/devices/pci0000:00/0000:00:1c.4/0000:03:00.0/usb5/5-1",
                "5-1",
                Some("pci-0000:03:00.0-usbv2-0:1"),
            ),
            (
                "/sys/devices/platform/vhci_hcd.0/usb7/7-1",
                "7-1",
                Some("platform-vhci_hcd.0-usbv2-0:1"),
            ),
            (
                "/sys/devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0/usb1/1-1",
                "1-1",
                Some("platform-fd500000.pcie-pci-0000:01:00.0-usbv2-0:1"),
            ),
            ("/sys/devices/usb/3-2", "3-2", None),
            ("", "3-2", None),
        ] {
            assert_eq!(of(syspath, port).as_deref(), name, "{syspath}");
        }
    }

    #[test]
    fn stable_ports_read_and_write_alike() {
        for text in [
            "pci-0000:00:14.0-usb-0:2.4",
            "pci-0000:00:14.0-usbv2-0:2.4",
            "platform-vhci_hcd.0-usbv3-0:1",
        ] {
            assert_eq!(text.parse::<StablePort>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "3-2",
            "pci-0000:00:14.0",
            "pci-0000:00:14.0-usb-0:",
            "pci-0000:00:14.0-usb-0:2.4:1.0",
            "pci-0000:00:14.0-usbv4-0:2",
            "-usb-0:2",
        ] {
            assert!(text.parse::<StablePort>().is_err(), "{text:?}");
        }
    }
}
