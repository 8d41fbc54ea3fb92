//! What needs no events.

use std::fs;
use std::time::Duration;

use virtplug_core::{Fact, RawText};

use super::*;
use crate::testing::{Fake, eventually, in_namespaces};

#[test]
fn a_monitor_scans_first_then_on_request_and_stops() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[]);
    let monitor = Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap();
    // Asked before the start: the first scan answers it, and reads what came after opening.
    fake.add("1-2", 3, &[]);
    let running = Running::start(monitor);
    assert_eq!(running.next_all(), ["1-1", "1-2"]);
    fake.remove("1-1");
    running.handle.rescan();
    assert_eq!(running.next_all(), ["1-2"]);
    running.handle.look(port("1-1"));
    assert_eq!(running.next(), HostChange::Gone(port("1-1")));
    running.handle.look(port("1-2"));
    assert_eq!(device_at(&running.next()), "1-2");
    fake.break_attribute("1-2", "devnum");
    running.handle.look(port("1-2"));
    let unreadable = running.next();
    assert!(
        matches!(&unreadable, HostChange::Unreadable(u) if u.port == port("1-2")),
        "{unreadable:?}"
    );
    running.stop();
}

#[test]
fn a_report_can_end_the_monitor() {
    let fake = Fake::new();
    let monitor = Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap();
    let mut reports = 0;
    let end = monitor.run(|_| {
        reports += 1;
        ControlFlow::Break(())
    });
    assert!(end.is_ok());
    assert_eq!(reports, 1);
}

#[test]
fn a_failed_scan_is_made_up_for_by_the_next_look() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[]);
    fake.add("1-2", 3, &[]);
    let away = fake.path("away");
    let list = fake.path("sys/bus/usb");
    fs::rename(&list, &away).unwrap();
    let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
    let failed = running.next();
    let HostChange::ScanFailed(reason) = failed else {
        panic!("{failed:?}")
    };
    assert!(reason.contains("bus/usb/devices"), "{reason}");
    assert!(reason.contains("No such file"), "{reason}");
    fs::rename(&away, &list).unwrap();
    running.handle.look(port("1-1"));
    assert_eq!(running.next_all(), ["1-1", "1-2"]);
    running.handle.look(port("1-1"));
    assert_eq!(device_at(&running.next()), "1-1");
    running.stop();
}

#[test]
fn a_device_that_was_stuck_is_reported_again_when_it_answers() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[]);
    let pipe = fake.block("1-1", "serial");
    let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
    let HostChange::All(scan) = running.next() else {
        panic!()
    };
    assert_eq!(scan.devices[0].serial, Fact::Unknown);
    let writer = fs::File::options().write(true).open(pipe).unwrap();
    fake.replace("1-1", "serial", b"A1");
    drop(writer);
    let HostChange::Device(device) = running.next() else {
        panic!()
    };
    assert_eq!(device.serial, Fact::Known(Some(RawText::from("A1"))));
    running.stop();
}

#[test]
fn an_idle_monitor_does_not_wake_up() {
    in_namespaces(
        "monitor::tests::requests::an_idle_monitor_does_not_wake_up",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[]);
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            running.next_all();
            let switches = || -> Vec<String> {
                let tasks = fs::read_dir("/proc/self/task").unwrap();
                let threads = tasks.filter_map(|task| {
                    let path = task.unwrap().path();
                    let name = fs::read_to_string(path.join("comm")).ok()?;
                    let status = fs::read_to_string(path.join("status")).ok()?;
                    let count = status.lines().find(|l| l.starts_with("voluntary"))?;
                    name.starts_with(THREAD_NAME)
                        .then(|| format!("{} {count}", name.trim()))
                });
                threads.collect()
            };
            eventually("both threads are asleep", || {
                let before = switches();
                std::thread::sleep(Duration::from_millis(50));
                before.len() == 2 && before == switches()
            });
            let before = switches();
            std::thread::sleep(Duration::from_secs(2));
            assert_eq!(switches(), before);
            running.stop();
        },
    );
}

#[test]
fn the_receive_buffer_is_told_as_granted() {
    in_namespaces(
        "monitor::tests::requests::the_receive_buffer_is_told_as_granted",
        || {
            let fake = Fake::new();
            let of = |bytes| Monitor::open(fake.host(), bytes).unwrap().receive_buffer();
            let small = of(64 << 10);
            assert_eq!(small.bytes, 128 << 10);
            let large = of(RECEIVE_BUFFER);
            println!("granted: {large:?}");
            let limit = fs::read_to_string("/proc/sys/net/core/rmem_max").unwrap();
            let limit: usize = limit.trim().parse().unwrap();
            let asked = if large.forced {
                RECEIVE_BUFFER
            } else {
                RECEIVE_BUFFER.min(limit)
            };
            assert_eq!(large.bytes, 2 * asked);
        },
    );
}
