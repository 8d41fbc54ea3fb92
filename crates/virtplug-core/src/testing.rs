//! Devices, machines and matchers for the tests of this crate.

use proptest::prelude::*;

use crate::{
    BusNumber, ClassCode, ConnectionUri, Device, DeviceNumber, Fact, Half, HostAddress, InstanceId,
    MachineKey, Matcher, PortPath, ProductId, RawText, Removable, Revision, Rule, RuleOptions,
    Speed, UdevRecord, VendorId,
};

pub(crate) fn machine(name: &str) -> MachineKey {
    MachineKey::new(ConnectionUri::default(), name)
}

/// A rule that gives devices to a machine.
pub(crate) fn rule(owner: &str, matcher: Matcher) -> Rule {
    Rule {
        name: None,
        origin: "test:1".into(),
        owner: machine(owner).into(),
        matcher,
        options: RuleOptions::default(),
    }
}

/// A device at a port; its address follows from the port's bus and `number`.
pub(crate) fn device(port: &str, number: u8, serial: &str) -> Device {
    let port: PortPath = port.parse().unwrap();
    let syspath = format!("/sys/devices/usb/{port}");
    Device {
        instance: InstanceId::new("boot", &syspath, number.into()),
        address: HostAddress {
            bus: port.bus(),
            device: DeviceNumber(number),
        },
        port,
        syspath,
        vendor: VendorId(0x0627),
        product: ProductId(0x0001),
        revision: Fact::Known(Revision(0x0100)),
        class: ClassCode::default(),
        interfaces: Fact::Known([ClassCode::new(0xff, 0, 0)].into()),
        speed: Fact::Known(Speed::Full),
        removable: Fact::Known(Removable::Unknown),
        peer: Fact::Known(None),
        half: Fact::Known(Half::Usb2),
        bound: Fact::Known(true),
        authorized: Fact::Known(true),
        serial: Fact::Known((!serial.is_empty()).then(|| RawText::from(serial))),
        manufacturer: Fact::Known(None),
        product_name: Fact::Known(None),
        udev: Fact::Known(UdevRecord::default()),
        processed: true,
        in_use: Fact::Known([].into()),
        disks: [].into(),
    }
}

fn small_port() -> impl Strategy<Value = PortPath> {
    (1..3_u8, 1..3_u8).prop_map(|(bus, port)| format!("{bus}-{port}").parse().unwrap())
}

fn small_text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", ""]).prop_map(str::to_owned)
}

fn small_address() -> impl Strategy<Value = HostAddress> {
    (1..3_u16, 1..3_u8).prop_map(|(bus, device)| HostAddress {
        bus: BusNumber(bus),
        device: DeviceNumber(device),
    })
}

fn fact<T: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Fact<T>> {
    prop::option::weighted(0.8, value).prop_map(|value| value.map_or(Fact::Unknown, Fact::Known))
}

pub(crate) fn arbitrary_device() -> impl Strategy<Value = Device> {
    let record = (
        small_text(),
        prop::collection::btree_set(small_text(), 0..3),
    )
        .prop_map(|(value, tags)| UdevRecord {
            properties: [("P".to_owned(), value)].into(),
            current_tags: tags.iter().take(1).cloned().collect(),
            tags,
        });
    (
        small_port(),
        1..3_u8,
        0..2_u16,
        fact(prop::option::of(
            small_text().prop_map(|t| RawText::from(t.as_str())),
        )),
        fact(record),
    )
        .prop_map(|(port, number, id, serial, udev)| Device {
            vendor: VendorId(id),
            product: ProductId(id),
            serial,
            udev,
            ..device(&port.to_string(), number, "")
        })
}

pub(crate) fn arbitrary_matcher() -> impl Strategy<Value = Matcher> {
    (
        prop::option::of((0..2_u16).prop_map(|id| VendorId(id).to_string())),
        prop::option::of((0..2_u16).prop_map(|id| ProductId(id).to_string())),
        prop::option::of(small_text()),
        prop::option::of(small_port().prop_map(|port| port.to_string())),
        prop::option::of(small_address()),
        prop::collection::vec(small_text().prop_map(|v| ("P".to_owned(), v)), 0..2),
        prop::collection::vec(small_text(), 0..2),
        prop::collection::vec(small_text(), 0..2),
    )
        .prop_map(
            |(vendor, product, serial, port, address, properties, tags, current_tags)| Matcher {
                vendor: vendor.map(Into::into),
                product: product.map(Into::into),
                serial: serial.map(Into::into),
                port: port.map(Into::into),
                address,
                properties: properties
                    .into_iter()
                    .map(|(name, value): (String, String)| (name, value.into()))
                    .collect(),
                tags: tags.into_iter().map(Into::into).collect(),
                current_tags: current_tags.into_iter().map(Into::into).collect(),
                ..Matcher::default()
            },
        )
}
