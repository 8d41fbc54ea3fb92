//! Devices for the tests of the dialogue, odd ones among them.

use virtplug_core::{ClassCode, Device, Fact, PortPath, ProductId};

use crate::fixture;

/// A serial converter at a port of a PCI controller.
pub(crate) fn device(port: &str, number: u8, serial: &[u8], name: &[u8]) -> Device {
    let device = fixture::device(port, number, serial, name);
    Device {
        syspath: format!(
            "/sys/devices/pci0000:00/0000:00:14.0/usb{}/{port}",
            device.port.bus()
        ),
        ..device
    }
}

pub(crate) fn hub(port: &str, number: u8) -> Device {
    Device {
        class: ClassCode::new(9, 0, 0),
        ..device(port, number, b"", b"Hub")
    }
}

fn of_kind(product: u16, device: Device) -> Device {
    Device {
        product: ProductId(product),
        ..device
    }
}

/// What is plugged in: each is odd in its own way but the first.
pub(crate) fn devices() -> Vec<Device> {
    let mut unread = of_kind(4, device("1-6", 9, b"", b"stuck"));
    unread.serial = Fact::Unknown;
    let mut lost = of_kind(6, device("7-1", 12, b"", b"twin without a place"));
    lost.syspath = "/sys/devices/odd/usb7/7-1".to_owned();
    let mut lost_too = lost.clone();
    lost_too.port = "7-2".parse().unwrap();
    let mut stick = of_kind(5, device("1-7", 10, b"4C530001", b"Stick"));
    stick.interfaces = Fact::Known([ClassCode::new(8, 6, 0x50)].into());
    let mut keyboard = of_kind(7, device("1-8", 11, b"", b"Keyboard"));
    keyboard.interfaces = Fact::Known([ClassCode::new(3, 1, 1)].into());
    vec![
        device("1-1", 2, b"A50285BI", b"CP2102N"),
        of_kind(1, device("1-2", 3, b"0001", b"CP2102")),
        of_kind(2, device("1-3", 4, b"SAME7", b"Dongle")),
        of_kind(2, device("1-4", 5, b"SAME7", b"Dongle")),
        hub("1-5", 6),
        of_kind(3, device("1-5.1", 7, b"", b"CH340")),
        of_kind(3, device("1-5.2", 8, b"", b"CH340")),
        unread,
        stick,
        keyboard,
        of_kind(
            8,
            device("1-9", 13, b"\x1b[31m\xff", "\u{202e}evil\n".as_bytes()),
        ),
        of_kind(9, device("1-10", 14, "\x1b]0;\u{202e}\"".as_bytes(), b"")),
        lost,
        lost_too,
    ]
}

pub(crate) fn at(port: &str) -> Device {
    let port: PortPath = port.parse().unwrap();
    devices().into_iter().find(|one| one.port == port).unwrap()
}
