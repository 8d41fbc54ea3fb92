//! Machines that are started because their device was plugged in.

use super::bench::{Bench, again, serial};
use crate::testing::{device, machine};
use crate::{Matcher, Obstacle, Rule};

fn rules() -> Vec<Rule> {
    let mut rule = serial("A", "m");
    rule.options.start_machine = true;
    vec![rule]
}

#[test]
fn plugging_in_starts_the_machine_and_attaches() {
    let mut bench = Bench::new(rules());
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.run(), ["start m", "attach 1-1:2 to m"]);
}

#[test]
fn a_paused_machine_is_resumed() {
    let mut bench = Bench::new(rules());
    bench.start("m");
    bench.machine("m").paused = true;
    bench.changed("m");
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.run(), ["start m", "attach 1-1:2 to m"]);
    assert!(!bench.machine("m").paused);
}

#[test]
fn a_machine_that_was_shut_down_stays_off() {
    let mut bench = Bench::new(rules());
    bench.start("m");
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.run(), ["attach 1-1:2 to m"]);
    bench.stop("m");
    assert_eq!(bench.run(), [""; 0]);
    // Letting go of the device reset it.
    bench.unplug("1-1");
    bench.pass_millis(400);
    bench.plug(again(&device("1-1", 2, "A")));
    assert_eq!(bench.run(), [""; 0]);
}

#[test]
fn what_was_plugged_in_before_a_machine_ended_does_not_start_it() {
    let mut bench = Bench::new(vec![serial("B", "m")]);
    bench.start("m");
    bench.plug(device("1-1", 2, "A"));
    bench.stop("m");
    assert_eq!(bench.run(), [""; 0]);
    // Only now a rule gives the device to the machine that somebody shut down.
    bench.load(rules());
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineOff));
}

#[test]
fn what_was_there_before_the_daemon_starts_nothing() {
    let mut bench = Bench::unstarted();
    let device = device("1-1", 2, "A");
    bench.devices.insert(device.port.clone(), device);
    bench.load(rules());
    bench.pass_seconds(60);
    assert_eq!(bench.run(), [""; 0]);
}

#[test]
fn what_could_not_be_read_at_first_was_there_before_as_well() {
    let mut bench = Bench::unstarted();
    bench.unreadable.insert("1-1".parse().unwrap());
    bench.load(rules());
    bench.unreadable.clear();
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.run(), [""; 0]);
    // It is unplugged and plugged in like any other.
    bench.unplug("1-1");
    bench.pass_seconds(10);
    bench.plug(again(&device("1-1", 2, "A")));
    assert_eq!(bench.run(), ["start m", "attach 1-1:2 to m"]);
}

#[test]
fn a_start_that_fails_is_not_repeated() {
    let mut bench = Bench::new(rules());
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.waiting(), ["start m"]);
    bench.fail();
    bench.pass_seconds(300);
    assert_eq!(bench.waiting(), [""; 0]);
    assert!(bench.reports.iter().any(
        |report| matches!(report, crate::Report::StartFailed(key, _) if *key == machine("m"))
    ));
    bench.unplug("1-1");
    bench.pass_seconds(10);
    bench.plug(again(&device("1-1", 2, "A")));
    assert_eq!(bench.waiting(), ["start m"]);
}

#[test]
fn a_start_that_fails_is_not_repeated_for_who_belonged_elsewhere_meanwhile() {
    let mut bench = Bench::new(rules());
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.waiting(), ["start m"]);
    // Another one claims the same serial number while the machine starts.
    bench.plug(device("1-2", 3, "A"));
    bench.fail();
    bench.unplug("1-2");
    assert_eq!(bench.waiting(), [""; 0]);
}

#[test]
fn a_machine_that_cannot_be_started_lets_another_have_the_device_in_the_end() {
    let mut first = serial("A", "nowhere");
    first.options.yields = true;
    first.options.start_machine = true;
    let vendor = Matcher {
        vendor: Some("0627".into()),
        ..Matcher::default()
    };
    let mut bench = Bench::new(vec![first, super::bench::rule(vendor, "guest")]);
    bench.start("guest");
    bench.absent.insert(machine("nowhere"));
    bench.changed("nowhere");
    bench.plug(device("1-1", 2, "A"));
    bench.pass_seconds(61);
    assert_eq!(bench.run(), ["attach 1-1:2 to guest"]);
}
