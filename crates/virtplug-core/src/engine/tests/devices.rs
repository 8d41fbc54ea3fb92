//! Devices that cannot be read, and scans that fail.

use super::bench::{Bench, again, serial};
use crate::testing::{device, machine};
use crate::{Assignment, CallError, Device, Event, Fact, Obstacle, PortPath, Report, UdevRecord};

fn attached() -> Bench {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench
}

fn port() -> PortPath {
    "1-1".parse().unwrap()
}

#[test]
fn a_scan_that_fails_decides_nothing_and_is_repeated_with_growing_pauses() {
    let mut bench = attached();
    bench.scan_fails = true;
    bench.devices.clear();
    let before = bench.scans;
    bench.tell(Event::ScanFailed("out of files".into()));
    bench.pass_seconds(300);
    assert_eq!(bench.waiting(), [""; 0]);
    let scans = bench.scans - before;
    assert!((9..20).contains(&scans), "{scans}");
    let failed = |report: &&Report| matches!(report, Report::LookFailed(_));
    assert_eq!(bench.reports.iter().filter(failed).count(), 1);
    bench.scan_fails = false;
    bench.pass_seconds(80);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from vm: the device was unplugged"]
    );
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn an_unreadable_device_keeps_its_entry() {
    let mut bench = attached();
    bench.unreadable.insert(port());
    bench.devices.clear();
    bench.tell(Event::DeviceUnreadable(port()));
    bench.pass_seconds(600);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.unreadable.clear();
    bench.pass_seconds(80);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from vm: the device was unplugged"]
    );
    assert_eq!(bench.engine.next_wakeup(), None);
}

/// No event tells when a device can be read again.
#[test]
fn an_unreadable_device_is_read_again() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.unreadable.insert(port());
    bench.tell(Event::DeviceUnreadable(port()));
    bench.pass_seconds(100);
    bench.unreadable.clear();
    bench.devices.insert(port(), device("1-1", 5, "A"));
    bench.pass_seconds(80);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

/// An entry of an earlier instance stays while its port cannot be read, and
/// goes when that reads as what was known before.
#[test]
fn a_stale_entry_goes_once_its_port_reads_as_before() {
    let mut bench = attached();
    let fresh = again(&device("1-1", 5, "A"));
    bench.devices.insert(port(), fresh.clone());
    bench.mute.insert(machine("vm"));
    bench.restart(vec![serial("A", "vm")]);
    bench.tell(Event::DeviceUnreadable(port()));
    let read = bench.read(&machine("vm"));
    bench.tell(Event::MachineRead(machine("vm"), read));
    assert_eq!(bench.waiting(), [""; 0]);
    bench.tell(Event::Device(fresh));
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from vm: the device was reset or plugged in again",
            "attach 1-1:5 to vm"
        ]
    );
}

#[test]
fn reading_the_same_again_ends_unreadable() {
    let mut bench = attached();
    bench.tell(Event::DeviceUnreadable(port()));
    assert!(bench.engine.next_wakeup().is_some());
    bench.tell(Event::Device(device("1-1", 5, "A")));
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn an_unknown_serial_neither_attaches_nor_detaches_and_is_read_again() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    let mut stick = device("1-1", 5, "A");
    stick.serial = Fact::Unknown;
    bench.plug(stick.clone());
    assert_eq!(bench.waiting(), [""; 0]);
    let view = bench.engine.devices().next().unwrap();
    assert!(matches!(view.assignment, Assignment::Unknown(..)));
    bench.devices.insert(port(), device("1-1", 5, "A"));
    bench.pass_seconds(1);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    bench.plug(stick);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

/// The event of udev came, and its record could not be read then.
#[test]
fn an_unread_record_of_udev_is_read_again() {
    let mut rule = serial("A", "vm");
    rule.matcher.tags = vec!["virtplug".into()];
    let mut bench = Bench::new(vec![rule]);
    bench.start("vm");
    let mut tagged = device("1-1", 5, "A");
    tagged.udev = Fact::Known(UdevRecord {
        tags: ["virtplug".to_owned()].into(),
        ..UdevRecord::default()
    });
    bench.plug(Device {
        udev: Fact::Unknown,
        processed: false,
        ..tagged.clone()
    });
    assert_eq!(bench.waiting(), [""; 0]);
    bench.devices.insert(port(), tagged);
    bench.pass_seconds(1);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

#[test]
fn what_cannot_be_read_of_authorized_is_not_assumed() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.plug(device("1-1", 5, "A"));
    let mut stick = device("1-1", 5, "A");
    stick.authorized = Fact::Unknown;
    bench.plug(stick);
    bench.start("vm");
    assert_eq!(bench.waiting(), [""; 0]);
    bench.devices.insert(port(), device("1-1", 5, "A"));
    bench.pass_seconds(1);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

/// A synthetic `remove` wipes the record of udev; the device stays.
#[test]
fn a_wiped_record_of_udev_takes_nothing_out() {
    let mut bench = attached();
    let mut stick = device("1-1", 5, "A");
    stick.udev = Fact::Unknown;
    stick.processed = false;
    bench.plug(stick);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.summary().attached, 1);
}

#[test]
fn equal_news_lead_to_nothing() {
    let mut bench = attached();
    let reports = bench.reports.len();
    for _ in 0..10 {
        bench.plug(device("1-1", 5, "A"));
        bench.changed("vm");
        let present = bench.devices.values().cloned().collect();
        bench.tell(Event::Devices {
            present,
            unreadable: Vec::new(),
        });
    }
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.reports.len(), reports);
}

/// A detach that failed, of an entry that cannot be judged any more, makes a
/// device wait, but not longer than it should.
#[test]
fn an_unreadable_port_does_not_stop_the_attach_of_what_was_read() {
    let mut bench = attached();
    bench.plug(device("1-1", 6, "A"));
    bench.tell(Event::DeviceUnreadable(port()));
    bench.unreadable.insert(port());
    bench.devices.clear();
    bench.fail();
    assert!(matches!(
        bench.obstacle("1-1"),
        Some(Obstacle::Occupied { own: true, .. })
    ));
    bench.pass_seconds(1);
    assert_eq!(bench.waiting(), ["attach 1-1:6 to vm"]);
}

/// A device has a number that another one is still known by, as when all are
/// enumerated anew: its call ends, and the other one is not forgotten.
#[test]
fn a_device_whose_number_another_one_has_by_now_is_settled_after_it() {
    let mut bench = Bench::new(vec![serial("A", "vm"), serial("B", "other")]);
    bench.start("other");
    bench.plug(device("1-1", 5, "A"));
    bench.plug(device("1-3", 5, "B"));
    assert_eq!(bench.waiting(), ["attach 1-3:5 to other"]);
    bench.start("vm");
    assert_eq!(bench.waiting(), ["attach 1-3:5 to other"]);
    bench.end_call(Err(CallError::InstanceChanged));
    assert_eq!(bench.waiting(), ["attach 1-1:5 to vm"]);
}
