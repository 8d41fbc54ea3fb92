//! Decisions of others are not fought over.

use super::bench::{Bench, serial};
use crate::testing::{device, machine};
use crate::{Event, Hostdev, Obstacle, Report};

/// A device of ours in machine `vm` that somebody takes out by hand.
fn taken_out() -> (Bench, Hostdev) {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    let entry = bench.machine("vm").hostdevs.remove(0);
    let alias = entry.alias.clone().unwrap();
    bench.tell(Event::HostdevChanged(machine("vm"), alias));
    (bench, entry)
}

#[test]
fn a_device_that_somebody_detached_stays_out() {
    let (mut bench, _) = taken_out();
    assert!(matches!(bench.reports.last(), Some(Report::Held(..))));
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::Held));
    bench.changed("vm");
    bench.load(vec![serial("A", "vm")]);
    bench.pass_seconds(3600);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn plugging_it_in_again_ends_a_hold() {
    let (mut bench, _) = taken_out();
    bench.unplug("1-1");
    bench.plug(device("1-1", 6, "A"));
    assert_eq!(bench.run(), ["attach 1-1:6 to vm"]);
}

#[test]
fn a_new_run_of_the_machine_ends_a_hold() {
    let (mut bench, _) = taken_out();
    bench.stop("vm");
    bench.start("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

#[test]
fn a_new_run_that_was_not_seen_to_begin_ends_a_hold() {
    let (mut bench, _) = taken_out();
    bench.machine("vm").run.id += 1;
    bench.changed("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

#[test]
fn attaching_it_by_hand_ends_a_hold() {
    let (mut bench, entry) = taken_out();
    bench.machine("vm").hostdevs.push(entry);
    bench.changed("vm");
    assert_eq!(bench.obstacle("1-1"), None);
    bench.unplug("1-1");
    assert_eq!(bench.run().len(), 1);
}

#[test]
fn a_hold_is_for_one_machine() {
    let (mut bench, _) = taken_out();
    bench.start("other");
    bench.load(vec![serial("A", "other")]);
    assert_eq!(bench.run(), ["attach 1-1:5 to other"]);
}

#[test]
fn what_we_detached_ourselves_is_not_held() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.load(Vec::new());
    bench.run();
    bench.load(vec![serial("A", "vm")]);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

/// The detach was called off by a second reload, and came all the same.
#[test]
fn a_detach_that_was_called_off_too_late_is_not_held() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.load(Vec::new());
    bench.load(vec![serial("A", "vm")]);
    bench.end_call(Ok(()));
    assert_eq!(bench.waiting(), [""; 0]);
    bench.machine("vm").hostdevs.clear();
    bench.changed("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

/// A request that nobody wants any more is not ours for ever.
#[test]
fn a_detach_that_was_called_off_is_forgotten() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.load(Vec::new());
    bench.load(vec![serial("A", "vm")]);
    bench.fail();
    assert_eq!(bench.engine.summary().leaving, 1);
    bench.pass_seconds(60);
    assert_eq!(bench.engine.summary().leaving, 0);
    assert_eq!(bench.engine.next_wakeup(), None);
    bench.machine("vm").hostdevs.clear();
    bench.changed("vm");
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::Held));
}

/// After a restart of libvirtd a new run may have the id of the one before.
#[test]
fn what_goes_while_nobody_watches_is_not_held() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.lose_libvirt();
    bench.machine("vm").hostdevs.clear();
    bench.libvirt_up = true;
    bench.pass_seconds(10);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

/// A machine that is saved and started has its entries back. A detach of before
/// may meet them then, and nobody else did that.
#[test]
fn a_detach_that_lands_in_the_next_run_is_ours() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    let saved = bench.machine("vm").hostdevs.clone();
    bench.hold("1-1", "host");
    assert_eq!(bench.waiting().len(), 1);
    bench.stop("vm");
    bench.start("vm");
    bench.machine("vm").hostdevs = saved;
    bench.end_call(Ok(()));
    // With the run ended what was decided by hand; the device is where it belongs.
    assert_eq!(bench.waiting(), [""; 0]);
    bench.machine("vm").hostdevs.clear();
    bench.reports.clear();
    bench.changed("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    let held = |report: &Report| matches!(report, Report::Held(..));
    assert!(!bench.reports.iter().any(held), "{:?}", bench.reports);
}
