//! Explanations agree with verdicts, and say what was asked for.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::fact::Fact;
use crate::matcher::{Interfaces, StablePorts};
use crate::pattern::{Pattern, Patterns};
use crate::port::PortPath;
use crate::speed::{Removable, Speed};
use crate::testing::{arbitrary_device, arbitrary_matcher, device};
use crate::{HostAddress, UdevRecord};

/// What the conditions of the top level come to together.
fn together(conditions: &[Condition]) -> Verdict {
    let verdicts = conditions.iter().map(|condition| condition.verdict);
    verdicts.fold(Verdict::Yes, Verdict::and)
}

/// Matchers in matchers, to a depth of three.
fn nested_matcher() -> impl Strategy<Value = Matcher> {
    arbitrary_matcher().prop_recursive(2, 8, 2, |inner| {
        let list = || prop::collection::vec(inner.clone(), 0..3);
        let (not, any, behind) = (list(), prop::option::of(list()), prop::option::of(list()));
        (arbitrary_matcher(), not, any, behind).prop_map(|(matcher, not, any, behind)| Matcher {
            behind,
            not,
            any,
            ..matcher
        })
    })
}

proptest! {
    /// The explanation is the verdict, taken apart.
    #[test]
    fn the_conditions_together_are_the_verdict(
        matcher in nested_matcher(),
        device in arbitrary_device(),
        hub in arbitrary_device(),
        below in any::<bool>(),
        peer in prop::option::of(prop::sample::select(vec!["2-1", "2-2"])),
    ) {
        let mut device = device;
        if below {
            device.port = hub.port.below(&[1]).unwrap();
        }
        device.peer = peer.map_or(Fact::Unknown, |peer| Fact::Known(Some(peer.parse().unwrap())));
        let around: BTreeMap<PortPath, Device> = [(hub.port.clone(), hub)].into();
        for around in [&around as &dyn Topology, &()] {
            let conditions = matcher.explain(&device, around);
            prop_assert_eq!(together(&conditions), matcher.judge(&device, around));
        }
    }
}

/// A matcher with every key.
fn everything() -> Matcher {
    let serial = |serial: &str| Matcher {
        serial: Some(serial.into()),
        ..Matcher::default()
    };
    let hub = Matcher {
        vendor: Some("05e3".into()),
        product: Some("0610".into()),
        ..Matcher::default()
    };
    let port = Matcher {
        port: Some("3-2".into()),
        ..Matcher::default()
    };
    let class = |text: &str| vec![text.parse().unwrap()];
    Matcher {
        vendor: Some("0627".into()),
        product: Some(Patterns::new([
            Pattern::Exact("0001".into()),
            Pattern::glob("00*").unwrap(),
        ])),
        revision: Some("0200".into()),
        serial: Some(Pattern::regex("^A[0-9]$").unwrap().into()),
        manufacturer: Some("evil\u{1b}\n".into()),
        product_name: Some("Stick".into()),
        class: Some([class("08"), class("e0:01")].concat()),
        interfaces: Some(Interfaces {
            any: class("03"),
            all: [class("08"), class("ff")].concat(),
            only: class("ff"),
        }),
        speed: Some(vec![Speed::High, Speed::Super]),
        removable: Some(vec![Removable::Fixed]),
        port: Some("3-2.4".into()),
        stable_port: Some(StablePorts("pci-0000:00:14.0-usb-0:2.4".into())),
        behind: Some(vec![hub, port]),
        address: Some(HostAddress {
            bus: crate::BusNumber(3),
            device: crate::DeviceNumber(7),
        }),
        properties: vec![
            ("ID_MODEL".into(), "Stick".into()),
            ("X".into(), "1".into()),
        ],
        tags: vec!["seat".into(), "a".into()],
        current_tags: vec!["seat".into()],
        not: vec![serial("A1"), serial("B1")],
        any: Some(vec![serial("A1"), serial("A2")]),
    }
}

fn table(conditions: &[Condition]) -> String {
    let conditions = conditions.iter().flat_map(Condition::with_parts);
    let lines = conditions.map(|condition| {
        let Condition {
            key,
            wanted,
            actual,
            verdict,
            ..
        } = condition;
        format!("{key}: {wanted} | {actual} | {verdict:?}\n")
    });
    lines.collect()
}

#[test]
fn each_key_tells_both_values() {
    let mut stick = device("3-2.4", 7, "A1");
    stick.syspath = "/sys/devices/pci0000:00/0000:00:14.0/usb3/3-2/3-2.4".into();
    stick.manufacturer = Fact::Known(Some(crate::RawText::from("evil\u{1b}\n")));
    stick.peer = Fact::Known(Some("4-2.4".parse().unwrap()));
    stick.udev = Fact::Known(UdevRecord {
        properties: [("ID_MODEL".to_owned(), "a\u{7}b".to_owned())].into(),
        tags: ["seat".to_owned(), "b\u{7}".to_owned()].into(),
        current_tags: ["seat".to_owned()].into(),
    });
    let hub = device("3-2", 2, "");
    let around: BTreeMap<PortPath, Device> = [(hub.port.clone(), hub)].into();
    let conditions = everything().explain(&stick, &around);
    insta::assert_snapshot!(table(&conditions));
}

#[test]
fn what_cannot_be_read_says_so() {
    let mut stick = device("3-2.4", 7, "");
    stick.serial = Fact::Unknown;
    stick.interfaces = Fact::Unknown;
    stick.speed = Fact::Unknown;
    stick.removable = Fact::Unknown;
    stick.revision = Fact::Unknown;
    stick.udev = Fact::Unknown;
    stick.peer = Fact::Unknown;
    stick.half = Fact::Unknown;
    insta::assert_snapshot!(table(&everything().explain(&stick, &())));
}

#[test]
fn texts_that_only_look_the_same_are_told_and_differ() {
    // One character, and a letter with an accent after it.
    let (composed, split) = ("Caf\u{e9}", "Cafe\u{301}");
    let mut told = String::new();
    for (wanted, actual) in [(composed, split), (split, composed), (composed, "Cafe")] {
        let matcher = Matcher {
            serial: Some(Patterns::new([
                Pattern::Exact(wanted.into()),
                Pattern::glob("X*").unwrap(),
            ])),
            ..Matcher::default()
        };
        let mut stick = device("3-2.4", 7, "");
        stick.serial = Fact::Known(Some(actual.into()));
        assert_eq!(matcher.judge(&stick, &()), Verdict::No);
        told += &table(&matcher.explain(&stick, &()));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_matcher_is_one_line() {
    insta::assert_snapshot!(everything().to_string());
}
