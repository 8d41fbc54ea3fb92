//! Tests against libudev itself, with a database and a sysfs of their own.

use std::fs;
use std::process::Command;

use virtplug_core::{Device, Fact};

use super::monotonic_usec;
use crate::host::{Host, HostPaths};
use crate::snapshot::Presence;
use crate::testing::{Damage, Fake, in_namespaces};

/// Puts the fake tree where libudev looks.
fn mount(fake: &Fake) -> Host {
    let status = Command::new("mount")
        .arg("--bind")
        .args([fake.path("sys").as_os_str(), "/sys".as_ref()])
        .status();
    assert!(status.unwrap().success());
    fs::create_dir_all("/run/udev/data").unwrap();
    let paths = HostPaths {
        boot_id: fake.path("boot_id"),
        ..HostPaths::default()
    };
    Host::open(paths).unwrap()
}

fn read(host: &Host) -> Device {
    match host.read(&"1-1".parse().unwrap()) {
        Presence::Present(device) => *device,
        other => panic!("{other:?}"),
    }
}

/// Writes the record of the device with number 2 as udev does.
fn write_record(lines: &[u8]) {
    fs::write("/run/udev/data/c189:2", lines).unwrap();
}

#[test]
fn the_record_is_that_of_udev() {
    in_namespaces("record::database::the_record_is_that_of_udev", || {
        let fake = Fake::new();
        fake.add("1-1", 2, &[("serial", b"A, 1")]);
        let host = mount(&fake);

        let device = read(&host);
        assert_eq!(device.udev, Fact::Unknown, "no record yet");
        assert!(!device.processed);

        // The `I:` line comes when udev is done.
        write_record(b"E:ID_MODEL=Stick\n");
        let device = read(&host);
        assert_eq!(device.udev, Fact::Unknown, "half a record");
        assert!(!device.processed);

        write_record(
            b"I:1000\nE:ID_MODEL=Stick\nE:ID_BAD=\xff\nE:ID_VALUE=a=b:c d\nrubbish\nE:nothing\n\
              G:seat\nG:uaccess\nQ:seat\nV:1\n",
        );
        let device = read(&host);
        assert!(device.processed);
        assert_eq!(device.syspath, "/sys/devices/pci0/usb1/1-1");
        let Fact::Known(record) = device.udev else {
            panic!("no record")
        };
        let property = |name: &str| record.properties.get(name);
        assert_eq!(property("ID_MODEL"), Some("Stick"));
        assert_eq!(property("ID_VALUE"), Some("a=b:c d"));
        assert_eq!(property("DEVTYPE"), Some("usb_device"));
        assert_eq!(property("DEVPATH"), Some("/devices/pci0/usb1/1-1"));
        assert_eq!(property("SUBSYSTEM"), Some("usb"));
        assert_eq!(property("ID_BAD"), None);
        assert_eq!(record.tags, ["seat".into(), "uaccess".into()].into());
        assert_eq!(record.current_tags, ["seat".into()].into());

        // As after `udevadm trigger -c remove`: still there, and not known.
        fs::remove_file("/run/udev/data/c189:2").unwrap();
        let device = read(&host);
        assert_eq!(device.udev, Fact::Unknown);
        assert!(!device.processed);
    });
}

#[test]
fn the_record_of_an_earlier_device_with_the_same_number_is_not_used() {
    in_namespaces(
        "record::database::the_record_of_an_earlier_device_with_the_same_number_is_not_used",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[("power/connected_duration", b"3000")]);
            let host = mount(&fake);
            let record = |age_ms: u64| {
                let initialized = monotonic_usec() - age_ms * 1000;
                write_record(format!("I:{initialized}\nE:ID_MODEL=Old\n").as_bytes());
            };
            record(10_000);
            let device = read(&host);
            assert_eq!(device.udev, Fact::Unknown);
            assert!(!device.processed);
            record(1000);
            let device = read(&host);
            assert!(device.udev.known().is_some());
            assert!(device.processed);
        },
    );
}

#[test]
fn a_hostile_database_harms_nothing() {
    in_namespaces("record::database::a_hostile_database_harms_nothing", || {
        let fake = Fake::new();
        fake.add("1-1", 2, &[("serial", b"A1")]);
        let host = mount(&fake);
        let long = [b"I:1000\nE:ID_LONG=", &vec![b'x'; 1 << 20][..], b"\n"].concat();
        for lines in [
            &b""[..],
            b"\0\0\0",
            b"I:\nE:\nG:\nQ:\nE:=\nI:x\n",
            b"I:99999999999999999999999\nE:A=1\n",
            b"I:1000\nE:A=1",
            b"\xff\xfe\n:\n::\nZ:1\n",
            &long,
        ] {
            write_record(lines);
            let device = read(&host);
            assert_eq!(
                device.serial.known().unwrap().as_ref().unwrap().as_bytes(),
                b"A1"
            );
        }
        fs::remove_file("/run/udev/data/c189:2").unwrap();
        fs::create_dir("/run/udev/data/c189:2").unwrap();
        assert_eq!(read(&host).udev, Fact::Unknown);
    });
}

#[test]
fn a_thousand_damaged_records_harm_nothing() {
    in_namespaces(
        "record::database::a_thousand_damaged_records_harm_nothing",
        || {
            let fake = Fake::new();
            fake.add("1-1", 2, &[("serial", b"A1")]);
            let host = mount(&fake);
            let good = b"S:usb/stick\nL:7\nI:1000\nE:ID_MODEL=Stick\nE:ID_SERIAL=Maker_Stick_A1\n\
                         G:seat\nQ:seat\nV:1\n";
            let mut damage = Damage::new();
            for _ in 0..1000 {
                write_record(&damage.of(good));
                let device = read(&host);
                let serial = device.serial.known().unwrap().as_ref().unwrap();
                assert_eq!(serial.as_bytes(), b"A1");
                assert_eq!(device.address.to_string(), "1:2");
            }
        },
    );
}
