//! Machines for which nothing is done on our own.

use super::bench::{Bench, again, serial};
use crate::testing::{device, machine};
use crate::{Fact, Obstacle, Order, Report};

impl Bench {
    pub(super) fn pause(&mut self, name: Option<&str>, detach: bool) {
        let machine = name.map(machine);
        self.order(Order::Pause { machine, detach });
    }

    pub(super) fn resume(&mut self, name: Option<&str>) {
        self.order(Order::Resume(name.map(machine)));
    }
}

/// One device in each of two machines.
fn attached() -> Bench {
    let mut bench = Bench::new(vec![serial("A", "a"), serial("B", "b"), serial("C", "a")]);
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 2, "A"));
    bench.plug(device("1-2", 3, "B"));
    bench.run();
    bench
}

#[test]
fn nothing_comes_and_nothing_goes_in_a_pause() {
    let mut bench = attached();
    bench.pause(Some("a"), false);
    bench.plug(device("1-3", 4, "C"));
    assert_eq!(bench.obstacle("1-3"), Some(Obstacle::Paused(machine("a"))));
    assert!(bench.engine.summary().troubled.is_empty());
    // A rule takes one away, and a device leaves: its entry stays, too.
    bench.load(vec![serial("B", "b"), serial("C", "a")]);
    bench.unplug("1-1");
    bench.pass_seconds(3600);
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.engine.next_wakeup(), None);
    bench.resume(Some("a"));
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from a: the device was unplugged",
            "attach 1-3:4 to a"
        ]
    );
}

#[test]
fn other_machines_are_not_concerned() {
    let mut bench = attached();
    bench.pause(Some("a"), true);
    bench.run();
    assert_eq!(bench.entries("b"), ["1-2:3"]);
    bench.plug(again(&device("1-2", 3, "B")));
    assert_eq!(bench.run().len(), 2);
}

/// Its old entry does not go before that.
#[test]
fn a_device_that_a_paused_machine_keeps_waits_for_the_end_of_that_pause() {
    let mut bench = attached();
    bench.pause(Some("a"), false);
    bench.load(vec![serial("A", "b")]);
    bench.run();
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::Paused(machine("a"))));
    bench.pause(Some("a"), true);
    assert_eq!(
        bench.obstacle("1-1"),
        Some(Obstacle::Occupied {
            machine: machine("a"),
            own: true
        })
    );
    bench.run();
    assert_eq!(bench.entries("b"), ["1-1:2"]);
}

#[test]
fn devices_go_back_to_the_host_and_come_again() {
    let mut bench = attached();
    bench.pause(Some("a"), true);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: virtplug is paused for this machine"]
    );
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::Paused(machine("a"))));
    bench.resume(None);
    assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
    assert!(bench.engine.orders().is_empty());
}

#[test]
fn stale_entries_go_too_where_devices_go_back() {
    let mut bench = attached();
    bench.pause(Some("a"), false);
    bench.machine("a").hostdevs[0].missing = true;
    bench.changed("a");
    assert_eq!(bench.run(), [""; 0]);
    bench.pause(Some("a"), true);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: libvirt found no device for it"]
    );
}

#[test]
fn no_machine_is_started_in_a_pause() {
    let mut rule = serial("A", "m");
    rule.options.start_machine = true;
    let mut bench = Bench::new(vec![rule]);
    bench.pause(Some("m"), false);
    bench.plug(device("1-1", 2, "A"));
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineOff));
    bench.resume(Some("m"));
    assert_eq!(bench.run(), ["start m", "attach 1-1:2 to m"]);
}

#[test]
fn all_machines_can_be_paused() {
    let mut bench = attached();
    bench.pause(None, true);
    assert_eq!(bench.run().len(), 2);
    // A new machine is paused as well, and one alone is not resumed.
    bench.load(vec![serial("A", "c"), serial("B", "b")]);
    bench.start("c");
    bench.resume(Some("b"));
    assert_eq!(bench.run(), [""; 0]);
    bench.resume(None);
    assert_eq!(bench.run(), ["attach 1-2:3 to b", "attach 1-1:2 to c"]);
}

#[test]
fn the_pause_of_one_machine_goes_before_that_of_all() {
    let mut bench = attached();
    bench.pause(Some("a"), false);
    bench.pause(None, true);
    assert_eq!(
        bench.run(),
        ["detach 1-2 from b: virtplug is paused for this machine"]
    );
}

#[test]
fn what_is_ordered_in_a_pause_is_done() {
    for detach in [false, true] {
        let mut bench = attached();
        bench.pause(Some("a"), detach);
        bench.pause(Some("b"), detach);
        bench.run();
        bench.hold("1-1", "b");
        bench.run();
        assert_eq!(bench.entries("a"), [""; 0]);
        assert!(bench.entries("b").contains(&"1-1:2".to_owned()));
        bench.hold("1-1", "host");
        bench.run();
        assert!(!bench.entries("b").contains(&"1-1:2".to_owned()));
    }
}

/// Only the machine that has it is paused.
#[test]
fn an_order_in_a_pause_takes_a_device_out_as_well() {
    let mut bench = attached();
    bench.pause(Some("a"), false);
    bench.hold("1-1", "b");
    bench.run();
    assert_eq!(bench.entries("b"), ["1-2:3", "1-1:2"]);
}

#[test]
fn what_was_ordered_in_a_pause_stays_after_a_reset() {
    let mut bench = attached();
    bench.pause(Some("a"), true);
    bench.run();
    bench.hold("1-1", "a");
    assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
    bench.plug(again(&device("1-1", 2, "A")));
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from a: the device was reset or plugged in again",
            "attach 1-1:2 to a"
        ]
    );
}

#[test]
fn what_was_ordered_before_a_pause_waits_for_its_end() {
    let mut bench = attached();
    bench.hold("1-2", "a");
    bench.run();
    bench.pause(Some("a"), true);
    bench.run();
    assert_eq!(bench.entries("a"), [""; 0]);
    bench.resume(Some("a"));
    bench.run();
    assert_eq!(bench.entries("a"), ["1-1:2", "1-2:3"]);
}

#[test]
fn an_order_counts_in_the_pause_that_it_came_in_only() {
    let mut bench = attached();
    bench.pause(Some("a"), true);
    bench.run();
    bench.hold("1-1", "a");
    bench.run();
    bench.resume(Some("a"));
    bench.pause(Some("a"), true);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: virtplug is paused for this machine"]
    );
}

/// A pause that gives the devices back leaves none behind.
#[test]
fn what_was_ordered_before_a_new_pause_does_not_count_in_it() {
    for name in [Some("a"), None] {
        let mut bench = attached();
        bench.pause(name, true);
        bench.run();
        bench.hold("1-1", "a");
        assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
        bench.pause(name, true);
        assert_eq!(
            bench.run(),
            ["detach 1-1 from a: virtplug is paused for this machine"]
        );
    }
}

/// The pause of the one machine stays in force, and with it what was ordered in it.
#[test]
fn a_pause_of_all_leaves_what_was_ordered_in_that_of_one() {
    let mut bench = attached();
    bench.pause(Some("a"), true);
    bench.run();
    bench.hold("1-1", "a");
    bench.run();
    bench.pause(None, false);
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("a"), ["1-1:2"]);
}

#[test]
fn a_pause_is_told_once() {
    let mut bench = attached();
    bench.pause(Some("a"), false);
    bench.pause(Some("a"), false);
    bench.resume(Some("a"));
    bench.resume(Some("a"));
    bench.resume(None);
    let told = |report: &&Report| matches!(report, Report::Ordered(_));
    assert_eq!(bench.reports.iter().filter(told).count(), 2);
}

#[test]
fn an_order_in_a_pause_lets_what_is_stale_at_its_port_go() {
    let mut bench = attached();
    bench.pause(Some("a"), false);
    let mut back = again(&device("1-1", 2, "A"));
    // It cannot be known yet whether it may be attached.
    back.authorized = Fact::Unknown;
    bench.plug(back);
    assert_eq!(bench.run(), [""; 0]);
    bench.hold("1-1", "a");
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: the device was reset or plugged in again"]
    );
}

#[test]
fn a_hold_of_a_pause_that_is_back_lets_what_is_stale_at_its_port_go() {
    let mut bench = attached();
    bench.pause(Some("a"), false);
    bench.hold("1-1", "a");
    bench.plug(device("1-1", 4, "X"));
    assert_eq!(bench.run(), [""; 0]);
    let mut back = again(&device("1-1", 2, "A"));
    back.authorized = Fact::Known(false);
    bench.plug(back);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from a: the device was reset or plugged in again"]
    );
}
