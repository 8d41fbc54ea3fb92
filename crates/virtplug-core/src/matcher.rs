//! Which devices a rule means.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::class::{ClassCode, ClassPattern};
use crate::device::Device;
use crate::fact::Fact;
use crate::id::HostAddress;
use crate::pattern::Patterns;
use crate::place::StablePort;
use crate::port::PortPath;
use crate::rule::Specificity;
use crate::speed::{Removable, Speed};
use crate::text::RawText;
use crate::udev_record::UdevRecord;

mod verdict;

pub use verdict::Verdict;

/// What a device must be; all given fields must hold. The config refuses a matcher without any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// `idVendor` as four hexadecimal digits.
    pub vendor: Option<Patterns>,
    /// `idProduct` as four hexadecimal digits.
    pub product: Option<Patterns>,
    /// `bcdDevice` as four hexadecimal digits.
    pub revision: Option<Patterns>,
    /// The serial number exactly as in sysfs (not udev's altered form).
    pub serial: Option<Patterns>,
    /// The maker's name, as the device says it.
    pub manufacturer: Option<Patterns>,
    /// The product's name, as the device says it.
    pub product_name: Option<Patterns>,
    /// The class of the device; one of these.
    pub class: Option<Vec<ClassPattern>>,
    /// The classes of its interfaces.
    pub interfaces: Option<Interfaces>,
    /// The speed; one of these.
    pub speed: Option<Vec<Speed>>,
    /// The kernel's `removable`; one of these.
    pub removable: Option<Vec<Removable>>,
    /// The kernel port path, of either half of the socket.
    pub port: Option<Patterns>,
    /// The port's name without bus numbers, of either half of the socket.
    pub stable_port: Option<StablePorts>,
    /// The device, or a hub between it and the root hub, is one of these.
    pub behind: Option<Vec<Matcher>>,
    /// Bus and device number.
    pub address: Option<HostAddress>,
    /// udev properties, each with one of the wanted values.
    pub properties: Vec<(String, Patterns)>,
    /// Tags that the device must have (udev's `TAGS`); for each of these, one.
    pub tags: Vec<Patterns>,
    /// Tags that the last udev event must have set (udev's `CURRENT_TAGS`).
    pub current_tags: Vec<Patterns>,
    /// The device is none of these.
    pub not: Vec<Matcher>,
    /// The device is one of these, too.
    pub any: Option<Vec<Matcher>>,
}

/// What the interfaces of a device must be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interfaces {
    /// One of its interfaces is one of these; no condition where empty.
    pub any: Vec<ClassPattern>,
    /// For each of these it has an interface.
    pub all: Vec<ClassPattern>,
    /// No interface is anything else than these; no condition where empty.
    pub only: Vec<ClassPattern>,
}

impl Interfaces {
    pub(crate) fn hold(&self, codes: &BTreeSet<ClassCode>) -> bool {
        let has = |pattern: &ClassPattern| codes.iter().any(|code| pattern.holds(*code));
        let known = |code: &ClassCode| self.only.iter().any(|pattern| pattern.holds(*code));
        (self.any.is_empty() || self.any.iter().any(has))
            && self.all.iter().all(has)
            && (self.only.is_empty() || codes.iter().all(known))
    }
}

/// Wanted stable ports: exact ones, which may leave the half open, or patterns
/// over the whole text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StablePorts(pub Patterns);

impl StablePorts {
    pub(crate) fn hold(&self, port: &StablePort) -> bool {
        let full = port.to_string();
        let plain = StablePort {
            half: None,
            ..port.clone()
        }
        .to_string();
        self.0
            .iter()
            .any(|pattern| pattern.holds(full.as_bytes()) || pattern.holds(plain.as_bytes()))
    }
}

/// What is plugged in around a device: the hubs above it.
pub trait Topology {
    /// The device at a port. `Known(None)`: there is none.
    fn device_at(&self, port: &PortPath) -> Fact<Option<&Device>>;
}

/// No surroundings: nothing is known of other ports.
impl Topology for () {
    fn device_at(&self, _: &PortPath) -> Fact<Option<&Device>> {
        Fact::Unknown
    }
}

impl Topology for BTreeMap<PortPath, Device> {
    fn device_at(&self, port: &PortPath) -> Fact<Option<&Device>> {
        Fact::Known(self.get(port))
    }
}

impl Matcher {
    /// Whether no field is given; such a matcher would hold for everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it asks for anything above the device, so that a change of a
    /// hub may change the verdict.
    pub fn looks_upwards(&self) -> bool {
        let inner = || self.not.iter().chain(self.any.iter().flatten());
        self.behind.is_some() || inner().any(Self::looks_upwards)
    }

    /// Judges one device.
    pub fn judge(&self, device: &Device, around: &dyn Topology) -> Verdict {
        let mut verdict = self.judge_descriptors(device);
        if verdict == Verdict::No {
            return verdict;
        }
        verdict = verdict
            .and(self.judge_place(device, around))
            .and(self.judge_record(&device.udev));
        for excluded in &self.not {
            verdict = verdict.and(excluded.judge(device, around).negated());
        }
        if let Some(any) = &self.any {
            verdict = verdict.and(Verdict::any(
                any.iter().map(|one| one.judge(device, around)),
            ));
        }
        verdict
    }

    /// Judges only what kind of device it is, by class and interfaces: what a
    /// device keeps that changes its identity (`follow`).
    pub(crate) fn judge_kind(&self, device: &Device) -> Verdict {
        let kind = Self {
            class: self.class.clone(),
            interfaces: self.interfaces.clone(),
            ..Self::default()
        };
        let mut verdict = kind.judge_descriptors(device);
        for excluded in self.not.iter().filter(|one| one.is_kind()) {
            verdict = verdict.and(excluded.judge_kind(device).negated());
        }
        if let Some(any) = &self.any {
            let alternatives = any.iter().map(|one| one.judge_kind(device));
            verdict = verdict.and(Verdict::any(alternatives));
        }
        verdict
    }

    /// Whether it asks for class and interfaces and nothing else.
    fn is_kind(&self) -> bool {
        let kind = Self {
            class: self.class.clone(),
            interfaces: self.interfaces.clone(),
            not: self.not.clone(),
            any: self.any.clone(),
            ..Self::default()
        };
        let inner = || self.not.iter().chain(self.any.iter().flatten());
        *self == kind && inner().all(Self::is_kind)
    }

    fn judge_descriptors(&self, device: &Device) -> Verdict {
        let mut verdict = Verdict::Yes;
        if let Some(wanted) = &self.vendor {
            verdict = verdict.and(Verdict::of(wanted.hold_digits(device.vendor.0)));
        }
        if let Some(wanted) = &self.product {
            verdict = verdict.and(Verdict::of(wanted.hold_digits(device.product.0)));
        }
        if let Some(wanted) = &self.class {
            let holds = wanted.iter().any(|pattern| pattern.holds(device.class));
            verdict = verdict.and(Verdict::of(holds));
        }
        if let Some(wanted) = &self.revision {
            verdict = verdict.and(match device.revision {
                Fact::Known(revision) => Verdict::of(wanted.hold_digits(revision.0)),
                Fact::Unknown => Verdict::Unknown,
            });
        }
        for (wanted, actual) in [
            (&self.serial, &device.serial),
            (&self.manufacturer, &device.manufacturer),
            (&self.product_name, &device.product_name),
        ] {
            if let Some(wanted) = wanted {
                verdict = verdict.and(text(wanted, actual));
            }
        }
        if let Some(wanted) = &self.interfaces {
            let holds = Verdict::of_fact(&device.interfaces, |codes| wanted.hold(codes));
            verdict = verdict.and(holds);
        }
        if let Some(wanted) = &self.speed {
            let holds = Verdict::of_fact(&device.speed, |speed| wanted.contains(speed));
            verdict = verdict.and(holds);
        }
        if let Some(wanted) = &self.removable {
            let holds = Verdict::of_fact(&device.removable, |value| wanted.contains(value));
            verdict = verdict.and(holds);
        }
        verdict
    }

    fn judge_place(&self, device: &Device, around: &dyn Topology) -> Verdict {
        let mut verdict = Verdict::Yes;
        if let Some(address) = self.address {
            verdict = verdict.and(Verdict::of(address == device.address));
        }
        if let Some(wanted) = &self.port {
            let holds = |port: &PortPath| wanted.hold(port.to_string().as_bytes());
            let own = Verdict::of(holds(&device.port));
            let peer = Verdict::of_fact(&device.peer, |peer| peer.as_ref().is_some_and(holds));
            verdict = verdict.and(own.or(peer));
        }
        if let Some(wanted) = &self.stable_port {
            let holds =
                |port: &Option<StablePort>| port.as_ref().is_some_and(|port| wanted.hold(port));
            let own = Verdict::of_fact(&device.stable_port(), holds);
            let peer = Verdict::of_fact(&device.stable_peer(), holds);
            verdict = verdict.and(own.or(peer));
        }
        if let Some(wanted) = &self.behind {
            let holds = wanted.iter().map(|one| judge_upwards(one, device, around));
            verdict = verdict.and(Verdict::any(holds));
        }
        verdict
    }

    fn judge_record(&self, record: &Fact<UdevRecord>) -> Verdict {
        if self.properties.is_empty() && self.tags.is_empty() && self.current_tags.is_empty() {
            return Verdict::Yes;
        }
        Verdict::of_fact(record, |record| {
            let property = |(name, wanted): &(String, Patterns)| {
                let value = record.properties.get(name);
                value.is_some_and(|value| wanted.hold(value.as_bytes()))
            };
            let tag = |tags: &BTreeSet<String>, wanted: &Patterns| {
                tags.iter().any(|tag| wanted.hold(tag.as_bytes()))
            };
            self.properties.iter().all(property)
                && self.tags.iter().all(|wanted| tag(&record.tags, wanted))
                && self
                    .current_tags
                    .iter()
                    .all(|wanted| tag(&record.current_tags, wanted))
        })
    }

    /// Whether it asks for a serial number, so that it cannot tell a device from
    /// another one that claims the same.
    pub fn asks_for_serial(&self) -> bool {
        let of_serial = |(name, _): &(String, Patterns)| name.contains("SERIAL");
        let inner = || self.any.iter().flatten();
        self.serial.is_some()
            || self.properties.iter().any(of_serial)
            || inner().any(Self::asks_for_serial)
    }

    /// How exactly it names a device.
    pub fn specificity(&self) -> Specificity {
        self.exactness(Exactness::default()).specificity()
    }

    /// What is named exactly, in addition to what is around it. Of alternatives
    /// the least exact one counts.
    fn exactness(&self, around: Exactness) -> Exactness {
        let exact =
            |patterns: &Option<Patterns>| patterns.as_ref().is_some_and(Patterns::are_exact);
        let stable = self.stable_port.as_ref();
        let here = Exactness {
            port: around.port
                || exact(&self.port)
                || stable.is_some_and(|wanted| wanted.0.are_exact())
                || self.address.is_some(),
            serial: around.serial || exact(&self.serial),
            vendor: around.vendor || exact(&self.vendor),
            product: around.product || exact(&self.product),
        };
        let alternatives = self.any.iter().flatten().map(|one| one.exactness(here));
        alternatives
            .min_by_key(|one| one.specificity())
            .unwrap_or(here)
    }
}

/// Which fields have exact values.
#[derive(Debug, Clone, Copy, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each field is exact or not, whatever the others are"
)]
struct Exactness {
    port: bool,
    serial: bool,
    vendor: bool,
    product: bool,
}

impl Exactness {
    fn specificity(self) -> Specificity {
        let product = self.vendor && self.product;
        match (self.port, self.serial, product) {
            (true, false, false) => Specificity::Port,
            (true, ..) => Specificity::PortWithIdentity,
            (false, true, true) => Specificity::SerialOfProduct,
            (false, true, false) => Specificity::Serial,
            (false, false, true) => Specificity::Product,
            (false, false, false) => Specificity::Rest,
        }
    }
}

pub(crate) fn text(wanted: &Patterns, actual: &Fact<Option<RawText>>) -> Verdict {
    Verdict::of_fact(actual, |actual| {
        actual
            .as_ref()
            .is_some_and(|actual| wanted.hold(actual.as_bytes()))
    })
}

/// Judges the device and what is above it, on both halves of its sockets.
pub(crate) fn judge_upwards(wanted: &Matcher, device: &Device, around: &dyn Topology) -> Verdict {
    let mut verdict = wanted.judge(device, around);
    let chains = [
        Some(&device.port),
        device.peer.known().and_then(Option::as_ref),
    ];
    for port in chains.into_iter().flatten().flat_map(PortPath::upwards) {
        if verdict == Verdict::Yes {
            break;
        }
        if port == device.port {
            continue;
        }
        verdict = verdict.or(match around.device_at(&port) {
            _ if names_port(wanted, &port) => Verdict::Yes,
            Fact::Known(Some(above)) => wanted.judge(above, around),
            // On one half of a socket there is often nothing.
            Fact::Known(None) => Verdict::No,
            Fact::Unknown => Verdict::Unknown,
        });
    }
    if device.peer == Fact::Unknown {
        verdict = verdict.or(Verdict::Unknown);
    }
    verdict
}

/// Whether a matcher asks for a port and nothing else, and for this one: what is
/// plugged in there does not matter then.
pub(crate) fn names_port(wanted: &Matcher, port: &PortPath) -> bool {
    let Some(ports) = &wanted.port else {
        return false;
    };
    let named = Matcher {
        port: Some(ports.clone()),
        ..Matcher::default()
    };
    *wanted == named && ports.hold(port.to_string().as_bytes())
}

#[cfg(test)]
mod tests;
