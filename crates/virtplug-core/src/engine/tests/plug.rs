//! Plugging, unplugging, starting and stopping.

use super::bench::{Bench, again, serial};
use crate::testing::{device, machine};
use crate::{Fact, Obstacle, Report};

#[test]
fn a_device_plugged_after_the_start_is_attached() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert!(matches!(bench.reports.last(), Some(Report::Attached(..))));
    assert_eq!(bench.engine.next_wakeup(), None);
    assert!(bench.engine.is_settled());
}

#[test]
fn a_device_plugged_before_the_start_is_attached() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineOff));
    bench.start("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

#[test]
fn an_unplugged_device_is_detached() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.unplug("1-1");
    assert_eq!(
        bench.run(),
        ["detach 1-1 from vm: the device was unplugged"]
    );
    assert_eq!(bench.entries("vm"), [""; 0]);
}

#[test]
fn a_replug_detaches_the_old_entry_first() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.plug(device("1-1", 6, "A"));
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from vm: the device was reset or plugged in again",
            "attach 1-1:6 to vm"
        ]
    );
}

#[test]
fn a_replugged_device_waits_until_its_guest_port_is_free() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    let old = bench.machine("vm").hostdevs[0].own_alias().unwrap();
    bench.plug(device("1-1", 6, "A"));
    // libvirt takes the request; QEMU lets the device go a moment later.
    bench.end_call(Ok(()));
    assert_eq!(bench.waiting(), [""; 0]);
    let (own, vm) = (true, machine("vm"));
    let waits = Obstacle::Occupied {
        machine: vm.clone(),
        own,
    };
    assert_eq!(bench.obstacle("1-1"), Some(waits));
    bench.remove(&vm, &old);
    bench.changed("vm");
    assert_eq!(bench.run(), ["attach 1-1:6 to vm"]);
}

#[test]
fn an_old_entry_that_does_not_go_holds_up_the_device_for_seconds_only() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.plug(device("1-1", 6, "A"));
    bench.end_call(Ok(()));
    bench.pass_seconds(6);
    assert_eq!(
        bench.waiting(),
        ["detach 1-1 from vm: the device was reset or plugged in again"]
    );
    bench.end_call(Ok(()));
    assert_eq!(bench.waiting(), ["attach 1-1:6 to vm"]);
}

#[test]
fn a_reset_that_keeps_the_number_is_seen() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    let stick = device("1-1", 5, "A");
    bench.plug(stick.clone());
    bench.run();
    bench.plug(again(&stick));
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from vm: the device was reset or plugged in again",
            "attach 1-1:5 to vm"
        ]
    );
}

/// libvirt refuses a number that a stale entry has, in whatever machine.
#[test]
fn a_stale_entry_in_another_machine_blocks_the_number() {
    let mut bench = Bench::new(vec![serial("A", "a"), serial("B", "b")]);
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    let mut other = device("1-1", 5, "B");
    other = again(&other);
    bench.plug(other);
    assert_eq!(
        bench.waiting(),
        ["detach 1-1 from a: the device was reset or plugged in again"]
    );
    assert!(matches!(
        bench.obstacle("1-1"),
        Some(Obstacle::Occupied { own: true, .. })
    ));
    assert_eq!(bench.run()[1..], ["attach 1-1:5 to b"]);
}

#[test]
fn three_equal_sticks_go_where_their_serials_say() {
    let mut bench = Bench::new(vec![serial("A", "a"), serial("B", "b")]);
    bench.start("a");
    bench.start("b");
    for (port, number, serial) in [("1-1", 2, "A"), ("1-2", 3, "B"), ("1-3", 4, "C")] {
        bench.plug(device(port, number, serial));
    }
    assert_eq!(bench.run(), ["attach 1-1:2 to a", "attach 1-2:3 to b"]);
    assert_eq!(bench.engine.summary().attached, 2);
}

#[test]
fn a_serial_is_followed_to_another_port() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.unplug("1-1");
    bench.plug(device("2-3", 2, "A"));
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from vm: the device was unplugged",
            "attach 2-3:2 to vm"
        ]
    );
}

#[test]
fn a_machine_that_starts_again_gets_its_device_again() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.stop("vm");
    assert_eq!(bench.waiting(), [""; 0]);
    bench.start("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

#[test]
fn a_device_waits_for_udev_but_not_forever() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    let mut stick = device("1-1", 5, "A");
    stick.processed = false;
    bench.plug(stick.clone());
    assert!(matches!(
        bench.obstacle("1-1"),
        Some(Obstacle::NotProcessed(_))
    ));
    bench.pass_millis(9_999);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.pass_millis(1);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

#[test]
fn a_processed_device_is_attached_at_once() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    let mut stick = device("1-1", 5, "A");
    stick.processed = false;
    stick.udev = Fact::Unknown;
    bench.plug(stick);
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

#[test]
fn a_busy_machine_is_left_alone_until_it_is_ready() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.machine("vm").activity = crate::Activity::Busy;
    bench.changed("vm");
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineBusy));
    bench.machine("vm").activity = crate::Activity::Ready;
    bench.changed("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

/// The removal comes between the look that ends the call and its answer.
#[test]
fn a_change_during_a_call_is_looked_at_after_it() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.unplug("1-1");
    let before = bench.machine("vm").clone();
    bench.effect();
    let alias = before.hostdevs[0].alias.clone().unwrap();
    bench.tell(crate::Event::HostdevChanged(
        crate::testing::machine("vm"),
        alias,
    ));
    let after = std::mem::replace(bench.machine("vm"), before);
    let super::bench::Call::Detach(op, _) = bench.calls.remove(0) else {
        panic!("a detach is under way");
    };
    let old = bench.read(&crate::testing::machine("vm"));
    *bench.machine("vm") = after;
    bench.tell(crate::Event::Done(
        op,
        crate::Outcome {
            result: Ok(()),
            after: old,
            instance_present: Fact::Unknown,
        },
    ));
    assert!(matches!(bench.reports.last(), Some(Report::Detached(..))));
    assert_eq!(bench.engine.next_wakeup(), None);
}
