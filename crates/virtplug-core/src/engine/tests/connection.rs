//! Connections that come and go, and calls that hang.

use super::bench::{Bench, serial};
use crate::testing::{device, machine};
use crate::{CallError, ConnectionUri, Event, MachineKey, MachineRead, Obstacle, Report, Rule};

#[test]
fn a_lost_connection_is_opened_again_and_everything_looked_at() {
    let mut bench = Bench::new(vec![serial("A", "vm"), serial("B", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.lose_libvirt();
    bench.unplug("1-1");
    bench.plug(device("1-2", 6, "B"));
    assert_eq!(bench.waiting(), [""; 0]);
    assert!(matches!(
        bench.obstacle("1-2"),
        Some(Obstacle::NoConnection(Some(_)))
    ));
    bench.pass_seconds(60);
    let told = |report: &&Report| matches!(report, Report::Waiting(..));
    assert_eq!(bench.reports.iter().filter(told).count(), 1);
    bench.libvirt_up = true;
    bench.pass_seconds(10);
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from vm: the device was unplugged",
            "attach 1-2:6 to vm"
        ]
    );
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn attempts_to_connect_are_at_most_seven_seconds_apart() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.lose_libvirt();
    for _ in 0..100 {
        let wakeup = bench.engine.next_wakeup().unwrap();
        assert!(wakeup.since(bench.now).as_millis() <= 6250);
        bench.pass(wakeup.since(bench.now));
    }
}

/// A machine that was not looked at may still hold the device.
#[test]
fn attaching_waits_for_the_first_look_at_all_machines_but_not_long() {
    let mut bench = Bench::unstarted();
    bench.start("a");
    bench.start("b");
    let stick = device("1-1", 5, "A");
    bench.devices.insert(stick.port.clone(), stick);
    bench.mute.insert(machine("b"));
    bench.load(vec![serial("A", "a")]);
    assert_eq!(bench.waiting(), [""; 0]);
    assert!(matches!(
        bench.obstacle("1-1"),
        Some(Obstacle::FirstLook(_))
    ));
    bench.pass_seconds(2);
    assert_eq!(bench.run(), ["attach 1-1:5 to a"]);
}

#[test]
fn attaching_begins_as_soon_as_all_machines_were_looked_at() {
    let mut bench = Bench::unstarted();
    bench.start("a");
    bench.start("b");
    let stick = device("1-1", 5, "A");
    bench.devices.insert(stick.port.clone(), stick);
    bench.mute.insert(machine("b"));
    bench.load(vec![serial("A", "a")]);
    let read = bench.read(&machine("b"));
    bench.tell(Event::MachineRead(machine("b"), read));
    assert_eq!(bench.run(), ["attach 1-1:5 to a"]);
}

#[test]
fn a_hung_call_delays_no_other_machine_and_is_told_once() {
    let mut bench = Bench::new(vec![serial("A", "a"), serial("B", "b")]);
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 5, "A"));
    let hung = bench.calls.pop().unwrap();
    bench.plug(device("1-2", 6, "B"));
    assert_eq!(bench.run(), ["attach 1-2:6 to b"]);
    bench.pass_seconds(3600);
    let overdue = |report: &&Report| **report == Report::Overdue(machine("a"));
    assert_eq!(bench.reports.iter().filter(overdue).count(), 1);
    assert_eq!(bench.engine.summary().overdue, [machine("a")]);
    assert_eq!(
        bench.obstacle("1-1"),
        Some(Obstacle::CallUnderWay { overdue: true })
    );
    bench.calls.push(hung);
    bench.succeed();
    assert_eq!(bench.engine.summary().attached, 2);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn a_look_that_fails_decides_nothing_and_is_repeated() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.looks_fail = true;
    bench.changed("vm");
    bench.unplug("1-1");
    bench.pass_seconds(100);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.looks_fail = false;
    bench.pass_seconds(100);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from vm: the device was unplugged"]
    );
}

fn elsewhere(name: &str) -> MachineKey {
    MachineKey::new(ConnectionUri::new("qemu:///session"), name)
}

fn rule_elsewhere() -> Rule {
    Rule {
        owner: elsewhere("far").into(),
        ..serial("A", "far")
    }
}

/// What was asked for last may have happened, so the connection stays until
/// that is known.
#[test]
fn a_connection_stays_as_long_as_an_attach_is_not_resolved() {
    let mut bench = Bench::unstarted();
    bench.start("near");
    let near = bench.live[&machine("near")].clone();
    bench.live.insert(elsewhere("far"), near);
    let stick = device("1-1", 5, "A");
    bench.devices.insert(stick.port.clone(), stick);
    bench.load(vec![rule_elsewhere(), serial("B", "near")]);
    assert_eq!(bench.waiting(), ["attach 1-1:5 to far"]);
    bench.effect();
    bench.libvirt_up = false;
    let uri = ConnectionUri::new("qemu:///session");
    bench.tell(Event::Disconnected(uri, "eof".into()));
    bench.end_call(Err(CallError::Libvirt {
        code: 38,
        message: "closed".into(),
    }));
    bench.libvirt_up = true;
    bench.load(vec![serial("A", "near")]);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.pass_seconds(10);
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from far: the device belongs to another machine now",
            "attach 1-1:5 to near"
        ]
    );
}

#[test]
fn a_machine_that_is_not_defined_is_an_obstacle_and_no_error() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.plug(device("1-1", 5, "A"));
    bench.mute.insert(machine("vm"));
    bench.changed("vm");
    bench.tell(Event::MachineRead(machine("vm"), MachineRead::Absent));
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::NoSuchMachine));
    bench.mute.clear();
    bench.start("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}
