//! Ports: of the guest, and of hubs that other devices are behind.

use super::bench::{Bench, again, rule, serial};
use crate::testing::device;
use crate::{ClassCode, Device, Fact, GuestPort, Matcher, Obstacle};

#[test]
fn a_guest_port_is_asked_for_and_kept_over_a_replug() {
    let port: GuestPort = "0:3".parse().unwrap();
    let mut rule = serial("A", "m");
    rule.options.guest_port = Some(port.clone());
    let mut bench = Bench::new(vec![rule]);
    bench.start("m");
    bench.plug(device("1-1", 2, "A"));
    bench.run();
    let guest_port = |bench: &mut Bench| bench.machine("m").hostdevs[0].guest_port.clone();
    assert_eq!(guest_port(&mut bench).as_deref(), Some("0:3"));
    bench.unplug("1-1");
    bench.plug(again(&device("1-1", 2, "A")));
    bench.run();
    assert_eq!(guest_port(&mut bench).as_deref(), Some("0:3"));
}

#[test]
fn a_guest_port_that_is_taken_waits_for_a_change() {
    let port: GuestPort = "0:3".parse().unwrap();
    let mut rule = serial("A", "m");
    rule.options.guest_port = Some(port.clone());
    let mut bench = Bench::new(vec![rule]);
    bench.start("m");
    bench.machine("m").ports.used.insert(port.clone());
    bench.changed("m");
    bench.plug(device("1-1", 2, "A"));
    bench.pass_seconds(300);
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::GuestPortTaken(port)));
    bench.machine("m").ports.used.clear();
    bench.changed("m");
    assert_eq!(bench.run(), ["attach 1-1:2 to m"]);
}

fn hub(number: u8, serial: &str) -> Device {
    Device {
        class: ClassCode::new(9, 0, 1),
        ..device("1-4", number, serial)
    }
}

#[test]
fn what_is_behind_a_hub_goes_with_the_hub_that_is_there() {
    let behind = Matcher {
        behind: Some(vec![Matcher {
            serial: Some("DESK".into()),
            ..Matcher::default()
        }]),
        ..Matcher::default()
    };
    let mut bench = Bench::new(vec![rule(behind, "m")]);
    bench.start("m");
    bench.plug(device("1-4.1", 7, "X"));
    assert_eq!(bench.run(), [""; 0]);
    // What the hub is cannot be read at first.
    let mut unread = hub(6, "DESK");
    unread.serial = Fact::Unknown;
    bench.plug(unread);
    assert_eq!(bench.run(), [""; 0]);
    bench.plug(hub(6, "DESK"));
    assert_eq!(bench.run(), ["attach 1-4.1:7 to m"]);
    bench.plug(hub(9, "OTHER"));
    let gone = "detach 1-4.1 from m: no rule gives the device to this machine";
    assert_eq!(bench.run(), [gone]);
}
