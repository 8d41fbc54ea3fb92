use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use virtplug_core::{Fact, RawText};

use super::*;
use crate::testing::{Fake, Sender, eventually, in_namespaces, message};

/// The kernel's least; a handful of messages.
const TINY: usize = 1;

/// Makes the monitor wait after a report.
#[derive(Default)]
struct Pause {
    wanted: AtomicBool,
    gate: Mutex<()>,
}

struct Running {
    reports: Receiver<HostReport>,
    handle: MonitorHandle,
    pause: Arc<Pause>,
    thread: JoinHandle<Result<(), MonitorError>>,
}

impl Running {
    fn start(monitor: Monitor) -> Self {
        let (send, reports) = mpsc::channel();
        let handle = monitor.handle();
        let pause = Arc::<Pause>::default();
        let gate = Arc::clone(&pause);
        let thread = monitor
            .spawn(move |report| {
                // Asked first: who has the report and then wants a pause means the next one.
                let pause = gate.wanted.load(Ordering::SeqCst);
                send.send(report).unwrap();
                if pause {
                    drop(gate.gate.lock().unwrap());
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        Self {
            reports,
            handle,
            pause,
            thread,
        }
    }

    fn next(&self) -> HostChange {
        let report = self.reports.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(report.received <= Instant::now());
        report.what
    }

    fn next_all(&self) -> Vec<String> {
        match self.next() {
            HostChange::All(scan) => scan.devices.iter().map(|d| d.port.to_string()).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// Does something while the monitor is busy with a report.
    fn pause(&self, act: impl FnOnce()) {
        let gate = self.pause.gate.lock().unwrap();
        self.pause.wanted.store(true, Ordering::SeqCst);
        self.handle.rescan();
        self.next_all();
        act();
        self.pause.wanted.store(false, Ordering::SeqCst);
        drop(gate);
    }

    /// Proves that nothing was reported: what is asked for now comes next.
    fn assert_quiet(&self) {
        // Whatever was sent before is in the socket already.
        self.handle.rescan();
        self.next_all();
    }

    fn stop(self) {
        self.handle.stop();
        self.thread.join().unwrap().unwrap();
        let rest: Vec<_> = self.reports.iter().collect();
        assert!(rest.is_empty(), "{rest:?}");
    }
}

fn port(text: &str) -> PortPath {
    text.parse().unwrap()
}

fn device_at(change: &HostChange) -> String {
    match change {
        HostChange::Device(device) => device.port.to_string(),
        other => panic!("{other:?}"),
    }
}

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
fn sysfs_decides_what_an_event_means() {
    in_namespaces("monitor::tests::sysfs_decides_what_an_event_means", || {
        let fake = Fake::new();
        fake.add("1-1", 2, &[]);
        let udev = Sender::new();
        let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
        assert_eq!(running.next_all(), ["1-1"]);

        for action in ["add", "change", "remove", "online"] {
            udev.usb(action, "1-1");
            assert_eq!(device_at(&running.next()), "1-1", "{action}");
            udev.usb(action, "1-2");
            assert_eq!(running.next(), HostChange::Gone(port("1-2")), "{action}");
        }
        udev.usb("bind", "1-1");
        udev.usb("unbind", "1-1");
        running.assert_quiet();
        udev.usb("move", "1-1");
        assert_eq!(running.next_all(), ["1-1"]);
        running.stop();
    });
}

#[test]
fn events_that_arrive_together_cause_one_look_per_port() {
    in_namespaces(
        "monitor::tests::events_that_arrive_together_cause_one_look_per_port",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[]);
            let udev = Sender::new();
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            assert_eq!(running.next_all(), ["1-1"]);
            running.pause(|| {
                for _ in 0..20 {
                    for action in ["remove", "add", "change"] {
                        udev.usb(action, "1-2");
                        udev.usb(action, "1-1");
                    }
                }
            });
            assert_eq!(running.next(), HostChange::Gone(port("1-2")));
            assert_eq!(device_at(&running.next()), "1-1");
            running.stop();
        },
    );
}

#[test]
fn an_overrun_is_reported_and_answered_with_a_scan() {
    in_namespaces(
        "monitor::tests::an_overrun_is_reported_and_answered_with_a_scan",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[]);
            let udev = Sender::new();
            let monitor = Monitor::open(fake.host(), TINY).unwrap();
            for number in 1..=200 {
                udev.usb("add", &format!("9-{number}"));
            }
            let running = Running::start(monitor);
            assert_eq!(running.next_all(), ["1-1"]);
            // What still fitted in is looked at, what was lost is not.
            let mut seen = 0;
            let overrun = loop {
                match running.next() {
                    HostChange::Gone(_) => seen += 1,
                    other => break other,
                }
            };
            println!("{seen} of 200 events arrived");
            assert!(seen < 200, "nothing was lost, so this test shows nothing");
            assert_eq!(overrun, HostChange::Overrun);
            assert_eq!(running.next_all(), ["1-1"]);

            // It goes on as before, and can happen again.
            fake.add("1-2", 3, &[]);
            udev.usb("add", "1-2");
            assert_eq!(device_at(&running.next()), "1-2");
            running.stop();
        },
    );
}

#[test]
fn a_device_whose_event_was_lost_is_found() {
    in_namespaces(
        "monitor::tests::a_device_whose_event_was_lost_is_found",
        || {
            let fake = Fake::new();
            let udev = Sender::new();
            let running = Running::start(Monitor::open(fake.host(), TINY).unwrap());
            assert_eq!(running.next_all(), Vec::<String>::new());
            running.pause(|| {
                for number in 1..=200 {
                    udev.usb("add", &format!("9-{number}"));
                }
                fake.add("1-1", 2, &[]);
                udev.usb("add", "1-1");
            });
            let mut last = running.next();
            while matches!(last, HostChange::Gone(_)) {
                last = running.next();
            }
            assert_eq!(last, HostChange::Overrun);
            assert_eq!(running.next_all(), ["1-1"]);
            running.stop();
        },
    );
}

#[test]
fn events_of_other_subsystems_do_not_even_take_room() {
    in_namespaces(
        "monitor::tests::events_of_other_subsystems_do_not_even_take_room",
        || {
            let fake = Fake::new();
            let udev = Sender::new();
            let monitor = Monitor::open(fake.host(), TINY).unwrap();
            for _ in 0..500 {
                udev.raw(&message("add", "1-1", "block", "disk"));
                udev.raw(&message("add", "1-1", "usb", "usb_interface"));
            }
            let running = Running::start(monitor);
            assert_eq!(running.next_all(), Vec::<String>::new());
            running.assert_quiet();
            running.stop();
        },
    );
}

#[test]
fn a_message_that_cannot_be_read_causes_a_scan() {
    in_namespaces(
        "monitor::tests::a_message_that_cannot_be_read_causes_a_scan",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[]);
            let udev = Sender::new();
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            assert_eq!(running.next_all(), ["1-1"]);

            let good = message("add", "1-1", "usb", "usb_device");
            let mut wrong_magic = good.clone();
            wrong_magic[8] ^= 1;
            let mut wrong_offset = good.clone();
            wrong_offset[16..20].copy_from_slice(&5000_u32.to_ne_bytes());
            let mut wrong_properties = good[..40].to_vec();
            wrong_properties.extend(b"ACTION=add\0no equals sign\0");
            let truncated = &good[..60];
            for bad in [
                &wrong_magic[..],
                &wrong_offset,
                &wrong_properties,
                truncated,
            ] {
                udev.raw(bad);
                assert_eq!(running.next_all(), ["1-1"], "{bad:?}");
                // Also behind a good one that is taken with it.
                fake.add("1-2", 3, &[]);
                running.pause(|| {
                    udev.raw(&good);
                    udev.raw(bad);
                });
                assert_eq!(running.next_all(), ["1-1", "1-2"], "{bad:?}");
                fake.remove("1-2");
            }
            running.stop();
        },
    );
}

#[test]
fn an_idle_monitor_does_not_wake_up() {
    in_namespaces("monitor::tests::an_idle_monitor_does_not_wake_up", || {
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
    });
}

#[test]
fn the_receive_buffer_is_told_as_granted() {
    in_namespaces(
        "monitor::tests::the_receive_buffer_is_told_as_granted",
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
