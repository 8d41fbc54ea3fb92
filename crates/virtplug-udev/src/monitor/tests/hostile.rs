//! Messages from somebody else than udev, and messages that are none.

use rustix::process::Uid;
use rustix::thread::set_thread_res_uid;

use super::*;
use crate::testing::{Damage, Fake, Sender, in_namespaces, message};

#[test]
fn two_thousand_damaged_messages_end_with_a_scan() {
    in_namespaces(
        "monitor::tests::hostile::two_thousand_damaged_messages_end_with_a_scan",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[]);
            let udev = Sender::new();
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            assert_eq!(running.next_all(), ["1-1"]);
            let mut damage = Damage::new();
            for _ in 0..2000 {
                let action = damage.one_of(&["add", "remove", "move", ""]);
                let port = damage.one_of(&["1-1", "1-2", "usb1", "1-"]);
                udev.raw(&damage.of(&message(action, port, "usb", "usb_device")));
            }
            // Whatever each was taken for, what is plugged in is still seen.
            fake.add("1-2", 3, &[]);
            udev.usb("add", "1-2");
            running.handle.rescan();
            loop {
                match running.next() {
                    HostChange::All(scan) if scan.devices.len() == 2 => break,
                    HostChange::ScanFailed(reason) => panic!("{reason}"),
                    _ => {}
                }
            }
            running.handle.stop();
            running.thread.join().unwrap().unwrap();
        },
    );
}

#[test]
fn a_message_to_us_alone_says_nothing() {
    in_namespaces(
        "monitor::tests::hostile::a_message_to_us_alone_says_nothing",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[]);
            let monitor = Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap();
            let ours = Sender::address(&monitor.socket);
            let running = Running::start(monitor);
            assert_eq!(running.next_all(), ["1-1"]);
            let somebody = Sender::new();
            for port in ["1-1", "1-2"] {
                let message = message("remove", port, "usb", "usb_device");
                somebody.to(ours, &message);
                // Not what it says; as somebody tried something, everything is looked at.
                assert_eq!(running.next_all(), ["1-1"]);
            }
            running.stop();
        },
    );
}

#[test]
fn another_user_cannot_even_send() {
    in_namespaces(
        "monitor::tests::hostile::another_user_cannot_even_send",
        || {
            // Only this thread; that fails where just one user is known here.
            let nobody = Uid::from_raw(65534);
            if set_thread_res_uid(nobody, nobody, nobody).is_err() {
                println!("NOT RUN: there is no other user here");
                return;
            }
            let event = message("add", "1-1", "usb", "usb_device");
            assert_eq!(Sender::new().attempt(&event), Err(Errno::PERM));
        },
    );
}
