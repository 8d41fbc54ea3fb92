//! What a readable device is read as.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::*;
use crate::testing::{Fake, configuration, descriptors};

#[test]
fn a_device_is_read_with_all_its_fields() {
    let fake = Fake::new();
    fake.add(
        "3-2.4",
        7,
        &[
            ("idVendor", b"046d"),
            ("idProduct", b"c52b"),
            ("bcdDevice", b"1211"),
            ("bDeviceClass", b"ef"),
            ("bDeviceSubClass", b"02"),
            ("bDeviceProtocol", b"01"),
            (
                "descriptors",
                &descriptors(&[configuration(&[[3, 1, 1], [3, 1, 2]])]),
            ),
            ("speed", b"480"),
            ("removable", b"fixed"),
            ("serial", b"A1"),
            ("product", b"Stick"),
        ],
    );
    fake.add_peer("3-2.4", "4-2-port4");
    let device = present(&fake.host(), "3-2.4");
    let syspath = fake.directory("3-2.4");
    let syspath = fs::canonicalize(syspath).unwrap();
    let expected = Device {
        port: port("3-2.4"),
        syspath: syspath.to_str().unwrap().to_owned(),
        instance: InstanceId::new(
            "boot-1",
            syspath.to_str().unwrap(),
            fs::metadata(&syspath).unwrap().ino(),
        ),
        address: HostAddress {
            bus: BusNumber(3),
            device: DeviceNumber(7),
        },
        vendor: VendorId(0x046d),
        product: ProductId(0xc52b),
        revision: Fact::Known(Revision(0x1211)),
        class: ClassCode::new(0xef, 2, 1),
        interfaces: Fact::Known([ClassCode::new(3, 1, 1), ClassCode::new(3, 1, 2)].into()),
        speed: Fact::Known(Speed::High),
        removable: Fact::Known(Removable::Fixed),
        peer: Fact::Known(Some(port("4-2.4"))),
        half: Fact::Known(Half::Usb2),
        bound: Fact::Unknown,
        authorized: Fact::Known(true),
        serial: serial(b"A1"),
        manufacturer: Fact::Known(None),
        product_name: serial(b"Stick"),
        udev: Fact::Unknown,
        processed: true,
        in_use: Fact::Known([].into()),
        disks: [].into(),
    };
    assert_eq!(device, expected);
}

#[test]
fn hubs_are_devices_and_root_hubs_and_interfaces_are_not() {
    let fake = Fake::new();
    fake.add("3-1", 2, &[("bDeviceClass", b"09")]);
    fake.add("3-1.2.3.4.5.6", 3, &[]);
    fake.add("10-1", 100, &[]);
    fake.add_other("usb3", "devices/pci0/usb3");
    fake.add_other("3-0:1.0", "devices/pci0/usb3/3-0:1.0");
    fake.add_other("3-1:1.0", "devices/pci0/usb3/3-1/3-1:1.0");
    let scan = fake.host().scan().unwrap();
    assert_eq!(ports(&scan), ["3-1", "3-1.2.3.4.5.6", "10-1"]);
    assert_eq!(scan.unreadable, []);
    assert!(scan.devices[0].is_hub() && !scan.devices[1].is_hub());
}

#[test]
fn numbers_are_decimal_even_with_leading_zeros() {
    let fake = Fake::new();
    fake.add("12-1", 0, &[("busnum", b"012"), ("devnum", b"022")]);
    fake.add("12-2", 127, &[]);
    let scan = fake.host().scan().unwrap();
    let addresses: Vec<String> = scan.devices.iter().map(|d| d.address.to_string()).collect();
    assert_eq!(addresses, ["12:22", "12:127"]);
}

#[test]
fn hostile_strings_arrive_as_they_are() {
    let long = "ü€\u{ffff}".repeat(42);
    let strings: [&[u8]; 8] = [
        long.as_bytes(),
        b"\x1b[31m\x07\x01\t",
        b"A1\nE:ID_EVIL=1\nG:evil\n",
        b"'/><evil a=\"<&",
        b"$(id) `id` %s%n {}",
        b"\xff\xfe\xed\xa0\x80",
        "\u{202e}\u{200b}e\u{301}".as_bytes(),
        "a,b\u{fc}".as_bytes(),
    ];
    for string in strings {
        let fake = Fake::new();
        fake.add("1-1", 2, &[("serial", string), ("manufacturer", string)]);
        let device = present(&fake.host(), "1-1");
        assert_eq!(device.serial, serial(string));
        assert_eq!(device.manufacturer, serial(string));
        assert_eq!(device.udev, Fact::Unknown);
    }
}

#[test]
fn no_serial_and_a_blank_one_are_the_same() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[]);
    fake.add("1-2", 3, &[("serial", b"")]);
    fake.add("1-3", 4, &[("serial", b"  ")]);
    for device in fake.host().scan().unwrap().devices {
        assert_eq!(device.serial, Fact::Known(None), "{}", device.port);
    }
}

#[test]
fn a_blocked_device_is_read_as_unauthorized() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[("authorized", b"0")]);
    fake.add("1-2", 3, &[("authorized", b"what")]);
    fake.add("1-3", 4, &[]);
    fake.break_attribute("1-3", "authorized");
    let scan = fake.host().scan().unwrap();
    let authorized: Vec<_> = scan.devices.iter().map(|d| d.authorized).collect();
    assert_eq!(
        authorized,
        [Fact::Known(false), Fact::Unknown, Fact::Unknown]
    );
}

#[test]
fn what_is_not_needed_is_not_read() {
    let fake = Fake::new();
    fake.add("1-1", 2, &[]);
    for name in ["bConfigurationValue", "configuration", "bMaxPower"] {
        fake.break_attribute("1-1", name);
    }
    assert_eq!(present(&fake.host(), "1-1").serial, Fact::Known(None));
}

#[test]
fn five_hundred_devices_are_read() {
    let fake = Fake::new();
    for bus in 1..=4 {
        for hub in 1..=5 {
            for at in 1..=25 {
                let number = (hub - 1) * 25 + at + 1;
                fake.add(&format!("{bus}-{hub}.{at}"), number, &[("serial", b"A1")]);
            }
        }
    }
    let start = std::time::Instant::now();
    let scan = fake.host().scan().unwrap();
    println!("500 devices in {:?}", start.elapsed());
    assert_eq!(scan.devices.len(), 500);
    assert!(scan.devices.iter().all(|d| d.serial == serial(b"A1")));
    assert_eq!(scan.unreadable, []);
}
