//! What names a device, and what does not.

use super::*;
use crate::testing::{device, rule};

fn world() -> Vec<Device> {
    let mut a = device("3-2.4", 12, "AB12");
    a.vendor = VendorId(0x046d);
    a.product = ProductId(0xc52b);
    a.manufacturer = Fact::Known(Some("Logitech".into()));
    a.product_name = Fact::Known(Some("USB Receiver".into()));
    a.syspath = "/sys/devices/pci0000:00/0000:00:14.0/usb3/3-2/3-2.4".into();
    a.peer = Fact::Known(Some("4-2.4".parse().unwrap()));
    let mut b = device("1-1", 7, "3-2.4");
    b.vendor = VendorId(3);
    b.product = ProductId(0x12);
    b.product_name = Fact::Known(Some("Zoom \u{1b}[31m H4".into()));
    let mut c = device("1-2", 8, "x\u{1b}y");
    c.vendor = VendorId(0x046d);
    c.product = ProductId(0xc52b);
    vec![a, b, c]
}

fn selected(text: &str) -> Result<String, SelectError> {
    let desk = crate::Rule {
        name: Some("desk".into()),
        ..rule("m", crate::Matcher::default())
    };
    let devices = world();
    let giver = |device: &Device| (device.port.to_string() == "1-1").then_some(&desk);
    select(text, &devices, giver).map(|device| device.port.to_string())
}

#[test]
fn each_way_of_naming_works() {
    for (text, port) in [
        ("3-2.4", "3-2.4"),
        ("4-2.4", "3-2.4"),
        ("pci-0000:00:14.0-usb-0:2.4", "3-2.4"),
        ("pci-0000:00:14.0-usbv2-0:2.4", "3-2.4"),
        ("pci-0000:00:14.0-usbv3-0:2.4", "3-2.4"),
        ("AB12", "3-2.4"),
        (r"x\x1by", "1-2"),
        ("x\u{1b}y", "1-2"),
        ("1:7", "1-1"),
        ("0003:0012", "1-1"),
        ("desk", "1-1"),
        ("logi", "3-2.4"),
        ("usb RECEIVER", "3-2.4"),
        ("zoom", "1-1"),
        ("serial=3-2.4", "1-1"),
        ("rule=desk", "1-1"),
        ("name=H4", "1-1"),
    ] {
        assert_eq!(selected(text).as_deref(), Ok(port), "{text}");
    }
}

#[test]
fn what_fits_several_is_told() {
    let error = selected("046d:c52b").unwrap_err().to_string();
    assert_eq!(
        error,
        "\"046d:c52b\" is vendor:product of 2 devices; name one by its port:\n  \
         3-2.4 046d:c52b serial \"AB12\" Logitech USB Receiver\n  \
         1-2 046d:c52b serial \"x\\x1by\""
    );
    // Bus 3 and device 12 is one device, vendor 3 and product 12 another.
    let error = selected("3:12").unwrap_err();
    assert!(matches!(error, SelectError::Ambiguous { candidates, .. } if candidates.len() == 2));
}

#[test]
fn what_fits_none_is_told_with_what_is_near() {
    for (text, near) in [
        // The serial number of the device at 1-1 is near, too.
        ("3-2.5", vec!["1-1", "3-2.4"]),
        ("AB13", vec!["3-2.4"]),
        ("Reciever", vec!["3-2.4"]),
        ("1:9", vec!["1-1", "1-2"]),
        ("", vec![]),
        ("name=", vec![]),
        ("nothing alike", vec![]),
    ] {
        match selected(text) {
            Err(SelectError::Nothing { near: found, .. }) => {
                let found: Vec<_> = found.iter().map(|one| one.port.to_string()).collect();
                assert_eq!(found, near, "{text}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let error = selected("AB13\u{1b}").unwrap_err().to_string();
    assert!(!error.contains('\u{1b}'), "{error}");
}

#[test]
fn a_long_text_is_cut_in_the_message() {
    let error = selected(&"x".repeat(100_000)).unwrap_err().to_string();
    assert!(error.len() < 400, "{}", error.len());
}

fn named(name: &str, number: u8, configured: bool) -> (crate::MachineKey, crate::Uuid, bool) {
    let uri = if configured {
        "qemu:///system"
    } else {
        "qemu:///session"
    };
    let key = crate::MachineKey::new(crate::ConnectionUri::new(uri), name);
    (key, crate::Uuid([number; 16]), configured)
}

fn selected_machine(text: &str) -> Result<String, MachineError> {
    let machines = [
        named("home", 1, true),
        named("home", 2, false),
        named("desk\n", 3, true),
        named("lent", 4, false),
    ];
    let views = machines
        .iter()
        .map(|(key, uuid, configured)| crate::MachineView {
            key,
            uuid: Some(*uuid),
            state: crate::MachineState::Off,
            configured: *configured,
            pause: None,
            controller: None,
            free_ports: None,
            entries: Vec::new(),
            wanted: Vec::new(),
            under_way: None,
        });
    select_machine(text, views).map(|key| format!("{key} at {}", key.uri))
}

#[test]
fn a_machine_is_named_by_its_name_or_its_uuid() {
    for (text, machine) in [
        // The one of the configuration goes first.
        ("home", "home at qemu:///system"),
        (
            "02020202-0202-0202-0202-020202020202",
            "home at qemu:///session",
        ),
        ("desk\n", "desk\\x0a at qemu:///system"),
        ("desk\\x0a", "desk\\x0a at qemu:///system"),
        ("lent", "lent at qemu:///session"),
    ] {
        assert_eq!(selected_machine(text).as_deref(), Ok(machine), "{text}");
    }
}

#[test]
fn what_names_no_machine_lists_those_that_may_be_meant() {
    let texts = ["hone", "\u{1b}[31m", ""].map(|text| selected_machine(text).unwrap_err());
    let none = select_machine("home", []).unwrap_err();
    let texts: Vec<String> = texts
        .iter()
        .chain([&none])
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}
