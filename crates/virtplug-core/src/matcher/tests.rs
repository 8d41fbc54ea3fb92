use std::collections::BTreeMap;

use super::*;
use crate::id::{ProductId, Revision, VendorId};
use crate::pattern::Pattern;
use crate::place::Half;
use crate::testing::device;

/// A matcher with one field, set by `set`.
fn matcher(set: impl FnOnce(&mut Matcher)) -> Matcher {
    let mut matcher = Matcher::default();
    set(&mut matcher);
    matcher
}

fn judge(matcher: &Matcher, device: &Device) -> Verdict {
    matcher.judge(device, &())
}

#[test]
fn all_given_fields_must_hold() {
    let device = device("3-2", 5, "A1");
    let matcher = Matcher {
        vendor: Some(device.vendor.to_string().into()),
        product: Some(device.product.to_string().into()),
        serial: Some("A1".into()),
        port: Some("3-2".into()),
        address: Some(device.address),
        ..Matcher::default()
    };
    assert_eq!(judge(&matcher, &device), Verdict::Yes);
    let wrong: [fn(&mut Matcher); 5] = [
        |m| m.vendor = Some("ffff".into()),
        |m| m.product = Some("ffff".into()),
        |m| m.serial = Some("A".into()),
        |m| m.port = Some("3-2.1".into()),
        |m| m.address.as_mut().unwrap().device.0 += 1,
    ];
    for spoil in wrong {
        let mut matcher = matcher.clone();
        spoil(&mut matcher);
        assert_eq!(judge(&matcher, &device), Verdict::No, "{matcher:?}");
    }
}

#[test]
fn a_serial_is_matched_raw() {
    let mut device = device("3-2", 5, "");
    device.serial = Fact::Known(Some(RawText::from("A/B, ü")));
    let rule = |serial: &str| matcher(|m| m.serial = Some(serial.into()));
    assert_eq!(judge(&rule("A/B, ü"), &device), Verdict::Yes);
    assert_eq!(judge(&rule("A_B__ü"), &device), Verdict::No);
    device.serial = Fact::Known(None);
    assert_eq!(judge(&rule(""), &device), Verdict::No);
}

/// A matcher that holds, one that does not, and how the fact is forgotten.
type Case = (Matcher, Matcher, fn(&mut Device));

#[test]
fn each_fact_is_asked_for_and_unknown_while_it_is_not_read() {
    let mut device = device("3-2", 5, "A1");
    device.vendor = VendorId(0x046d);
    device.product = ProductId(0xc52b);
    device.class = ClassCode::new(3, 1, 2);
    device.manufacturer = Fact::Known(Some("Maker".into()));
    device.product_name = Fact::Known(Some("Keyboard 3000".into()));
    device.revision = Fact::Known(Revision(0x1201));
    device.interfaces = Fact::Known([ClassCode::new(3, 1, 1), ClassCode::new(8, 6, 0x50)].into());
    device.speed = Fact::Known(Speed::High);
    device.removable = Fact::Known(Removable::Fixed);
    let class = |text: &str| text.parse::<ClassPattern>().unwrap();
    let glob = |text: &str| Some(Pattern::glob(text).unwrap().into());
    let cases: Vec<Case> = vec![
        (
            matcher(|m| m.revision = Some("1201".into())),
            matcher(|m| m.revision = glob("13*")),
            |d| d.revision = Fact::Unknown,
        ),
        (
            matcher(|m| m.manufacturer = glob("Mak*")),
            matcher(|m| m.manufacturer = Some("maker".into())),
            |d| d.manufacturer = Fact::Unknown,
        ),
        (
            matcher(|m| m.product_name = glob("*board*")),
            matcher(|m| m.product_name = glob("board")),
            |d| d.product_name = Fact::Unknown,
        ),
        (
            matcher(|m| m.speed = Some(vec![Speed::Full, Speed::High])),
            matcher(|m| m.speed = Some(vec![Speed::Full])),
            |d| d.speed = Fact::Unknown,
        ),
        (
            matcher(|m| m.removable = Some(vec![Removable::Fixed])),
            matcher(|m| m.removable = Some(vec![Removable::Removable])),
            |d| d.removable = Fact::Unknown,
        ),
        (
            matcher(|m| {
                m.interfaces = Some(Interfaces {
                    any: vec![class("0e"), class("08")],
                    all: vec![class("03:01"), class("08")],
                    only: vec![class("03"), class("08")],
                });
            }),
            matcher(|m| {
                m.interfaces = Some(Interfaces {
                    only: vec![class("03")],
                    ..Interfaces::default()
                });
            }),
            |d| d.interfaces = Fact::Unknown,
        ),
    ];
    for (holds, fails, forget) in cases {
        assert_eq!(judge(&holds, &device), Verdict::Yes, "{holds:?}");
        assert_eq!(judge(&fails, &device), Verdict::No, "{fails:?}");
        let mut unread = device.clone();
        forget(&mut unread);
        assert_eq!(judge(&holds, &unread), Verdict::Unknown, "{holds:?}");
    }
    let any = matcher(|m| m.class = Some(vec![class("08"), class("03::02")]));
    assert_eq!(judge(&any, &device), Verdict::Yes);
    let ids = matcher(|m| m.vendor = glob("04*"));
    assert_eq!(judge(&ids, &device), Verdict::Yes);
}

#[test]
fn a_failed_read_is_unknown_unless_another_field_fails() {
    let mut device = device("3-2", 5, "A1");
    device.udev = Fact::Unknown;
    let mut wanted = matcher(|m| m.tags = vec!["x".into()]);
    assert_eq!(judge(&wanted, &device), Verdict::Unknown);
    wanted.serial = Some("other".into());
    assert_eq!(judge(&wanted, &device), Verdict::No);
}

#[test]
fn properties_and_tags_match_as_udev_has_them() {
    let mut device = device("3-2", 5, "A1");
    device.udev = Fact::Known(UdevRecord {
        properties: [("ID_MODEL".into(), "Stick".into())].into(),
        tags: ["old".into(), "new".into()].into(),
        current_tags: ["new".into()].into(),
    });
    let wanted = |tags: &[&str], current: &[&str]| Matcher {
        properties: vec![("ID_MODEL".into(), Pattern::regex("^S").unwrap().into())],
        tags: tags.iter().map(|tag| (*tag).into()).collect(),
        current_tags: current.iter().map(|tag| (*tag).into()).collect(),
        ..Matcher::default()
    };
    assert_eq!(
        judge(&wanted(&["old", "new"], &["new"]), &device),
        Verdict::Yes
    );
    assert_eq!(judge(&wanted(&[], &["old"]), &device), Verdict::No);
}

#[test]
fn exclusions_and_alternatives_keep_what_is_unknown() {
    let mut device = device("3-2", 5, "A1");
    let serial = |serial: &str| matcher(|m| m.serial = Some(serial.into()));
    let not = |one: Matcher| matcher(|m| m.not = vec![one]);
    let any = |all: &[Matcher]| matcher(|m| m.any = Some(all.to_vec()));
    assert_eq!(judge(&not(serial("A1")), &device), Verdict::No);
    assert_eq!(judge(&not(serial("B")), &device), Verdict::Yes);
    assert_eq!(
        judge(&any(&[serial("B"), serial("A1")]), &device),
        Verdict::Yes
    );
    assert_eq!(judge(&any(&[serial("B")]), &device), Verdict::No);
    device.serial = Fact::Unknown;
    assert_eq!(judge(&not(serial("B")), &device), Verdict::Unknown);
    let port = matcher(|m| m.port = Some("3-2".into()));
    assert_eq!(judge(&any(&[serial("B"), port]), &device), Verdict::Yes);
}

#[test]
fn both_plugs_of_a_socket_are_one_port() {
    let mut device = device("4-2", 5, "A1");
    device.syspath = "/sys/devices/pci0000:00/0000:00:14.0/usb4/4-2".into();
    device.half = Fact::Known(Half::Usb3);
    device.peer = Fact::Known(Some("3-6".parse().unwrap()));
    let port = |port: &str| matcher(|m| m.port = Some(port.into()));
    let stable = |port: &str| matcher(|m| m.stable_port = Some(StablePorts(port.into())));
    for wanted in [
        port("4-2"),
        port("3-6"),
        stable("pci-0000:00:14.0-usbv3-0:2"),
        stable("pci-0000:00:14.0-usbv2-0:6"),
        stable("pci-0000:00:14.0-usb-0:6"),
    ] {
        assert_eq!(judge(&wanted, &device), Verdict::Yes, "{wanted:?}");
    }
    for wanted in [
        port("3-2"),
        stable("pci-0000:00:14.0-usbv2-0:2"),
        stable("pci-0000:00:15.0-usb-0:2"),
    ] {
        assert_eq!(judge(&wanted, &device), Verdict::No, "{wanted:?}");
    }
    device.peer = Fact::Unknown;
    assert_eq!(judge(&port("3-6"), &device), Verdict::Unknown);
    assert_eq!(judge(&port("4-2"), &device), Verdict::Yes);
}

#[test]
fn behind_means_the_device_and_every_hub_above_it() {
    let mut hub = device("3-2", 2, "HUB");
    hub.class = ClassCode::new(9, 0, 1);
    let mut leaf = device("3-2.4.1", 5, "A1");
    let around: BTreeMap<PortPath, Device> = [&hub, &leaf]
        .map(|one| (one.port.clone(), one.clone()))
        .into();
    let behind = |one: Matcher| matcher(|m| m.behind = Some(vec![one]));
    let serial = |serial: &str| behind(matcher(|m| m.serial = Some(serial.into())));
    let port = |port: &str| behind(matcher(|m| m.port = Some(port.into())));
    assert_eq!(serial("HUB").judge(&leaf, &around), Verdict::Yes);
    assert_eq!(serial("A1").judge(&leaf, &around), Verdict::Yes);
    assert_eq!(serial("B").judge(&leaf, &around), Verdict::No);
    assert_eq!(serial("HUB").judge(&leaf, &()), Verdict::Unknown);
    for (text, verdict) in [
        ("3-2", Verdict::Yes),
        ("3-2.4", Verdict::Yes),
        ("3-2.4.1", Verdict::Yes),
        ("3-1", Verdict::No),
        ("3-2.4.1.1", Verdict::No),
    ] {
        assert_eq!(port(text).judge(&leaf, &around), verdict, "{text}");
    }
    // The other half of the socket that the hub is in.
    leaf.peer = Fact::Known(Some("4-7.4.1".parse().unwrap()));
    assert_eq!(port("4-7").judge(&leaf, &around), Verdict::Yes);
}
