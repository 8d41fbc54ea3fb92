//! Devices that several want, and devices that nobody gets.

use super::bench::{Bench, rule, serial};
use crate::testing::device;
use crate::{Fact, Hostdev, Matcher, Obstacle};

/// A rule for a serial number at a port and behind it, as strong as one for
/// the serial number alone.
fn behind(port: &str, serial: &str, owner: &str) -> crate::Rule {
    let port = Matcher {
        port: Some(port.into()),
        ..Matcher::default()
    };
    let matcher = Matcher {
        serial: Some(serial.into()),
        behind: Some(vec![port]),
        ..Matcher::default()
    };
    rule(matcher, owner)
}

#[test]
fn two_machines_that_claim_a_device_do_not_get_it() {
    let mut bench = Bench::new(vec![serial("A", "a"), behind("1-1", "A", "b")]);
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.summary().conflicts, 1);
    let told = bench.reports.iter().filter_map(|report| match report {
        crate::Report::Conflict(port, rules) => Some((port.to_string(), rules.len())),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [("1-1".to_owned(), 2)]);
    bench.unplug("1-1");
    bench.plug(device("1-2", 6, "A"));
    assert_eq!(bench.run(), ["attach 1-2:6 to a"]);
}

#[test]
fn a_conflict_that_a_reload_makes_takes_the_device_out() {
    let mut bench = Bench::new(vec![serial("A", "a")]);
    bench.start("a");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.load(vec![serial("A", "a"), behind("1-1", "A", "b")]);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: rules give the device to several owners"]
    );
}

fn foreign(number: u8) -> Hostdev {
    let stick = device("1-1", number, "A");
    Hostdev {
        alias: Some("hostdev0".into()),
        ids: Some((stick.vendor, stick.product)),
        address: Some(stick.address),
        missing: false,
        guest_port: None,
    }
}

#[test]
fn a_foreign_entry_wins_and_is_never_touched() {
    let mut bench = Bench::new(vec![serial("A", "a")]);
    bench.start("a");
    bench.start("other");
    bench.machine("other").hostdevs.push(foreign(5));
    bench.changed("other");
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.waiting(), [""; 0]);
    assert!(matches!(
        bench.obstacle("1-1"),
        Some(Obstacle::Occupied { own: false, .. })
    ));
    bench.unplug("1-1");
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.entries("other"), ["foreign:5"]);
}

#[test]
fn a_device_is_attached_once_the_foreign_entry_is_gone() {
    let mut bench = Bench::new(vec![serial("A", "a")]);
    bench.start("a");
    bench.machine("a").hostdevs.push(foreign(5));
    bench.changed("a");
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.waiting(), [""; 0]);
    bench.machine("a").hostdevs.clear();
    bench.changed("a");
    assert_eq!(bench.run(), ["attach 1-1:5 to a"]);
}

#[test]
fn a_foreign_entry_without_its_device_blocks_nothing() {
    let mut bench = Bench::new(vec![serial("A", "a")]);
    bench.start("a");
    let mut entry = foreign(5);
    entry.missing = true;
    bench.machine("a").hostdevs.push(entry);
    bench.changed("a");
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.run(), ["attach 1-1:5 to a"]);
}

#[test]
fn hubs_and_blocked_devices_stay_on_the_host() {
    let mut bench = Bench::new(vec![serial("H", "a"), serial("A", "a")]);
    bench.start("a");
    let mut hub = device("1-1", 5, "H");
    hub.class = crate::ClassCode::new(9, 0, 0);
    bench.plug(hub);
    let mut blocked = device("1-2", 6, "A");
    blocked.authorized = Fact::Known(false);
    bench.plug(blocked);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.plug(device("1-2", 6, "A"));
    assert_eq!(bench.run(), ["attach 1-2:6 to a"]);
}

#[test]
fn a_device_that_is_blocked_later_is_taken_out() {
    let mut bench = Bench::new(vec![serial("A", "a")]);
    bench.start("a");
    let mut stick = device("1-1", 5, "A");
    bench.plug(stick.clone());
    bench.run();
    stick.authorized = Fact::Known(false);
    bench.plug(stick);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: the device may not be attached any more"]
    );
}
