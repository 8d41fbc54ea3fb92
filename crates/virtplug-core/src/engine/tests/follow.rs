//! Devices that change identity on their port: the successor follows.

use std::time::Duration;

use super::bench::{Bench, serial};
use crate::testing::device;
use crate::{ClassCode, Device, Fact, Interfaces, Rule};

fn rules() -> Vec<Rule> {
    let mut rule = serial("A", "m");
    rule.options.follow = Some(Duration::from_secs(10));
    vec![rule]
}

/// What the device becomes: no rule names it.
fn boot_loader(port: &str, number: u8) -> Device {
    device(port, number, "DFU")
}

fn attached() -> Bench {
    let mut bench = Bench::new(rules());
    bench.start("m");
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.run(), ["attach 1-1:2 to m"]);
    bench
}

#[test]
fn what_appears_in_time_goes_to_the_same_machine_and_back_again() {
    let mut bench = attached();
    bench.unplug("1-1");
    bench.run();
    bench.pass_seconds(9);
    bench.plug(boot_loader("1-1", 3));
    assert_eq!(bench.run(), ["attach 1-1:3 to m"]);
    // From there the next one follows, too, and then the device itself is back.
    bench.unplug("1-1");
    bench.run();
    bench.plug(boot_loader("1-1", 4));
    assert_eq!(bench.run(), ["attach 1-1:4 to m"]);
    bench.unplug("1-1");
    bench.run();
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.run(), ["attach 1-1:5 to m"]);
}

#[test]
fn what_comes_too_late_or_elsewhere_stays_on_the_host() {
    let mut bench = attached();
    bench.unplug("1-1");
    bench.run();
    bench.plug(boot_loader("1-2", 3));
    assert_eq!(bench.run(), [""; 0]);
    bench.pass_seconds(11);
    bench.plug(boot_loader("1-1", 4));
    assert_eq!(bench.run(), [""; 0]);
}

#[test]
fn a_disk_that_comes_back_as_a_keyboard_stays_on_the_host() {
    let mut rules = rules();
    rules[0].matcher.interfaces = Some(Interfaces {
        only: vec!["08".parse().unwrap()],
        ..Interfaces::default()
    });
    let disk = |number, serial| {
        let mut disk = device("1-1", number, serial);
        disk.interfaces = Fact::Known([ClassCode::new(8, 6, 0x50)].into());
        disk
    };
    let mut bench = Bench::new(rules);
    bench.start("m");
    bench.plug(disk(2, "A"));
    assert_eq!(bench.run(), ["attach 1-1:2 to m"]);
    // With the serial number of the rule, and with another one.
    for (number, serial) in [(3, "A"), (4, "B")] {
        bench.unplug("1-1");
        bench.run();
        let mut keyboard = disk(number, serial);
        keyboard.interfaces =
            Fact::Known([ClassCode::new(8, 6, 0x50), ClassCode::new(3, 1, 1)].into());
        bench.plug(keyboard);
        assert_eq!(bench.run(), [""; 0]);
        assert_eq!(bench.entries("m"), [""; 0]);
    }
    bench.unplug("1-1");
    bench.plug(disk(5, "A"));
    assert_eq!(bench.run(), ["attach 1-1:5 to m"]);
}

#[test]
fn the_other_half_of_the_socket_counts() {
    let mut bench = attached();
    bench.unplug("1-1");
    bench.run();
    let mut faster = boot_loader("2-5", 3);
    faster.peer = crate::Fact::Known(Some("1-1".parse().unwrap()));
    bench.plug(faster);
    assert_eq!(bench.run(), ["attach 2-5:3 to m"]);
}

#[test]
fn a_restarted_daemon_knows_who_follows() {
    let mut bench = attached();
    bench.unplug("1-1");
    bench.run();
    bench.plug(boot_loader("1-1", 3));
    bench.run();
    bench.restart(rules());
    bench.pass_seconds(20);
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("m"), ["1-1:3"]);
    // Without the option nobody follows any more.
    bench.load(vec![serial("A", "m")]);
    let gone = "detach 1-1 from m: no rule gives the device to this machine";
    assert_eq!(bench.run(), [gone]);
}
