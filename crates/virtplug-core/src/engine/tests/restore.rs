//! What was decided by hand before the daemon started.

use super::bench::{Bench, again, serial};
use crate::testing::{device, machine};
use crate::{Event, HoldEnd, Obstacle, Orders, Rule};

impl Bench {
    /// A new daemon that knows what the one before was ordered.
    pub(super) fn restart_with(&mut self, orders: Orders, rules: Vec<Rule>) {
        self.engine = crate::Engine::new(2);
        self.calls.clear();
        self.reports.clear();
        self.tell(Event::Restore(orders));
        self.load(rules);
    }

    /// A new daemon in the same world, with the same orders.
    fn replace_daemon(&mut self) {
        let orders = self.engine.orders().clone();
        self.restart_with(orders, rules());
    }
}

fn rules() -> Vec<Rule> {
    vec![serial("A", "a"), serial("B", "a")]
}

/// One device is held in `b`, another on the host.
fn ordered() -> Bench {
    let mut bench = Bench::new(rules());
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 2, "A"));
    bench.plug(device("1-2", 3, "B"));
    bench.run();
    bench.hold("1-1", "b");
    bench.hold("1-2", "host");
    bench.run();
    assert_eq!(bench.entries("b"), ["1-1:2"]);
    assert_eq!(bench.entries("a"), [""; 0]);
    bench
}

#[test]
fn orders_outlive_the_daemon() {
    let mut bench = ordered();
    let orders = bench.engine.orders().clone();
    bench.replace_daemon();
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(*bench.engine.orders(), orders);
    assert_eq!(bench.ends(), []);
    // They end as they did before.
    bench.stop("b");
    assert_eq!(bench.ends(), [HoldEnd::MachineEnded(machine("b"))]);
    assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
}

#[test]
fn restored_after_the_configuration_they_count_as_well() {
    let mut bench = ordered();
    let orders = bench.engine.orders().clone();
    bench.restart(rules());
    bench.tell(Event::Restore(orders.clone()));
    bench.calls.clear();
    assert_eq!(*bench.engine.orders(), orders);
    assert_eq!(bench.assignment("1-2"), crate::Assignment::Withheld);
}

#[test]
fn what_is_not_there_any_more_is_not_held() {
    let mut bench = ordered();
    let fresh = again(&device("1-1", 2, "A"));
    bench.devices.insert(fresh.port.clone(), fresh);
    bench.devices.remove(&"1-2".parse().unwrap());
    bench.replace_daemon();
    assert_eq!(bench.ends(), [HoldEnd::Unplugged, HoldEnd::Replaced]);
    assert!(bench.engine.orders().is_empty());
    bench.run();
    assert_eq!(bench.entries("a"), ["1-1:2"]);
}

#[test]
fn what_cannot_be_read_may_be_there() {
    let mut bench = ordered();
    let port: crate::PortPath = "1-1".parse().unwrap();
    let held = bench.devices.remove(&port).unwrap();
    bench.unreadable.insert(port.clone());
    bench.replace_daemon();
    assert_eq!(bench.engine.orders().holds.len(), 2);
    bench.unreadable.clear();
    bench.plug(held);
    assert_eq!(bench.run(), [""; 0]);
    // Another one turns up where nothing could be read.
    let held = bench.devices.remove(&port).unwrap();
    bench.unreadable.insert(port.clone());
    bench.replace_daemon();
    bench.unreadable.clear();
    bench.plug(again(&held));
    assert_eq!(bench.ends(), [HoldEnd::Replaced]);
    assert_eq!(bench.engine.orders().holds.len(), 1);
}

#[test]
fn a_machine_that_was_started_anew_meanwhile_ends_a_hold() {
    let mut bench = ordered();
    bench.machine("a").run.id += 100;
    bench.machine("b").run.id += 100;
    bench.machine("b").hostdevs.clear();
    bench.replace_daemon();
    let ended = |name| HoldEnd::MachineEnded(machine(name));
    assert_eq!(bench.ends(), [ended("b"), ended("a")]);
    bench.run();
    assert_eq!(bench.entries("a"), ["1-1:2", "1-2:3"]);
}

#[test]
fn a_machine_that_does_not_answer_ends_nothing() {
    let mut bench = ordered();
    bench.looks_fail = true;
    bench.replace_daemon();
    bench.pass_seconds(60);
    assert_eq!(bench.ends(), []);
    assert_eq!(bench.engine.orders().holds.len(), 2);
}

#[test]
fn what_somebody_detached_elsewhere_is_remembered_for_the_same_run() {
    for restarted in [false, true] {
        let mut bench = Bench::new(rules());
        bench.start("a");
        bench.plug(device("1-1", 2, "A"));
        bench.run();
        bench.machine("a").hostdevs.clear();
        bench.changed("a");
        if restarted {
            bench.machine("a").run.id += 100;
        }
        bench.replace_daemon();
        if restarted {
            assert_eq!(bench.run(), ["attach 1-1:2 to a"]);
        } else {
            assert_eq!(bench.run(), [""; 0]);
            assert_eq!(bench.obstacle("1-1"), Some(Obstacle::Held));
        }
    }
}

#[test]
fn pauses_and_switches_are_restored() {
    let mut desk = serial("A", "a");
    desk.options.group = Some("desk".into());
    let rules = || vec![desk.clone(), serial("B", "b")];
    let mut bench = Bench::new(rules());
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 2, "A"));
    bench.run();
    bench.switch("desk", Some("b"));
    bench.run();
    bench.pause(Some("b"), false);
    bench.plug(device("1-2", 3, "B"));
    let orders = bench.engine.orders().clone();
    bench.restart_with(orders, rules());
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.obstacle("1-2"), Some(Obstacle::Paused(machine("b"))));
    assert_eq!(bench.entries("b"), ["1-1:2"]);
    // A group that is not there any more is forgotten.
    let orders = bench.engine.orders().clone();
    bench.restart_with(orders, vec![serial("B", "b")]);
    assert!(bench.engine.orders().switches.is_empty());
}
