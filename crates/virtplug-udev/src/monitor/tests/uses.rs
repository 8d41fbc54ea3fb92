//! What the host does with devices changes while the monitor runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use virtplug_core::{Fact, Use};

use super::*;
use crate::testing::{Fake, Sender, in_namespaces, message};

/// A host whose tables are those of this process.
fn host_with_tables() -> Fake {
    let fake = Fake::new();
    let proc = fake.path("proc");
    fs::create_dir(&proc).unwrap();
    for name in ["self", "swaps", "net"] {
        symlink(std::path::Path::new("/proc").join(name), proc.join(name)).unwrap();
    }
    fake
}

/// Adds a disk with this number to the device at 1-1.
fn add_disk(fake: &Fake, number: &str) {
    fake.write("1-1:1.0", "host2/block/sdb/dev", number.as_bytes());
}

/// An event of the disk.
fn disk_event(action: &str) -> Vec<u8> {
    message(action, "1-1/1-1:1.0/host2/block/sdb", "block", "disk")
}

fn uses(change: &HostChange) -> Vec<String> {
    match change {
        HostChange::Device(device) => match &device.in_use {
            Fact::Known(uses) => uses.iter().map(Use::to_string).collect(),
            Fact::Unknown => vec!["unknown".to_owned()],
        },
        other => panic!("{other:?}"),
    }
}

fn disks(change: &HostChange) -> Vec<&str> {
    match change {
        HostChange::Device(device) => device.disks.iter().map(String::as_str).collect(),
        other => panic!("{other:?}"),
    }
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}

/// The device number of the tmpfs at `/run`.
fn number_of_run() -> String {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let line = mounts.lines().rfind(|line| line.contains(" /run "));
    line.unwrap().split(' ').nth(2).unwrap().to_owned()
}

#[test]
fn a_node_that_comes_after_its_device_is_noticed() {
    in_namespaces(
        "monitor::tests::uses::a_node_that_comes_after_its_device_is_noticed",
        || {
            let fake = host_with_tables();
            fake.add("1-1", 2, &[]);
            let udev = Sender::new();
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            assert_eq!(running.next_all(), ["1-1"]);
            // Nobody uses the disk: only its name is told, once.
            add_disk(&fake, "0:0");
            udev.raw(&disk_event("add"));
            let found = running.next();
            assert_eq!(uses(&found), Vec::<String>::new());
            assert_eq!(disks(&found), ["/dev/sdb"]);
            udev.raw(&disk_event("change"));
            running.assert_quiet();
            // Its number says that it is mounted, and the event to look again.
            add_disk(&fake, &number_of_run());
            udev.raw(&disk_event("change"));
            assert_eq!(uses(&running.next()), ["sdb is mounted at /run"]);
            udev.raw(&disk_event("change"));
            running.assert_quiet();
            running.stop();
        },
    );
}

#[test]
fn mounting_and_unmounting_is_told_without_any_event_of_udev() {
    in_namespaces(
        "monitor::tests::uses::mounting_and_unmounting_is_told_without_any_event_of_udev",
        || {
            let fake = host_with_tables();
            fake.add("1-1", 2, &[]);
            fake.add("1-2", 3, &[]);
            add_disk(&fake, &number_of_run());
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            assert_eq!(running.next_all(), ["1-1", "1-2"]);
            let at = fake.path("mnt");
            fs::create_dir(&at).unwrap();
            let at = at.to_str().unwrap();
            for _ in 0..3 {
                run("mount", &["--bind", "/run", at]);
                assert_eq!(uses(&running.next()).len(), 2);
                run("umount", &[at]);
                assert_eq!(uses(&running.next()), ["sdb is mounted at /run"]);
            }
            running.stop();
        },
    );
}

#[test]
fn a_file_system_that_ends_without_any_sign_is_noticed() {
    in_namespaces(
        "monitor::tests::uses::a_file_system_that_ends_without_any_sign_is_noticed",
        || {
            let fake = host_with_tables();
            fake.add("1-1", 2, &[]);
            add_disk(&fake, "0:0");
            let active = fake.path("sys/fs/ext4/sdb");
            fs::create_dir_all(&active).unwrap();
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            assert_eq!(running.next_all(), ["1-1"]);
            running.assert_quiet();
            fs::remove_dir(active).unwrap();
            assert!(uses(&running.next()).is_empty());
            running.stop();
        },
    );
}

#[test]
fn a_storm_of_mounts_is_looked_at_now_and_then() {
    in_namespaces(
        "monitor::tests::uses::a_storm_of_mounts_is_looked_at_now_and_then",
        || {
            let fake = host_with_tables();
            fake.add("1-1", 2, &[]);
            add_disk(&fake, &number_of_run());
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            assert_eq!(running.next_all(), ["1-1"]);
            let at = fake.path("mnt");
            fs::create_dir(&at).unwrap();
            let start = Instant::now();
            let script = "for i in $(seq 100); do mount --bind /run $0; umount $0; done; mount --bind /run $0";
            run("sh", &["-c", script, at.to_str().unwrap()]);
            let mut told = Vec::new();
            while let Ok(report) = running.reports.recv_timeout(Duration::from_secs(1)) {
                told.push(uses(&report.what).len());
            }
            assert_eq!(told.last(), Some(&2));
            let took = start.elapsed().saturating_sub(Duration::from_secs(1));
            let most = took.as_millis() / 90 + 2;
            assert!(
                (told.len() as u128) <= most,
                "{told:?}, expected {most} at most"
            );
            running.stop();
        },
    );
}

#[test]
fn an_address_is_told_when_it_comes_and_goes() {
    in_namespaces(
        "monitor::tests::uses::an_address_is_told_when_it_comes_and_goes",
        || {
            let fake = host_with_tables();
            fake.add("1-1", 2, &[]);
            fake.write("1-1:1.0", "net/lo/address", b"");
            let running = Running::start(Monitor::open(fake.host(), RECEIVE_BUFFER).unwrap());
            assert_eq!(running.next_all(), ["1-1"]);
            run("ip", &["link", "set", "lo", "up"]);
            let told = uses(&running.next());
            assert_eq!(told, ["the network interface lo has the address 127.0.0.1"]);
            run("ip", &["link", "set", "lo", "down"]);
            assert_eq!(uses(&running.next()), Vec::<String>::new());
            running.stop();
        },
    );
}

#[test]
fn a_storm_of_other_nodes_takes_no_room_from_usb_devices() {
    in_namespaces(
        "monitor::tests::uses::a_storm_of_other_nodes_takes_no_room_from_usb_devices",
        || {
            let fake = host_with_tables();
            fake.add("1-1", 2, &[]);
            let udev = Sender::new();
            let monitor = Monitor::open(fake.host(), 1).unwrap();
            for _ in 0..5000 {
                udev.raw(&message("add", "1-1", "net", ""));
            }
            let running = Running::start(monitor);
            assert_eq!(running.next_all(), ["1-1"]);
            running.assert_quiet();
            running.stop();
        },
    );
}
