//! Devices that a machine leaves without a driver of the host.

use super::bench::{Bench, serial};
use crate::testing::device;
use crate::{Device, Fact, MachineKey};

fn left_by(bench: &Bench) -> Option<MachineKey> {
    let view = bench.engine.devices().next().unwrap();
    view.left_by.cloned()
}

fn attached() -> Bench {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench
}

/// What a scan finds from now on.
fn set_bound(bench: &mut Bench, bound: bool) -> Device {
    let device = bench.devices.values_mut().next().unwrap();
    device.bound = Fact::Known(bound);
    // The driver makes the disk.
    device.disks = bound.then(|| "/dev/sdb".to_owned()).into_iter().collect();
    device.clone()
}

#[test]
fn a_killed_machine_leaves_its_device_without_a_driver_until_it_has_one() {
    let mut bench = attached();
    set_bound(&mut bench, false);
    bench.stop("vm");
    assert_eq!(left_by(&bench), Some(crate::testing::machine("vm")));
    let bound = set_bound(&mut bench, true);
    bench.plug(bound);
    assert_eq!(left_by(&bench), None);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn a_machine_that_gives_back_leaves_nothing() {
    let mut bench = attached();
    bench.stop("vm");
    assert_eq!(left_by(&bench), None);
}

#[test]
fn a_device_that_never_had_a_driver_is_not_told_of() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.plug(device("1-1", 5, "A"));
    let unbound = set_bound(&mut bench, false);
    bench.plug(unbound);
    assert_eq!(left_by(&bench), None);
}

#[test]
fn the_next_start_takes_it_back() {
    let mut bench = attached();
    set_bound(&mut bench, false);
    bench.stop("vm");
    bench.start("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(left_by(&bench), None);
    bench.stop("vm");
    assert_eq!(left_by(&bench), Some(crate::testing::machine("vm")));
}

/// Each failed attach makes a scan, and drivers come and go meanwhile.
#[test]
fn a_driver_that_comes_and_goes_does_not_end_a_pause() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    for bound in [false, true, false, true, false] {
        set_bound(&mut bench, bound);
        bench.fail();
        assert_eq!(bench.waiting(), [""; 0]);
        bench.pass_seconds(20);
    }
    assert_eq!(
        bench
            .engine
            .device_view(&"1-1".parse().unwrap())
            .unwrap()
            .failures,
        5
    );
}
