//! Facts that may be unknown: what is read of good, missing, failing and hostile content.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::testing::{Fake, configuration, descriptors};

/// The device at 3-2.4 after a change of the tree.
fn after(change: impl FnOnce(&Fake)) -> Device {
    let fake = Fake::new();
    fake.add("3-2", 2, &[]);
    fake.add("3-2.4", 3, &[]);
    change(&fake);
    present(&fake.host(), "3-2.4")
}

/// What each kind of content makes of an attribute: broken, absent, and these values.
fn readings<T>(name: &str, fact: impl Fn(Device) -> T, values: &[&[u8]]) -> (T, T, Vec<T>) {
    (
        fact(after(|fake| fake.break_attribute("3-2.4", name))),
        fact(after(|fake| fake.erase("3-2.4", name))),
        values
            .iter()
            .map(|value| fact(after(|fake| fake.write("3-2.4", name, value))))
            .collect(),
    )
}

#[test]
fn the_revision_is_four_digits_or_unknown() {
    let values: [&[u8]; 5] = [b"0310", b"ffff", b"10000", b"", b"\xff\x1b"];
    let (broken, absent, read) = readings("bcdDevice", |device| device.revision, &values);
    assert_eq!([broken, absent], [Fact::Unknown; 2]);
    let known = |number| Fact::Known(Revision(number));
    let unknown = Fact::Unknown;
    assert_eq!(
        read,
        [known(0x310), known(0xffff), unknown, unknown, unknown]
    );
}

#[test]
fn a_speed_that_is_not_known_is_unknown() {
    let values: [&[u8]; 6] = [b"1.5", b"20000", b"40000", b"unknown", b"", b"12\n12"];
    let (broken, absent, read) = readings("speed", |device| device.speed, &values);
    assert_eq!([broken, absent], [Fact::Unknown; 2]);
    assert_eq!(
        read[..2],
        [Fact::Known(Speed::Low), Fact::Known(Speed::SuperPlus20)]
    );
    assert_eq!(read[2..], [Fact::Unknown; 4]);
}

#[test]
fn a_kernel_that_does_not_say_whether_a_port_is_visible_says_unknown() {
    let values: [&[u8]; 4] = [b"removable", b"fixed", b"unknown", b"maybe"];
    let (broken, absent, read) = readings("removable", |device| device.removable, &values);
    assert_eq!(broken, Fact::Unknown);
    assert_eq!(absent, Fact::Known(Removable::Unknown));
    let [removable, fixed, unknown] = Removable::ALL.map(Fact::Known);
    assert_eq!(read, [removable, fixed, unknown, Fact::Unknown]);
}

#[test]
fn malformed_descriptors_are_unknown() {
    let good = descriptors(&[
        configuration(&[[8, 6, 0x50]]),
        configuration(&[[0xff, 1, 2]]),
    ]);
    let huge = vec![0; 1 << 20];
    let values: [&[u8]; 5] = [&good, &good[..good.len() - 1], b"", &[0; 64], &huge];
    let (broken, absent, read) = readings("descriptors", |device| device.interfaces, &values);
    assert_eq!([broken, absent], [Fact::Unknown, Fact::Unknown]);
    let codes = [ClassCode::new(8, 6, 0x50), ClassCode::new(0xff, 1, 2)];
    assert_eq!(read[0], Fact::Known(codes.into()));
    assert!(
        read[1..].iter().all(|fact| *fact == Fact::Unknown),
        "{read:?}"
    );
}

#[test]
fn descriptors_longer_than_a_page_are_read_whole() {
    let many = vec![[3, 1, 1]; 5000];
    let blob = descriptors(&[configuration(&many), configuration(&[[8, 6, 0x50]])]);
    let device = after(|fake| fake.write("3-2.4", "descriptors", &blob));
    let codes = [ClassCode::new(3, 1, 1), ClassCode::new(8, 6, 0x50)];
    assert_eq!(device.interfaces, Fact::Known(codes.into()));
}

#[test]
fn the_half_is_that_of_the_root_hub() {
    let version = |text: &'static [u8]| {
        after(|fake| fs::write(fake.root_hub("3").join("version"), text).unwrap()).half
    };
    assert_eq!(version(b" 2.00\n"), Fact::Known(Half::Usb2));
    assert_eq!(version(b" 3.10\n"), Fact::Known(Half::Usb3));
    assert_eq!(version(b"\xff\n"), Fact::Unknown);
    let absent = after(|fake| fs::remove_file(fake.root_hub("3").join("version")).unwrap());
    assert_eq!(absent.half, Fact::Unknown);
}

fn known(text: &str) -> Fact<Option<PortPath>> {
    Fact::Known(Some(port(text)))
}

#[test]
fn the_peer_is_that_of_the_port_or_of_a_port_above() {
    assert_eq!(after(|_| ()).peer, Fact::Known(None));
    let own = after(|fake| {
        fake.add_peer("3-2.4", "4-7-port1");
        fake.add_peer("3-2", "usb4-port2");
    });
    assert_eq!(own.peer, known("4-7.1"));
    let above = after(|fake| drop(fake.add_peer("3-2", "usb4-port6")));
    assert_eq!(above.peer, known("4-6.4"));
}

#[test]
fn the_link_of_the_device_to_its_port_is_used() {
    let device = after(|fake| {
        let at = fake.add_peer("3-2.4", "4-2-port4");
        // As below a hub whose configuration is not number 1.
        let elsewhere = fake.directory("3-2").join("3-2:2.0");
        fs::rename(at.parent().unwrap(), &elsewhere).unwrap();
        symlink(
            elsewhere.join("3-2-port4"),
            fake.directory("3-2.4").join("port"),
        )
        .unwrap();
    });
    assert_eq!(device.peer, known("4-2.4"));
}

#[test]
fn a_peer_that_cannot_be_read_is_unknown() {
    let no_link = after(|fake| {
        fake.add_peer("3-2", "usb4-port2");
        let at = fake.add_peer("3-2.4", "4-2-port4");
        fs::remove_file(at.join("peer")).unwrap();
        fs::write(at.join("peer"), "").unwrap();
    });
    assert_eq!(
        no_link.peer,
        Fact::Unknown,
        "the port above is not asked instead"
    );
    for strange in ["what", "4-2-port0", "usb-port1", "4-1.1.1.1.1.1-port1"] {
        let device = after(|fake| drop(fake.add_peer("3-2.4", strange)));
        assert_eq!(device.peer, Fact::Unknown, "{strange}");
    }
}
