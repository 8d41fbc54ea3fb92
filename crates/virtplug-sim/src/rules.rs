//! Rules in short, and the names of what they speak of.

use std::num::NonZeroU32;
use std::time::Duration;

use virtplug_core::{
    BusNumber, ConnectionUri, DeviceNumber, GuestPort, HostAddress, MachineKey, Matcher, Owner,
    Policy, PortPath, Rule, RuleOptions,
};

use crate::gadget::Gadget;

/// What a rule asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// The serial number of a gadget.
    Serial(Gadget),
    /// The model of a gadget.
    Model(Gadget),
    /// The model of a gadget and its serial number.
    Exact(Gadget),
    /// A port.
    Port(PortPath),
    /// The model of a gadget, at a port.
    ModelAtPort(Gadget, PortPath),
    /// The tag that udev gives to some.
    Tag,
    /// The property that udev gives to the same.
    Property,
    /// Bus and number.
    Address(u16, u8),
}

/// How a rule gives its devices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the configuration"
)]
pub struct Terms {
    /// The rule does not count.
    pub disabled: bool,
    /// Higher wins over lower.
    pub priority: i32,
    /// `yield`.
    pub yields: bool,
    /// `preempt`.
    pub preempts: bool,
    /// `count`, or 0.
    pub count: u32,
    /// `follow`, for ten seconds.
    pub follow: bool,
    /// `start-machine`.
    pub start: bool,
    /// `allow-in-use`.
    pub allow_in_use: bool,
    /// `guest-port`, always the same.
    pub guest_port: bool,
    /// `group`, or 0.
    pub group: u8,
}

/// A rule: what it asks for, the owner, and on what terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSpec {
    /// Where the device belongs; `None` is the host.
    pub machine: Option<MachineKey>,
    /// Which devices.
    pub asks: Asks,
    /// How it is given.
    pub terms: Terms,
}

impl RuleSpec {
    /// A rule without any option.
    pub fn plain(machine: MachineKey, asks: Asks) -> Self {
        Self {
            machine: Some(machine),
            asks,
            terms: Terms::default(),
        }
    }

    fn rule(&self) -> Rule {
        let mut matcher = Matcher::default();
        match &self.asks {
            Asks::Serial(gadget) => matcher.serial = gadget.serial().map(Into::into),
            Asks::Model(gadget) => matcher = model(*gadget),
            Asks::Exact(gadget) => {
                matcher = model(*gadget);
                matcher.serial = gadget.serial().map(Into::into);
            }
            Asks::Port(port) => matcher.port = Some(port.to_string().into()),
            Asks::ModelAtPort(gadget, port) => {
                matcher = model(*gadget);
                matcher.port = Some(port.to_string().into());
            }
            Asks::Tag => matcher.tags.push("vm".into()),
            Asks::Property => matcher.properties.push(("ID_VM".into(), "1".into())),
            Asks::Address(bus, device) => {
                matcher.address = Some(HostAddress {
                    bus: BusNumber(*bus),
                    device: DeviceNumber(*device),
                });
            }
        }
        if matcher.is_empty() {
            // The config refuses a matcher without any field.
            matcher = model(Gadget::NamelessStick);
        }
        Rule {
            name: None,
            origin: format!("{:?}", self.asks),
            owner: self.machine.clone().map_or(Owner::Host, Owner::Machine),
            matcher,
            options: self.terms.options(),
        }
    }
}

impl Terms {
    fn options(self) -> RuleOptions {
        RuleOptions {
            enabled: !self.disabled,
            priority: self.priority,
            yields: self.yields,
            preempts: self.preempts,
            count: NonZeroU32::new(self.count),
            follow: self.follow.then_some(Duration::from_secs(10)),
            guest_port: self.guest_port.then(|| GuestPort {
                bus: 0,
                ports: vec![1],
            }),
            start_machine: self.start,
            allow_in_use: self.allow_in_use,
            group: (self.group > 0).then(|| group(self.group)),
            ..RuleOptions::default()
        }
    }
}

fn model(gadget: Gadget) -> Matcher {
    let (vendor, product) = gadget.ids();
    Matcher {
        vendor: Some(vendor.to_string().into()),
        product: Some(product.to_string().into()),
        ..Matcher::default()
    }
}

/// The policy of these rules.
pub(crate) fn policy(specs: &[RuleSpec]) -> Policy {
    Policy::new([], specs.iter().map(RuleSpec::rule).collect())
}

/// The name of a group of rules.
pub fn group(number: u8) -> String {
    format!("group {number}")
}

/// The machines of the world: four on the system's connection, two on another.
pub fn machines() -> Vec<MachineKey> {
    let system = ConnectionUri::default();
    let other = ConnectionUri::new("qemu:///session");
    let on_system = ["a", "b", "c", "x"].map(|name| MachineKey::new(system.clone(), name));
    let on_other = ["a", "d"].map(|name| MachineKey::new(other.clone(), name));
    on_system.into_iter().chain(on_other).collect()
}

/// The ports of the world; some lie behind hubs.
pub fn ports() -> Vec<PortPath> {
    ["1-1", "1-2", "1-3", "1-4", "1-4.1", "1-4.2", "2-1", "2-2"]
        .iter()
        .filter_map(|port| port.parse().ok())
        .collect()
}
