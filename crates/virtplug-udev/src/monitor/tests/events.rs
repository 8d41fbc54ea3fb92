//! Events, and the loss of them.

use virtplug_core::{Fact, RawText};

use super::*;
use crate::testing::{Fake, Sender, in_namespaces, message};

/// The kernel's least; a handful of messages.
const TINY: usize = 1;

#[test]
fn sysfs_decides_what_an_event_means() {
    in_namespaces(
        "monitor::tests::events::sysfs_decides_what_an_event_means",
        || {
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
        },
    );
}

#[test]
fn events_that_arrive_together_cause_one_look_per_port() {
    in_namespaces(
        "monitor::tests::events::events_that_arrive_together_cause_one_look_per_port",
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
fn a_storm_of_changes_of_a_device_is_a_few_looks_and_the_last_one_sees_the_end() {
    in_namespaces(
        "monitor::tests::events::a_storm_of_changes_of_a_device_is_a_few_looks_and_the_last_one_sees_the_end",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[]);
            let udev = Sender::new();
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            assert_eq!(running.next_all(), ["1-1"]);
            udev.usb("add", "1-1");
            assert_eq!(device_at(&running.next()), "1-1");
            let begin = Instant::now();
            for number in 0..200 {
                let serial = format!("A{number}");
                fake.replace("1-1", "serial", serial.as_bytes());
                udev.usb("change", "1-1");
            }
            let mut looks = 0;
            let last = Fact::Known(Some(RawText::from("A199")));
            loop {
                looks += 1;
                match running.next() {
                    HostChange::Device(device) if device.serial == last => break,
                    HostChange::Device(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            // One for each quarter of a second that all this took.
            let most = 2 + begin.elapsed().as_millis() / 250;
            assert!(looks <= most, "{looks} looks");
            running.stop();
        },
    );
}

#[test]
fn an_overrun_is_reported_and_answered_with_a_scan() {
    in_namespaces(
        "monitor::tests::events::an_overrun_is_reported_and_answered_with_a_scan",
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
        "monitor::tests::events::a_device_whose_event_was_lost_is_found",
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
        "monitor::tests::events::events_of_other_subsystems_do_not_even_take_room",
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
        "monitor::tests::events::a_message_that_cannot_be_read_causes_a_scan",
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
