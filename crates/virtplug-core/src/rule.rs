//! Rules: which devices belong to which machine.

use crate::device::Device;
use crate::fact::Fact;
use crate::id::{HostAddress, ProductId, VendorId};
use crate::machine::MachineKey;
use crate::port::PortPath;

/// "Devices that match this belong to that machine."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The user's own name for it.
    pub name: Option<String>,
    /// Where it was written, for messages: `file:line`.
    pub origin: String,
    /// The machine that the devices belong to.
    pub machine: MachineKey,
    /// Which devices.
    pub matcher: Matcher,
}

/// What a device must be; all given fields must hold. The config refuses a
/// matcher without any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matcher {
    /// `idVendor`.
    pub vendor: Option<VendorId>,
    /// `idProduct`.
    pub product: Option<ProductId>,
    /// The serial number exactly as in sysfs (not udev's altered form).
    pub serial: Option<String>,
    /// The kernel port path.
    pub port: Option<PortPath>,
    /// Bus and device number.
    pub address: Option<HostAddress>,
    /// udev properties with exactly these values.
    pub properties: Vec<(String, String)>,
    /// Tags that the device must have (udev's `TAGS`).
    pub tags: Vec<String>,
    /// Tags that the last udev event must have set (udev's `CURRENT_TAGS`).
    pub current_tags: Vec<String>,
}

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
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    fn of_fact<T>(fact: &Fact<T>, holds: impl FnOnce(&T) -> bool) -> Self {
        fact.known()
            .map_or(Self::Unknown, |value| Self::of(holds(value)))
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
}

impl Matcher {
    /// Whether no field is given; such a matcher would hold for everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Judges one device.
    pub fn judge(&self, device: &Device) -> Verdict {
        let mut verdict = Verdict::Yes;
        if let Some(vendor) = self.vendor {
            verdict = verdict.and(Verdict::of(vendor == device.vendor));
        }
        if let Some(product) = self.product {
            verdict = verdict.and(Verdict::of(product == device.product));
        }
        if let Some(port) = &self.port {
            verdict = verdict.and(Verdict::of(*port == device.port));
        }
        if let Some(address) = self.address {
            verdict = verdict.and(Verdict::of(address == device.address));
        }
        if let Some(serial) = &self.serial {
            verdict = verdict.and(Verdict::of_fact(&device.serial, |actual| {
                actual
                    .as_ref()
                    .is_some_and(|actual| actual.as_bytes() == serial.as_bytes())
            }));
        }
        if !(self.properties.is_empty() && self.tags.is_empty() && self.current_tags.is_empty()) {
            verdict = verdict.and(Verdict::of_fact(&device.udev, |record| {
                self.properties
                    .iter()
                    .all(|(name, value)| record.properties.get(name) == Some(value))
                    && self.tags.iter().all(|tag| record.tags.contains(tag))
                    && self
                        .current_tags
                        .iter()
                        .all(|tag| record.current_tags.contains(tag))
            }));
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::device;
    use crate::{RawText, UdevRecord};

    #[test]
    fn all_given_fields_must_hold() {
        let device = device("3-2", 5, "A1");
        let matcher = Matcher {
            vendor: Some(device.vendor),
            product: Some(device.product),
            serial: Some("A1".into()),
            port: Some("3-2".parse().unwrap()),
            address: Some(device.address),
            ..Matcher::default()
        };
        assert_eq!(matcher.judge(&device), Verdict::Yes);
        let wrong: [fn(&mut Matcher); 5] = [
            |m| m.vendor = Some(VendorId(0xffff)),
            |m| m.product = Some(ProductId(0xffff)),
            |m| m.serial = Some("A".into()),
            |m| m.port = Some("3-2.1".parse().unwrap()),
            |m| m.address.as_mut().unwrap().device.0 += 1,
        ];
        for spoil in wrong {
            let mut matcher = matcher.clone();
            spoil(&mut matcher);
            assert_eq!(matcher.judge(&device), Verdict::No, "{matcher:?}");
        }
    }

    #[test]
    fn a_serial_is_matched_raw() {
        let mut device = device("3-2", 5, "");
        device.serial = Fact::Known(Some(RawText::from("A/B, ü")));
        let rule = |serial: &str| Matcher {
            serial: Some(serial.into()),
            ..Matcher::default()
        };
        assert_eq!(rule("A/B, ü").judge(&device), Verdict::Yes);
        assert_eq!(rule("A_B__ü").judge(&device), Verdict::No);
        device.serial = Fact::Known(None);
        assert_eq!(rule("").judge(&device), Verdict::No);
    }

    #[test]
    fn a_failed_read_is_unknown_unless_another_field_fails() {
        let mut device = device("3-2", 5, "A1");
        device.udev = Fact::Unknown;
        let mut matcher = Matcher {
            tags: vec!["x".into()],
            ..Matcher::default()
        };
        assert_eq!(matcher.judge(&device), Verdict::Unknown);
        matcher.serial = Some("other".into());
        assert_eq!(matcher.judge(&device), Verdict::No);
    }

    #[test]
    fn properties_and_tags_match_as_udev_has_them() {
        let mut device = device("3-2", 5, "A1");
        device.udev = Fact::Known(UdevRecord {
            properties: [("ID_MODEL".into(), "Stick".into())].into(),
            tags: ["old".into(), "new".into()].into(),
            current_tags: ["new".into()].into(),
        });
        let matcher = |tags: &[&str], current: &[&str]| Matcher {
            properties: vec![("ID_MODEL".into(), "Stick".into())],
            tags: tags.iter().map(ToString::to_string).collect(),
            current_tags: current.iter().map(ToString::to_string).collect(),
            ..Matcher::default()
        };
        assert_eq!(
            matcher(&["old", "new"], &["new"]).judge(&device),
            Verdict::Yes
        );
        assert_eq!(matcher(&[], &["old"]).judge(&device), Verdict::No);
    }
}
