//! Devices that another machine has as a disk.

use super::bench::{Bench, serial};
use super::guard::{allowing, refused_for, running};
use crate::testing::device;
use crate::{Device, Obstacle, Use};

const STICK: &str = "/dev/disk/by-id/usb-stick-0:0";

/// The device of these tests, a disk that udev gave these names.
fn disk(names: &[&str]) -> Device {
    Device {
        disks: names.iter().map(|name| (*name).to_owned()).collect(),
        ..device("1-1", 5, "A")
    }
}

impl Bench {
    /// A machine has these files as disks.
    fn give_disks(&mut self, name: &str, files: &[&str]) {
        self.machine(name).disks = files.iter().map(|file| (*file).to_owned()).collect();
        self.changed(name);
        self.run();
    }
}

fn disk_of(name: &str) -> Obstacle {
    refused_for(&[Use::MachineDisk {
        machine: name.into(),
    }])
}

#[test]
fn a_disk_of_another_machine_stays_there_until_that_lets_go() {
    let mut bench = running();
    bench.start("other");
    bench.give_disks("other", &["/dev/vdb", STICK]);
    bench.plug(disk(&["/dev/sdb", STICK]));
    assert_eq!(bench.run(), Vec::<String>::new());
    assert_eq!(bench.obstacle("1-1"), Some(disk_of("other")));
    assert_eq!(
        bench.told_of_uses(),
        ["refused: machine other has it as a disk"]
    );
    bench.give_disks("other", &["/dev/vdb"]);
    assert_eq!(bench.obstacle("1-1"), None);
    // The end of the machine is one, too.
    bench.unplug("1-1");
    bench.run();
    bench.give_disks("other", &[STICK]);
    bench.plug(disk(&["/dev/sdb", STICK]));
    assert_eq!(bench.obstacle("1-1"), Some(disk_of("other")));
    bench.stop("other");
    bench.run();
    assert_eq!(bench.obstacle("1-1"), None);
}

#[test]
fn the_names_of_a_disk_may_come_after_the_device() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("other");
    bench.give_disks("other", &[STICK]);
    bench.plug(disk(&[]));
    bench.plug(disk(&["/dev/sdb", STICK]));
    bench.start("vm");
    bench.run();
    assert_eq!(bench.obstacle("1-1"), Some(disk_of("other")));
    // Another disk has the name by now.
    bench.plug(disk(&["/dev/sdb"]));
    bench.run();
    assert_eq!(bench.obstacle("1-1"), None);
}

#[test]
fn a_rule_can_allow_to_take_the_disk_of_a_machine() {
    let mut bench = Bench::new(vec![allowing()]);
    bench.start("vm");
    bench.start("other");
    bench.give_disks("other", &[STICK]);
    bench.plug(disk(&[STICK]));
    bench.run();
    assert_eq!(bench.obstacle("1-1"), None);
    assert_eq!(
        bench.told_of_uses(),
        ["taken: machine other has it as a disk"]
    );
}
