//! Ports that a device left a moment ago, and what its successor may inherit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::device::Device;
use crate::fact::Fact;
use crate::id::{ProductId, VendorId};
use crate::port::PortPath;
use crate::rule::Rule;
use crate::text::RawText;
use crate::time::Time;

/// A device that is back within this time was reset, not plugged in.
pub(super) const RESET_PATIENCE: Duration = Duration::from_secs(5);

/// A device that left its port.
#[derive(Debug, Clone)]
pub(super) struct Departure {
    at: Time,
    /// The rule that gave it to a machine, where its successor follows it.
    rule: Option<Arc<Rule>>,
}

impl Departure {
    pub(super) fn new(at: Time, rule: Option<&Arc<Rule>>) -> Self {
        let follows = rule.filter(|rule| rule.options.follow.is_some());
        Self {
            at,
            rule: follows.cloned(),
        }
    }

    fn follow(&self) -> Option<(&Arc<Rule>, Duration)> {
        let rule = self.rule.as_ref()?;
        Some((rule, rule.options.follow?))
    }

    fn until(&self) -> Time {
        let longest = self
            .follow()
            .map_or(RESET_PATIENCE, |(_, span)| span.max(RESET_PATIENCE));
        self.at + longest
    }

    fn is_over(&self, now: Time) -> bool {
        now >= self.until()
    }
}

/// The last departure from each port, as long as it matters.
#[derive(Debug, Default)]
pub(super) struct Departures {
    ports: BTreeMap<PortPath, Departure>,
    /// None of them is over before.
    all_until: Time,
}

impl Departures {
    pub(super) fn note(&mut self, port: &PortPath, departure: Departure) {
        let now = departure.at;
        if self.all_until <= now {
            self.ports.retain(|_, departure| !departure.is_over(now));
            let ends = self.ports.values().map(Departure::until);
            self.all_until = ends.min().unwrap_or_else(|| departure.until());
        }
        self.all_until = self.all_until.min(departure.until());
        self.ports.insert(port.clone(), departure);
    }

    /// The rules are replaced by others; nobody follows by an old one.
    pub(super) fn forget_rules(&mut self) {
        for departure in self.ports.values_mut() {
            departure.rule = None;
        }
        self.all_until = Time::default();
    }

    /// A group has another owner: puts the rules that are in force now in the
    /// place of those that were.
    pub(super) fn renew(&mut self, group: &str, renewed: impl Fn(&Rule) -> Option<Arc<Rule>>) {
        for departure in self.ports.values_mut() {
            if let Some(rule) = &departure.rule
                && rule.options.group.as_deref() == Some(group)
            {
                departure.rule = renewed(rule);
            }
        }
        self.all_until = Time::default();
    }

    /// The departures from the socket that a device is in.
    fn before(&self, device: &Device) -> impl Iterator<Item = &Departure> {
        let peer = device.peer.known().and_then(Option::as_ref);
        [Some(&device.port), peer]
            .into_iter()
            .flatten()
            .filter_map(|port| self.ports.get(port))
    }

    /// Whether a device was there until a moment ago, so that this one is the
    /// same after a reset, or what became of it.
    pub(super) fn was_reset(&self, device: &Device, now: Time) -> bool {
        self.before(device)
            .any(|departure| now < departure.at + RESET_PATIENCE)
    }

    /// The rule that this device follows, if it came in time.
    pub(super) fn followed_by(&self, device: &Device, now: Time) -> Option<Arc<Rule>> {
        self.before(device)
            .filter_map(|departure| {
                let (rule, span) = departure.follow()?;
                (now < departure.at + span).then(|| (departure.at, Arc::clone(rule)))
            })
            .max_by_key(|(at, _)| *at)
            .map(|(_, rule)| rule)
    }
}

/// What tells one device of a kind from another, at any port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    vendor: VendorId,
    product: ProductId,
    serial: RawText,
}

impl Identity {
    /// `None`: it has no serial number.
    pub(super) fn of(device: &Device) -> Option<Self> {
        match &device.serial {
            Fact::Known(Some(serial)) => Some(Self {
                vendor: device.vendor,
                product: device.product,
                serial: serial.clone(),
            }),
            _ => None,
        }
    }
}
