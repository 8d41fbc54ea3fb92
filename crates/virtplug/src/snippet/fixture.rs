//! Present devices for the tests of the snippets, hostile ones among them.

use virtplug_core::{ClassCode, Device, Fact, PortPath, ProductId, Removable, Speed, VendorId};

use crate::fixture;

fn plugged(port: &str, product: u16, serial: &[u8], name: &[u8]) -> Device {
    let path: PortPath = port.parse().unwrap();
    let number = path.ports().iter().sum::<u8>() + 10;
    let above: Vec<String> = path.upwards().map(|port| port.to_string()).collect();
    let chain: Vec<String> = above.into_iter().rev().collect();
    let controller = match path.bus().0 {
        7 => "platform/dummy_hcd.0".to_owned(),
        bus => format!("pci0000:00/0000:00:14.{bus}"),
    };
    Device {
        syspath: format!(
            "/sys/devices/{controller}/usb{}/{}",
            path.bus(),
            chain.join("/")
        ),
        vendor: VendorId(0x0403),
        product: ProductId(product),
        speed: Fact::Known(Speed::High),
        removable: Fact::Known(Removable::Removable),
        ..fixture::device(port, number, serial, name)
    }
}

/// A plain device at 3-1 and others, each of which is odd in its own way.
pub(super) fn devices() -> Vec<Device> {
    let mut hub = plugged("3-2", 1, b"", b"Hub");
    hub.class = ClassCode::new(9, 0, 0);
    let mut unread = plugged("3-4", 7, b"", b"");
    unread.serial = Fact::Unknown;
    vec![
        plugged("3-1", 0x6001, b"A1", b"FT232 Serial"),
        hub,
        // Two of a kind, which share a serial with each other.
        plugged("3-2.1", 2, b"000", b"Dongle"),
        plugged("3-2.2", 2, b"000", b"Dongle"),
        // Two of a kind without a serial.
        plugged("3-2.3", 3, b"", b"CH340"),
        plugged("3-2.4", 3, b"", b"CH340"),
        // The only one of its kind, without a serial.
        plugged("3-3", 4, b"", b""),
        unread,
        plugged(
            "3-5",
            5,
            br#"|x", RUN+="/bin/sh *[?]\"#,
            b"--> <evil a='\"&'/> <!-- -- \\",
        ),
        plugged(
            "7-1",
            6,
            b"\x1b[31m\nRUN+=\"x\"",
            "\u{202e}é\n\\".as_bytes(),
        ),
    ]
}

/// The device at a port.
pub(super) fn device<'a>(present: &'a [Device], port: &str) -> &'a Device {
    let port = port.parse().unwrap();
    present.iter().find(|device| device.port == port).unwrap()
}
