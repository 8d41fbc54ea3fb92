//! Numbers that identify USB things, each with a type of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use thiserror::Error;

/// Why a text is not the number that it should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseIdError {
    /// Not one to four hexadecimal digits.
    #[error("expected 1 to 4 hexadecimal digits, such as \"046d\" or \"0x046d\"")]
    Hex,
    /// A port path that the kernel would not write.
    #[error(
        "expected a kernel port path: bus, `-`, then 1 to 6 port numbers joined by `.`, such as \"3-2.4\""
    )]
    Port,
    /// A port name that does not follow udev's `ID_PATH`.
    #[error(
        "expected a controller, `-usb-0:` and a chain of ports, as udev's ID_PATH: \"pci-0000:00:14.0-usb-0:2.4\""
    )]
    StablePort,
    /// No class code.
    #[error(
        "expected class, subclass and protocol in hexadecimal, each of which may be left out, such as \"03:01:02\", \"08\" or \"03::02\""
    )]
    Class,
    /// No guest port.
    #[error(
        "expected a USB bus of the machine, `:`, and a port on it, such as \"0:3\" or \"0:1.2\""
    )]
    GuestPort,
    /// No UUID.
    #[error("expected a UUID, such as \"5c1c3ee4-5b1c-4e0c-9f6a-2f1a5a1f2b3c\"")]
    Uuid,
}

fn parse_hex(text: &str) -> Result<u16, ParseIdError> {
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .unwrap_or(text);
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(ParseIdError::Hex);
    }
    u16::from_str_radix(digits, 16).map_err(|_| ParseIdError::Hex)
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u16);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:04x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Reads 1 to 4 hexadecimal digits, with or without `0x`.
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hex(text).map(Self)
            }
        }
    };
}

hex_id!(
    /// `idVendor` of the device descriptor (USB 2.0, 9.6.1). Shown as four hex digits.
    VendorId
);
hex_id!(
    /// `idProduct` of the device descriptor (USB 2.0, 9.6.1). Shown as four hex digits.
    ProductId
);

hex_id!(
    /// `bcdDevice` of the device descriptor, its release in binary-coded
    /// decimal (USB 2.0, 9.6.1). Shown as four hex digits.
    Revision
);

/// Number of a USB bus, counted by the kernel from 1. Not stable across boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BusNumber(pub u16);

/// Address of a device on its bus, 1 to 127. The kernel uses numbers again, so
/// this never identifies a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeviceNumber(pub u8);

impl fmt::Display for BusNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where libvirt finds a device at this moment: `bus:device`, both decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HostAddress {
    /// The bus.
    pub bus: BusNumber,
    /// The device on that bus.
    pub device: DeviceNumber,
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bus, self.device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_ids_read_as_hex_always() {
        assert_eq!("0403".parse(), Ok(VendorId(0x0403)));
        assert_eq!("0x46D".parse(), Ok(VendorId(0x046d)));
        assert_eq!("1".parse(), Ok(ProductId(1)));
        for bad in ["", "0x", "g1", "12345", "+1", " 1", "0x0x1"] {
            assert_eq!(bad.parse::<VendorId>(), Err(ParseIdError::Hex), "{bad:?}");
        }
        assert_eq!(VendorId(0x1).to_string(), "0001");
    }
}
