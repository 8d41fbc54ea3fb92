//! What ends a decision on a device, and what does not.

use super::bench::{Bench, again, serial};
use super::worlds::attached;
use crate::testing::{device, machine};
use crate::{ClassCode, Device, Event, Fact, HoldEnd, Obstacle, Report, Rule};

impl Bench {
    /// Why holds ended by themselves, in order.
    pub(super) fn ends(&self) -> Vec<HoldEnd> {
        let ended = self.reports.iter().filter_map(|report| match report {
            Report::HoldEnded { end, .. } => Some(end.clone()),
            _ => None,
        });
        ended.collect()
    }
}

/// The device at 1-1, given to machine b by hand.
fn held(rules: Vec<Rule>) -> Bench {
    let mut bench = attached(rules);
    bench.hold("1-1", "b");
    bench.run();
    bench
}

/// It leaves, and what is there a minute later cannot be read.
fn leaves_unread(bench: &mut Bench) {
    let port = || "1-1".parse().unwrap();
    bench.unplug("1-1");
    bench.unreadable.insert(port());
    bench.tell(Event::DeviceUnreadable(port()));
    bench.pass_seconds(60);
}

fn ended(machine_name: &str) -> HoldEnd {
    HoldEnd::MachineEnded(machine(machine_name))
}

#[test]
fn a_reset_does_not_end_it() {
    let mut bench = held(vec![serial("A", "a")]);
    bench.unplug("1-1");
    bench.pass_millis(4900);
    bench.plug(device("1-1", 3, "A"));
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from b: the device was unplugged",
            "attach 1-1:3 to b"
        ]
    );
    // The number may stay the same, and nothing in between may be seen.
    bench.plug(again(&device("1-1", 3, "A")));
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from b: the device was reset or plugged in again",
            "attach 1-1:3 to b"
        ]
    );
    bench.pass_seconds(60);
    assert_eq!(bench.ends(), []);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn the_other_half_of_the_socket_is_the_same_place() {
    let mut bench = held(vec![serial("A", "a")]);
    bench.unplug("1-1");
    let mut faster = device("2-5", 3, "A");
    faster.peer = crate::Fact::Known(Some("1-1".parse().unwrap()));
    bench.plug(faster);
    bench.pass_seconds(10);
    bench.run();
    assert_eq!(bench.entries("b"), ["2-5:3"]);
    bench.release("2-5");
    assert!(bench.engine.orders().is_empty());
}

#[test]
fn unplugging_ends_it() {
    let mut bench = held(vec![serial("A", "a")]);
    bench.unplug("1-1");
    bench.run();
    assert_eq!(bench.ends(), []);
    bench.pass_seconds(10);
    assert_eq!(bench.ends(), [HoldEnd::Unplugged]);
    assert!(bench.engine.orders().is_empty());
    bench.plug(device("1-1", 3, "A"));
    assert_eq!(bench.run(), ["attach 1-1:3 to a"]);
}

#[test]
fn another_device_at_the_port_is_not_held() {
    let mut bench = held(vec![serial("A", "a"), serial("B", "a")]);
    bench.plug(device("1-1", 3, "B"));
    bench.run();
    assert_eq!(bench.entries("a"), ["1-1:3"]);
    // The first one is back in time.
    bench.plug(device("1-1", 4, "A"));
    bench.run();
    assert_eq!(bench.entries("b"), ["1-1:4"]);
}

#[test]
fn another_device_that_stays_ends_it() {
    let mut bench = held(vec![serial("A", "a"), serial("B", "a")]);
    bench.plug(device("1-1", 3, "B"));
    bench.pass_seconds(10);
    assert_eq!(bench.ends(), [HoldEnd::Replaced]);
    assert!(bench.engine.orders().is_empty());
}

/// A stick that shows a keyboard after its reset is not what somebody gave away.
#[test]
fn what_came_back_with_other_interfaces_is_not_held() {
    let mut bench = held(vec![serial("A", "a")]);
    assert_eq!(bench.entries("b"), ["1-1:2"]);
    let disguised = Device {
        interfaces: Fact::Known([ClassCode::new(3, 1, 1)].into()),
        ..device("1-1", 3, "A")
    };
    bench.plug(disguised);
    bench.run();
    assert_eq!(bench.entries("b"), [""; 0]);
    bench.pass_seconds(10);
    assert_eq!(bench.ends(), [HoldEnd::Replaced]);
}

#[test]
fn what_cannot_be_read_after_a_reset_is_waited_for() {
    let mut bench = held(vec![serial("A", "a")]);
    leaves_unread(&mut bench);
    assert_eq!(bench.ends(), []);
    // Then all of it but its interfaces can be read.
    bench.unreadable.clear();
    let back = device("1-1", 3, "A");
    bench.plug(Device {
        interfaces: Fact::Unknown,
        ..back.clone()
    });
    bench.pass_seconds(60);
    assert_eq!(bench.ends(), []);
    bench.plug(back);
    bench.run();
    assert_eq!(bench.entries("b"), ["1-1:3"]);
    assert_eq!(bench.ends(), []);
}

#[test]
fn what_went_again_unread_ends_it() {
    let mut bench = held(vec![serial("A", "a")]);
    leaves_unread(&mut bench);
    bench.unreadable.clear();
    bench.tell(Event::DeviceGone("1-1".parse().unwrap()));
    assert_eq!(bench.ends(), [HoldEnd::Unplugged]);
    assert!(bench.engine.orders().is_empty());
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn the_end_of_its_machine_ends_it() {
    let mut bench = held(vec![serial("A", "a")]);
    bench.stop("b");
    assert_eq!(bench.ends(), [ended("b")]);
    assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
}

#[test]
fn a_new_run_that_was_not_seen_to_begin_ends_it() {
    let mut bench = held(vec![serial("A", "a")]);
    bench.machine("b").run.id += 100;
    bench.machine("b").hostdevs.clear();
    bench.changed("b");
    assert_eq!(bench.ends(), [ended("b")]);
}

#[test]
fn what_is_kept_on_the_host_is_so_until_the_machine_ends_that_had_it() {
    let mut bench = attached(vec![serial("A", "a")]);
    bench.hold("1-1", "host");
    bench.run();
    // Said once more it is the same.
    bench.hold("1-1", "host");
    bench.stop("b");
    assert_eq!(bench.ends(), []);
    bench.stop("a");
    bench.start("a");
    assert_eq!(bench.ends(), [ended("a")]);
    assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
}

#[test]
fn a_hold_for_a_machine_that_is_off_waits_for_its_next_run() {
    let mut bench = Bench::new(Vec::new());
    bench.plug(device("1-1", 2, "A"));
    bench.hold("1-1", "a");
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineOff));
    bench.changed("a");
    bench.start("a");
    assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
    assert_eq!(bench.ends(), []);
    bench.stop("a");
    assert_eq!(bench.ends(), [ended("a")]);
}

#[test]
fn a_machine_that_cannot_be_read_ends_nothing() {
    let mut bench = held(vec![serial("A", "a")]);
    bench.looks_fail = true;
    bench.changed("b");
    bench.lose_libvirt();
    assert_eq!(bench.ends(), []);
    bench.looks_fail = false;
    bench.libvirt_up = true;
    bench.pass_seconds(60);
    assert_eq!(bench.ends(), []);
    assert_eq!(bench.run(), [""; 0]);
}
