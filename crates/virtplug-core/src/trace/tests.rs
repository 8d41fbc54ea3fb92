//! Whatever is written down reads back as it was.

mod samples;

use std::fmt::Debug;
use std::time::Duration;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use samples::{alias, events, guest_port, named, place, reports};

use super::*;
use crate::testing::{arbitrary_device, arbitrary_matcher, device, machine, rule};
use crate::{
    AttachRequest, DetachReason, DetachRequest, Device, Fact, GuestReset, OpId, OwnAlias, Pattern,
    Policy, RawText, UdevRecord,
};

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert!(!text.contains('\n'), "{text}");
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
}

#[test]
fn events_of_every_kind_come_back() {
    let events = events();
    let mut kinds: Vec<usize> = events.iter().map(place).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, (0..=place(&Event::Tick)).collect::<Vec<_>>());
    for event in &events {
        comes_back(event);
    }
}

#[test]
fn actions_come_back() {
    let device = device("1-1", 2, "A");
    let attach = AttachRequest {
        machine: named(),
        alias: alias(),
        syspath: device.syspath,
        vendor: device.vendor,
        product: device.product,
        address: device.address,
        guest_port: Some(guest_port()),
        guest_reset: Some(GuestReset::Off),
        allow_in_use: true,
    };
    let detach = DetachRequest {
        machine: named(),
        alias: alias(),
        reason: DetachReason::NewInstance,
    };
    let mut actions = vec![
        Action::Connect(named().uri),
        Action::Disconnect(named().uri),
        Action::ScanDevices,
        Action::ListMachines(named().uri),
        Action::ReadMachine(named()),
        Action::Attach(OpId(1), attach),
        Action::Detach(OpId(2), detach),
        Action::Start(OpId(3), named()),
    ];
    actions.extend(reports().into_iter().map(Action::Report));
    comes_back(&TraceStep {
        at: Time::after_origin(Duration::from_nanos(1)),
        event: Event::Tick,
        actions,
    });
}

#[test]
fn what_nobody_wrote_is_refused() {
    for text in [
        r#""ua-other-1-1-0123456789abcdef""#,
        r#""hostdev0""#,
        "7",
        "null",
    ] {
        assert!(serde_json::from_str::<OwnAlias>(text).is_err(), "{text}");
    }
    assert!(serde_json::from_str::<crate::InstanceId>(r#""+123456789abcdef""#).is_err());
    assert!(serde_json::from_str::<Pattern>(r#"{"Regex":"("}"#).is_err());
    assert!(serde_json::from_str::<crate::PortPath>(r#""1-0""#).is_err());
}

fn hostile_device() -> impl Strategy<Value = Device> {
    let raw = || prop::option::of(any::<Vec<u8>>().prop_map(RawText::new)).prop_map(Fact::Known);
    let strings = || prop::collection::btree_set(any::<String>(), 0..3);
    (
        arbitrary_device(),
        raw(),
        raw(),
        prop::collection::btree_map(any::<String>(), any::<String>(), 0..3),
        strings(),
        strings(),
    )
        .prop_map(
            |(device, serial, name, properties, tags, current_tags)| Device {
                serial,
                product_name: name,
                udev: Fact::Known(UdevRecord {
                    properties: properties.into(),
                    tags,
                    current_tags,
                }),
                ..device
            },
        )
}

proptest! {
    #[test]
    fn hostile_devices_come_back(device in hostile_device()) {
        comes_back(&Event::Device(device));
    }

    /// The index, too, which is made anew.
    #[test]
    fn policies_come_back(matchers in prop::collection::vec(arbitrary_matcher(), 0..5)) {
        let rules = matchers.into_iter().map(|matcher| rule("m", matcher)).collect();
        comes_back(&Event::Policy(Policy::new([machine("n")], rules)));
    }
}
