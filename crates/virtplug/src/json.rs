//! JSON forms that several commands share.

use serde::Serialize;
use virtplug_core::{Device, Fact, MachineKey, Owner, RawText, Rule};

/// What a device is, in JSON. Strings of the device are escaped as in the
/// table, so that they are text whatever the device sent.
#[derive(Debug, Serialize)]
pub(crate) struct Identity {
    port: String,
    bus: u16,
    device: u8,
    vendor: String,
    product: String,
    class: u8,
    serial: Option<String>,
    manufacturer: Option<String>,
    product_name: Option<String>,
    authorized: Option<bool>,
}

impl From<&Device> for Identity {
    fn from(device: &Device) -> Self {
        let said = |text: &Fact<Option<RawText>>| {
            text.known()
                .and_then(Option::as_ref)
                .map(ToString::to_string)
        };
        Self {
            port: device.port.to_string(),
            bus: device.address.bus.0,
            device: device.address.device.0,
            vendor: device.vendor.to_string(),
            product: device.product.to_string(),
            class: device.class.class,
            serial: said(&device.serial),
            manufacturer: said(&device.manufacturer),
            product_name: said(&device.product_name),
            authorized: device.authorized.known().copied(),
        }
    }
}

/// A rule in JSON.
#[derive(Debug, Serialize)]
pub(crate) struct RuleJson {
    name: Option<String>,
    origin: String,
}

impl From<&Rule> for RuleJson {
    fn from(rule: &Rule) -> Self {
        Self {
            name: rule.name.clone(),
            origin: rule.origin.clone(),
        }
    }
}

/// The owner of a rule in JSON.
#[derive(Debug, Serialize)]
#[serde(tag = "owner", rename_all = "kebab-case")]
pub(crate) enum OwnerJson {
    Host,
    Machine(MachineJson),
}

impl From<&Owner> for OwnerJson {
    fn from(owner: &Owner) -> Self {
        match owner {
            Owner::Host => Self::Host,
            Owner::Machine(machine) => Self::Machine(machine.into()),
        }
    }
}

/// A machine in JSON.
#[derive(Debug, Serialize)]
pub(crate) struct MachineJson {
    machine: String,
    connection: String,
}

impl From<&MachineKey> for MachineJson {
    fn from(machine: &MachineKey) -> Self {
        Self {
            machine: machine.name().to_owned(),
            connection: machine.uri.as_str().to_owned(),
        }
    }
}
