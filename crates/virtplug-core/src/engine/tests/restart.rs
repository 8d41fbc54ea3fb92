//! A new daemon in a world that an earlier one left.

use super::bench::{Bench, again, serial};
use crate::testing::device;

fn left_behind() -> Bench {
    let mut bench = Bench::new(vec![serial("A", "a"), serial("B", "a")]);
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 5, "A"));
    bench.plug(device("1-2", 6, "B"));
    bench.run();
    bench
}

#[test]
fn what_is_right_is_left_alone() {
    let mut bench = left_behind();
    bench.restart(vec![serial("A", "a"), serial("B", "a")]);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.summary().attached, 2);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn what_is_stale_goes_and_what_is_missing_comes() {
    let mut bench = left_behind();
    let fresh = again(&device("1-1", 5, "A"));
    bench.devices.insert(fresh.port.clone(), fresh);
    bench.devices.remove(&"1-2".parse().unwrap());
    bench.restart(vec![serial("A", "a"), serial("B", "a")]);
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from a: the device was reset or plugged in again",
            "detach 1-2 from a: the device was unplugged",
            "attach 1-1:5 to a"
        ]
    );
}

#[test]
fn what_belongs_elsewhere_now_is_moved() {
    let mut bench = left_behind();
    bench.restart(vec![serial("A", "b"), serial("B", "a")]);
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from a: the device belongs to another machine now",
            "attach 1-1:5 to b"
        ]
    );
}

#[test]
fn a_placeholder_of_a_restored_machine_goes() {
    let mut bench = left_behind();
    bench.machine("a").hostdevs[0].missing = true;
    bench.restart(vec![serial("A", "a"), serial("B", "a")]);
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from a: libvirt found no device for it",
            "attach 1-1:5 to a"
        ]
    );
}

#[test]
fn before_the_first_scan_nothing_is_stale() {
    let mut bench = left_behind();
    bench.scan_fails = true;
    bench.restart(vec![serial("A", "a"), serial("B", "a")]);
    bench.pass_seconds(30);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.scan_fails = false;
    bench.pass_seconds(80);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.summary().attached, 2);
}
