//! How a user names one present device.
//!
//! A text is read in the first of these ways that it has the form of, and
//! means nothing else then, so that no device can take a place's name by its
//! serial number:
//!
//! 1. `serial=…`, `rule=…`, `name=…`: what stands behind it, as below; `address=3:12`: bus
//!    and device number
//! 2. a port path, `3-2.4`: the device there, else the one on the other half of that socket
//! 3. a stable port, `pci-0000:00:14.0-usb-0:2.4`
//! 4. two numbers, `046d:c52b`: vendor and product in hexadecimal. Where both are decimal
//!    without leading zeros and small enough, as `3:12`, they may be bus and
//!    device, too; if these are different devices, the text is ambiguous.
//!
//! Any other text is, in this order, a serial number (as the device has it,
//! or as it is shown), the name of the rule that gives the device away, or a
//! part of the maker's and product's name in any case. The first of these that
//! fits any device counts.

mod machine;

pub use machine::{MachineError, NamedMachine, select_machine};

use std::fmt;

use crate::device::Device;
use crate::fact::Fact;
use crate::id::{HostAddress, ProductId, VendorId};
use crate::place::{Half, StablePort};
use crate::port::PortPath;
use crate::rule::Rule;
use crate::text::{Escaped, RawText};

/// Most devices that an error lists.
const MAX_LISTED: usize = 10;

/// Longest text that is compared with others for likeness.
const MAX_COMPARED: usize = 80;

/// Highest device number on a bus (USB 2.0, 9.4.6).
const MAX_DEVICE_NUMBER: u8 = 127;

/// Why a text names no single device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// It fits several devices.
    #[error("\"{}\" is {what} of {} devices; name one by its port:{}", Shown(text), candidates.len(), Listed(candidates))]
    Ambiguous {
        /// The text.
        text: String,
        /// As what it fits.
        what: &'static str,
        /// The devices.
        candidates: Vec<Candidate>,
    },
    /// It fits none.
    #[error(
        "no device is named by \"{}\"; give its serial number, vendor:product, bus:device, port (3-2.4), stable port, rule or a part of its name{}",
        Shown(text),
        Near(near)
    )]
    Nothing {
        /// The text.
        text: String,
        /// Devices that look alike, the likeliest first.
        near: Vec<Candidate>,
    },
}

/// A device that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is.
    pub port: PortPath,
    /// Bus and device number.
    pub address: HostAddress,
    /// Its vendor.
    pub vendor: VendorId,
    /// Its product.
    pub product: ProductId,
    /// Its serial number, where it has one.
    pub serial: Option<RawText>,
    /// Maker and product, as it says itself.
    pub name: String,
}

impl From<&Device> for Candidate {
    fn from(device: &Device) -> Self {
        Self {
            port: device.port.clone(),
            address: device.address,
            vendor: device.vendor,
            product: device.product,
            serial: said(&device.serial).cloned(),
            name: name_of(device),
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:{}", self.port, self.vendor, self.product)?;
        if let Some(serial) = &self.serial {
            write!(f, " serial \"{serial}\"")?;
        }
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        Ok(())
    }
}

/// Finds the device that a text names. `giver` says which rule gives a device
/// away at this moment.
pub fn select<'d, 'r>(
    text: &str,
    devices: impl IntoIterator<Item = &'d Device>,
    giver: impl Fn(&Device) -> Option<&'r Rule>,
) -> Result<&'d Device, SelectError> {
    let devices: Vec<&Device> = devices.into_iter().collect();
    let (what, found) = fitting(text, &devices, giver);
    match found.as_slice() {
        [device] => Ok(device),
        [] => Err(SelectError::Nothing {
            text: text.to_owned(),
            near: near(text, &devices),
        }),
        several => Err(SelectError::Ambiguous {
            text: text.to_owned(),
            what,
            candidates: several
                .iter()
                .map(|device| Candidate::from(*device))
                .collect(),
        }),
    }
}

const SERIAL: &str = "the serial number";
const RULE: &str = "the rule";
const NAME: &str = "a part of the name";

fn fitting<'d, 'r>(
    text: &str,
    devices: &[&'d Device],
    giver: impl Fn(&Device) -> Option<&'r Rule>,
) -> (&'static str, Vec<&'d Device>) {
    let those = |fits: &dyn Fn(&Device) -> bool| -> Vec<&'d Device> {
        devices
            .iter()
            .copied()
            .filter(|device| fits(device))
            .collect()
    };
    let by_serial = |text: &str| those(&|device| has_serial(device, text));
    let by_rule = |text: &str| {
        those(&|device| giver(device).is_some_and(|rule| rule.name.as_deref() == Some(text)))
    };
    let by_name = |text: &str| {
        let part = Escaped(text).to_string().to_lowercase();
        those(&|device| !part.is_empty() && name_of(device).to_lowercase().contains(&part))
    };
    if let Some(serial) = text.strip_prefix("serial=") {
        return (SERIAL, by_serial(serial));
    }
    if let Some(rule) = text.strip_prefix("rule=") {
        return (RULE, by_rule(rule));
    }
    if let Some(name) = text.strip_prefix("name=") {
        return (NAME, by_name(name));
    }
    if let Some(address) = text.strip_prefix("address=") {
        let address = numbers(address).and_then(|(_, address)| address);
        return (
            "the address",
            those(&|device| Some(device.address) == address),
        );
    }
    if let Ok(port) = text.parse::<PortPath>() {
        let mut found = those(&|device| device.port == port);
        if found.is_empty() {
            found = those(&|device| device.peer == Fact::Known(Some(port.clone())));
        }
        return ("the port", found);
    }
    if let Ok(port) = text.parse::<StablePort>() {
        let mut found = those(&|device| is_at(&device.stable_port(), &port));
        if found.is_empty() {
            found = those(&|device| is_at(&device.stable_peer(), &port));
        }
        return ("the stable port", found);
    }
    if let Some((ids, address)) = numbers(text) {
        let both = those(&|device| {
            (device.vendor, device.product) == ids || Some(device.address) == address
        });
        let by_address = both.iter().any(|device| Some(device.address) == address);
        let what = if by_address {
            "vendor:product or bus:device"
        } else {
            "vendor:product"
        };
        return (what, both);
    }
    [(SERIAL, by_serial(text)), (RULE, by_rule(text))]
        .into_iter()
        .find(|(_, found)| !found.is_empty())
        .unwrap_or_else(|| (NAME, by_name(text)))
}

fn said(text: &Fact<Option<RawText>>) -> Option<&RawText> {
    text.known().and_then(Option::as_ref)
}

/// Maker and product as messages show them.
fn name_of(device: &Device) -> String {
    let parts = [said(&device.manufacturer), said(&device.product_name)];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    parts.join(" ")
}

/// As read, or as shown, so that what was copied from a list is found.
fn has_serial(device: &Device, text: &str) -> bool {
    said(&device.serial)
        .is_some_and(|serial| serial.as_bytes() == text.as_bytes() || serial.to_string() == text)
}

/// Whether a device's stable port is one that was asked for, with or without the half.
fn is_at(port: &Fact<Option<StablePort>>, wanted: &StablePort) -> bool {
    let half = |port: &StablePort| -> Option<Half> { wanted.half.and(port.half) };
    port.known().and_then(Option::as_ref).is_some_and(|port| {
        let comparable = StablePort {
            half: half(port),
            ..port.clone()
        };
        comparable == *wanted
    })
}

/// `046d:c52b`, and what it is as bus and device, if it can be.
fn numbers(text: &str) -> Option<((VendorId, ProductId), Option<HostAddress>)> {
    let (first, second) = text.split_once(':')?;
    let ids = (first.parse().ok()?, second.parse().ok()?);
    let plain = |text: &str| !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    let address = (plain(first) && plain(second)).then(|| {
        let bus = crate::id::BusNumber(first.parse().ok()?);
        let device = second
            .parse()
            .ok()
            .filter(|number| *number <= MAX_DEVICE_NUMBER)?;
        Some(HostAddress {
            bus,
            device: crate::id::DeviceNumber(device),
        })
    });
    Some((ids, address.flatten()))
}

/// The devices that look most like what was typed.
fn near(text: &str, devices: &[&Device]) -> Vec<Candidate> {
    let typed = text.to_lowercase();
    if typed.is_empty() || typed.len() > MAX_COMPARED {
        return Vec::new();
    }
    let mut found: Vec<(usize, Candidate)> = devices
        .iter()
        .filter_map(|device| Some((distance(&typed, device)?, Candidate::from(*device))))
        .collect();
    found.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| a.port.cmp(&b.port)));
    found
        .into_iter()
        .map(|(_, device)| device)
        .take(MAX_LISTED)
        .collect()
}

/// How far a device's names are from a text. `None`: it is not meant.
fn distance(typed: &str, device: &Device) -> Option<usize> {
    let serial = said(&device.serial).map(|serial| serial.to_string().to_lowercase());
    let ids = format!("{}:{}", device.vendor, device.product);
    let names = [
        Some(device.port.to_string()),
        Some(ids),
        Some(device.address.to_string()),
        serial,
    ];
    let names = names
        .into_iter()
        .flatten()
        .filter(|name| name.len() <= MAX_COMPARED);
    let words: Vec<String> = name_of(device)
        .to_lowercase()
        .split_whitespace()
        .filter(|word| word.len() <= MAX_COMPARED)
        .map(str::to_owned)
        .collect();
    names
        .chain(words)
        .filter_map(|name| {
            let distance = strsim::damerau_levenshtein(typed, &name);
            // A part of it is near, too, unless it is a part of everything.
            let part = typed.len() >= 3 && name.contains(typed);
            let limit = (name.chars().count().min(typed.chars().count()) / 3).max(1);
            (part || distance <= limit).then_some(distance)
        })
        .min()
}

/// A foreign text of bearable length.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(MAX_COMPARED) {
            Some((end, _)) => write!(f, "{}…", Escaped(self.0.get(..end).unwrap_or_default())),
            None => Escaped(self.0).fmt(f),
        }
    }
}

/// One device on each line.
struct Listed<'a>(&'a [Candidate]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for candidate in self.0.iter().take(MAX_LISTED) {
            write!(f, "\n  {candidate}")?;
        }
        match self.0.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

struct Near<'a>(&'a [Candidate]);

impl fmt::Display for Near<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "; did you mean:{}", Listed(self.0))
    }
}

#[cfg(test)]
mod tests;
