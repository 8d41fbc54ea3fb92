//! From what was written to what it means.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use virtplug_core::{
    BusNumber, ConnectionUri, DeviceNumber, HostAddress, MachineKey, Matcher, Policy, PortPath,
    ProductId, Rule, VendorId,
};

use crate::diagnostic::Diagnostic;
use crate::source::Place;
use crate::suggestion::quoted;
use crate::written::{Origin, WrittenDevice, WrittenMachine};

/// Builds the policy of all machines, those of the main file first. `connect`
/// replaces the connection of every machine.
pub(crate) fn policy(
    written: &[WrittenMachine],
    connect: Option<&str>,
) -> (Policy, Vec<Diagnostic>) {
    let mut meaning = Meaning::default();
    let drop_ins: BTreeMap<&str, &WrittenMachine> = written
        .iter()
        .filter(|machine| machine.origin == Origin::DropIn)
        .map(|machine| (machine.name.as_str(), machine))
        .collect();
    for machine in written {
        let replaced_by = match machine.origin {
            Origin::Main => drop_ins.get(machine.name.as_str()),
            Origin::DropIn => None,
        };
        if let Some(drop_in) = replaced_by {
            meaning.note_replaced(machine, drop_in);
        } else {
            meaning.add_machine(machine, connect);
        }
    }
    (
        Policy::new(meaning.machines, meaning.rules),
        meaning.findings,
    )
}

#[derive(Default)]
struct Meaning<'w> {
    machines: Vec<MachineKey>,
    rules: Vec<Rule>,
    findings: Vec<Diagnostic>,
    /// Machines by name without regard to case.
    names: BTreeMap<String, &'w WrittenMachine>,
    /// Who asks for what first, and where.
    claims: BTreeMap<Claim, (MachineKey, Place)>,
}

/// All conditions of a matcher, comparable.
type Claim = (
    Option<VendorId>,
    Option<ProductId>,
    Option<String>,
    Option<PortPath>,
    Option<HostAddress>,
    BTreeSet<(String, String)>,
    BTreeSet<String>,
    BTreeSet<String>,
);

impl<'w> Meaning<'w> {
    fn note_replaced(&mut self, machine: &WrittenMachine, drop_in: &WrittenMachine) {
        // What is wrong with it is wrong, used or not.
        for device in &machine.devices {
            self.matcher(device);
        }
        let message = format!(
            "the machine {} is replaced by its own file",
            quoted(&machine.name)
        );
        self.findings.push(
            Diagnostic::note(machine.place.clone(), message)
                .with_related("used instead", drop_in.place.clone())
                .with_help("of this table nothing is used; remove one of the two"),
        );
    }

    fn add_machine(&mut self, machine: &'w WrittenMachine, connect: Option<&str>) {
        let uri = connect
            .or(machine.connect.as_ref().map(|uri| uri.get_ref().as_str()))
            .map_or_else(ConnectionUri::default, ConnectionUri::new);
        let key = MachineKey::new(uri, &machine.name);
        self.warn_of_similar_name(machine);
        if machine.devices.is_empty() && machine.complete {
            let message = format!("the machine {} has no device", quoted(&machine.name));
            self.findings
                .push(Diagnostic::warning(machine.place.clone(), message));
        }
        for device in &machine.devices {
            if let Some(matcher) = self.matcher(device) {
                self.claim(&matcher, &key, &device.place);
                self.rules.push(Rule {
                    name: device.name.as_ref().map(|name| name.get_ref().clone()),
                    origin: device.place.file_and_line(),
                    machine: key.clone(),
                    matcher,
                });
            }
        }
        self.machines.push(key);
    }

    /// libvirt tells names apart by case; people often do not.
    fn warn_of_similar_name(&mut self, machine: &'w WrittenMachine) {
        let folded = machine.name.to_lowercase();
        let Some(other) = self.names.insert(folded, machine) else {
            return;
        };
        let message = format!(
            "the machines {} and {} differ in case only",
            quoted(&other.name),
            quoted(&machine.name)
        );
        self.findings.push(
            Diagnostic::warning(machine.place.clone(), message)
                .with_related("the other one", other.place.clone())
                .with_help("libvirt takes them for two machines"),
        );
    }

    /// The matcher of a device table. `None`: it could not be read, or states
    /// no usable condition, and a finding says so.
    fn matcher(&mut self, device: &WrittenDevice) -> Option<Matcher> {
        if !device.complete {
            return None;
        }
        let address = self.address(device)?;
        let strings = |list: &[Spanned<String>]| -> Vec<String> {
            list.iter().map(|text| text.get_ref().clone()).collect()
        };
        let matcher = Matcher {
            vendor: device.vendor.as_ref().map(|id| *id.get_ref()),
            product: device.product.as_ref().map(|id| *id.get_ref()),
            serial: device.serial.as_ref().map(|text| text.get_ref().clone()),
            port: device.port.as_ref().map(|port| port.get_ref().clone()),
            address,
            properties: device
                .env
                .iter()
                .map(|(name, value)| (name.clone(), value.get_ref().clone()))
                .collect(),
            tags: strings(&device.tags),
            current_tags: strings(&device.current_tags),
        };
        if matcher.is_empty() {
            self.findings.push(
                Diagnostic::error(
                    device.place.clone(),
                    "this device table would match every device",
                )
                .with_help(
                    "say which device, with `serial`, `port`, or `vendor` and `product`; \
                     `name` is for people only",
                ),
            );
            return None;
        }
        Some(matcher)
    }

    /// The address, where `bus` and `device` are given. `None`: only one is.
    #[allow(clippy::option_option, reason = "an absent address is a good one")]
    fn address(&mut self, device: &WrittenDevice) -> Option<Option<HostAddress>> {
        let (given, missing, example) = match (&device.bus, &device.device) {
            (None, None) => return Some(None),
            (Some(bus), Some(number)) => {
                let bus = BusNumber(*bus.get_ref());
                // The range was checked when the number was read.
                let device = DeviceNumber(u8::try_from(*number.get_ref()).ok()?);
                return Some(Some(HostAddress { bus, device }));
            }
            (Some(bus), None) => (bus, ("bus", "device"), "device = 7"),
            (None, Some(number)) => (number, ("device", "bus"), "bus = 3"),
        };
        let (present, absent) = missing;
        self.findings.push(
            Diagnostic::error(
                device.place.at(given.span()),
                format!("`{present}` without `{absent}`"),
            )
            .with_help(format!("a device's address has both; add `{example}`")),
        );
        None
    }

    /// Notes who asks for these devices, and whether somebody else does.
    fn claim(&mut self, matcher: &Matcher, machine: &MachineKey, place: &Place) {
        let claim = (
            matcher.vendor,
            matcher.product,
            matcher.serial.clone(),
            matcher.port.clone(),
            matcher.address,
            matcher.properties.iter().cloned().collect(),
            matcher.tags.iter().cloned().collect(),
            matcher.current_tags.iter().cloned().collect(),
        );
        let Some((other, first)) = self.claims.get(&claim) else {
            self.claims.insert(claim, (machine.clone(), place.clone()));
            return;
        };
        let finding = if other == machine {
            Diagnostic::warning(place.clone(), "this device table says nothing new")
                .with_help("remove it, or give it a field that tells its device apart")
        } else {
            let message = format!(
                "the same devices are given to {} and to {}",
                quoted(other.name()),
                quoted(machine.name())
            );
            Diagnostic::error(place.clone(), message).with_help(
                "a device can be in one machine only; add a field that tells the devices apart, \
                 such as `serial` or `port`",
            )
        };
        self.findings
            .push(finding.with_related("the same is here", first.clone()));
    }
}
