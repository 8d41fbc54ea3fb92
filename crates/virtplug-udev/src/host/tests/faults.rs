//! Devices that fail, hang, vanish or are replaced, and a process without resources.

use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;
use crate::testing::{Fake, eventually, in_child};

#[test]
fn a_failed_string_is_unknown_and_spoils_nothing_else() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[("product", b"Stick")]);
    fake.break_attribute("1-1", "serial");
    let device = present(&fake.host(), "1-1");
    assert_eq!(device.serial, Fact::Unknown);
    assert_eq!(device.product_name, serial(b"Stick"));
}

#[test]
fn a_broken_device_is_unreadable_and_the_others_are_read() {
    for name in [
        "busnum",
        "devnum",
        "idVendor",
        "idProduct",
        "bDeviceClass",
        "bDeviceSubClass",
        "bDeviceProtocol",
    ] {
        for damage in [
            |fake: &Fake, name: &str| fake.break_attribute("1-2", name),
            |fake: &Fake, name: &str| fake.erase("1-2", name),
            |fake: &Fake, name: &str| fake.write("1-2", name, b"\x1b?"),
        ] {
            let fake = Fake::new();
            for (at, number) in [("1-1", 2), ("1-2", 3), ("1-3", 4)] {
                fake.add(at, number, &[]);
            }
            damage(&fake, name);
            let host = fake.host();
            let scan = host.scan().unwrap();
            assert_eq!(ports(&scan), ["1-1", "1-3"]);
            let [broken] = &scan.unreadable[..] else {
                panic!("{:?}", scan.unreadable)
            };
            assert_eq!(broken.port, port("1-2"));
            assert!(broken.reason.contains(name), "{}", broken.reason);
            assert!(!broken.reason.contains('\x1b'), "{}", broken.reason);
            let single = host.read(&port("1-2"));
            assert_eq!(single, Presence::Unreadable(broken.reason.clone()));
        }
    }
}

#[test]
fn a_link_to_nothing_is_not_an_absent_device() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[]);
    fs::remove_dir_all(fake.directory("1-1")).unwrap();
    let read = fake.host().read(&port("1-1"));
    assert!(matches!(read, Presence::Unreadable(_)), "{read:?}");
}

#[test]
fn only_sysfs_says_that_a_device_is_gone() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[]);
    let host = fake.host();
    assert!(matches!(host.read(&port("1-1")), Presence::Present(_)));
    fake.remove("1-1");
    assert_eq!(host.read(&port("1-1")), Presence::Gone);
    assert_eq!(host.scan().unwrap(), Scan::default());
}

/// Runs `change` while the device at 1-1 is being read.
fn read_during(fake: &Fake, change: impl FnOnce() + Send) -> Presence {
    let pipe = fake.block("1-1", "serial");
    let host = fake.host();
    thread::scope(|scope| {
        scope.spawn(move || {
            // Opens only when the other side is being opened, too.
            let mut pipe = fs::File::options().write(true).open(pipe).unwrap();
            change();
            pipe.write_all(b"old\n").unwrap();
        });
        host.read(&port("1-1"))
    })
}

#[test]
fn a_device_that_vanishes_while_it_is_read_is_gone() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[]);
    assert_eq!(read_during(&fake, || fake.remove("1-1")), Presence::Gone);
}

#[test]
fn a_device_is_never_mixed_from_two_instances() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[("product", b"old")]);
    let read = read_during(&fake, || {
        fake.remove("1-1");
        fake.add("1-1", 3, &[("serial", b"new"), ("product", b"new")]);
    });
    let Presence::Present(device) = read else {
        panic!("{read:?}")
    };
    assert_eq!(device.address.device, DeviceNumber(3));
    assert_eq!(device.serial, serial(b"new"));
    assert_eq!(device.product_name, serial(b"new"));
    let now = fake.host().instance(&device.syspath).unwrap();
    assert_eq!(now, Some(device.instance));
}

#[test]
fn an_enumeration_is_a_new_instance_even_with_the_same_numbers() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[("serial", b"A1")]);
    let host = fake.host();
    let first = present(&host, "1-1");
    assert_eq!(host.instance(&first.syspath).unwrap(), Some(first.instance));
    assert_eq!(fake.host().scan().unwrap().devices[0], first);

    fake.remove("1-1");
    assert_eq!(host.instance(&first.syspath).unwrap(), None);
    fake.add("1-1", 2, &[("serial", b"A1")]);
    let second = present(&host, "1-1");
    assert_ne!(second.instance, first.instance);
    assert_eq!(second.address, first.address);
    let now = host.instance(&first.syspath).unwrap();
    assert_eq!(now, Some(second.instance));

    fs::write(fake.path("boot_id"), "boot-2\n").unwrap();
    assert_ne!(present(&fake.host(), "1-1").instance, second.instance);
}

#[test]
fn a_host_without_usb_or_boot_id_says_so() {
    let fake = Fake::new();
    let host = fake.host();
    fs::remove_dir_all(fake.path("sys/bus/usb")).unwrap();
    let error = host.scan().unwrap_err();
    assert!(matches!(error, ScanError::List { .. }));
    assert!(error.to_string().contains("sys/bus/usb/devices"), "{error}");

    fs::remove_file(fake.path("boot_id")).unwrap();
    let error = Host::open(fake.paths()).unwrap_err();
    assert!(error.to_string().contains("boot_id"), "{error}");
}

#[test]
fn a_device_is_waited_for_only_where_udev_runs() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[]);
    assert!(!fake.host().udev_runs());
    assert!(present(&fake.host(), "1-1").processed);
    let fake = fake.with_udev();
    assert!(fake.host().udev_runs());
    let device = present(&fake.host(), "1-1");
    assert!(!device.processed);
    assert_eq!(device.udev, Fact::Unknown);
}

#[test]
fn udev_in_another_network_namespace_is_not_heard() {
    let fake = Fake::new();
    let host = |fake: &Fake| {
        let paths = HostPaths {
            procfs: "/proc".into(),
            ..fake.paths()
        };
        Host::open(paths).unwrap()
    };
    assert!(host(&fake).hears_udev());
    let udev = std::os::unix::net::UnixListener::bind(fake.path("run/udev/control")).unwrap();
    assert!(host(&fake).hears_udev());
    // Its file stays; in the list of this namespace there is none any more.
    drop(udev);
    assert!(!host(&fake).hears_udev());
    // Nothing is said where it cannot be seen.
    assert!(fake.host().hears_udev());
}

#[test]
fn a_stuck_device_delays_no_other_and_is_read_when_it_answers() {
    // Alone in its process, to count the threads.
    in_child(
        "host::tests::faults::a_stuck_device_delays_no_other_and_is_read_when_it_answers",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[]);
            fake.add("1-2", 3, &[("serial", b"A1")]);
            let pipe = fake.block("1-1", "serial");
            let host = fake.host();
            let (late, answered) = mpsc::channel();
            host.patience()
                .when_late(move |port| late.send(port).unwrap());

            for _ in 0..5 {
                let scan = host.scan_within(Wait::SHORT, |_| {}).unwrap();
                assert_eq!(ports(&scan), ["1-1", "1-2"]);
                assert_eq!(scan.devices[0].serial, Fact::Unknown);
                assert_eq!(scan.devices[0].product_name, Fact::Unknown);
                assert_eq!(scan.devices[0].interfaces, Fact::Unknown);
                assert!(!scan.devices[0].processed);
                assert_eq!(scan.devices[1].serial, serial(b"A1"));
                assert!(scan.devices[1].processed);
            }
            assert!(answered.try_recv().is_err());
            assert_eq!(reading_threads(), 2, "one is stuck, one is idle");

            let mut writer = fs::File::options().write(true).open(&pipe).unwrap();
            fake.replace("1-1", "serial", b"B2");
            writer.write_all(b"B2\n").unwrap();
            drop(writer);
            let at = answered.recv_timeout(Duration::from_secs(30)).unwrap();
            assert_eq!(at, port("1-1"));
            assert_eq!(present(&host, "1-1").serial, serial(b"B2"));
            eventually("the stuck thread has ended", || reading_threads() == 1);
        },
    );
}

fn reading_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.trim() == "vp-udev-read").count()
}

/// Leaves room for this many more file descriptors.
fn limit_descriptors(more: u64) {
    let next = fs::File::open("/dev/null").unwrap().as_raw_fd();
    let limit = Rlimit {
        current: Some(u64::try_from(next).unwrap() + more),
        ..getrlimit(Resource::Nofile)
    };
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[test]
fn without_file_descriptors_nothing_is_known() {
    in_child(
        "host::tests::faults::without_file_descriptors_nothing_is_known",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[]);
            let host = fake.host();
            let before = host.scan().unwrap();
            limit_descriptors(0);
            let read = host.read(&port("1-1"));
            let scan = host.scan();
            limit_descriptors_off();
            assert!(matches!(read, Presence::Unreadable(_)), "{read:?}");
            assert!(matches!(scan, Err(ScanError::List { .. })), "{scan:?}");
            assert_eq!(host.scan().unwrap(), before);
        },
    );
}

#[test]
fn a_scan_that_runs_out_of_file_descriptors_is_given_up() {
    in_child(
        "host::tests::faults::a_scan_that_runs_out_of_file_descriptors_is_given_up",
        || {
            let fake = Fake::new();
            for (at, number) in [("1-1", 2), ("1-2", 3)] {
                fake.add(at, number, &[]);
            }
            // Reading the first device goes on and holds two descriptors; a third
            // is enough for what else is read of it, and not for the next device.
            fake.block("1-1", "serial");
            let host = fake.host();
            limit_descriptors(3);
            let scan = host.scan_within(Wait::SHORT, |_| {});
            limit_descriptors_off();
            let Err(ScanError::Exhausted { port: at, .. }) = scan else {
                panic!("{scan:?}")
            };
            assert_eq!(at, port("1-2"));
        },
    );
}

fn limit_descriptors_off() {
    let limit = getrlimit(Resource::Nofile);
    let off = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, off).unwrap();
}
