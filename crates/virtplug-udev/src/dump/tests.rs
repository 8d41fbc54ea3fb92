//! Tests on dumps of several versions of udev, and on hostile text.

use proptest::prelude::*;
use virtplug_core::{ClassCode, RawText, Revision, Topology};

use super::*;

/// As systemd 252 writes it.
const V252: &str = include_str!("samples/v252.txt");
/// As systemd 257 writes it.
const V257: &str = include_str!("samples/v257.txt");
/// As systemd 240 writes it.
const V240: &str = include_str!("samples/v240.txt");

fn device<'d>(dump: &'d Dump, port: &str) -> &'d Device {
    let mut devices = dump.devices.iter();
    devices.find(|d| d.port.to_string() == port).unwrap()
}

fn ports(dump: &Dump) -> Vec<String> {
    dump.devices.iter().map(|d| d.port.to_string()).collect()
}

fn text(text: &str) -> Fact<Option<RawText>> {
    Fact::Known(Some(RawText::from(text)))
}

#[test]
fn devices_of_a_dump_are_read_with_what_it_holds() {
    let dump = read_dump(V252.as_bytes());
    assert_eq!(ports(&dump), ["1-2", "1-2.4", "2-1"]);
    let stick = device(&dump, "1-2.4");
    assert_eq!(
        stick.syspath,
        "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2.4"
    );
    assert_eq!(stick.address.to_string(), "1:7");
    assert_eq!(stick.vendor.to_string(), "046d");
    assert_eq!(stick.product.to_string(), "0c52");
    assert_eq!(stick.revision, Fact::Known(Revision(0x0110)));
    assert_eq!(stick.class, ClassCode::new(239, 2, 1));
    let codes = [ClassCode::new(8, 6, 0x50), ClassCode::new(3, 1, 1)];
    assert_eq!(stick.interfaces, Fact::Known(codes.into()));
    assert_eq!(stick.serial, text("AB_12"));
    assert_eq!(stick.manufacturer, text("Acme, Inc."));
    assert_eq!(stick.product_name, text("Data \\ Stick"));
    assert_eq!(stick.half, Fact::Known(Half::Usb2));
    assert_eq!(
        (stick.authorized, stick.processed),
        (Fact::Known(true), true)
    );
    let udev = stick.udev.known().unwrap();
    assert_eq!(udev.properties.get("ID_MODEL"), Some("Data___Stick"));
    assert_eq!(udev.tags, ["seat".into(), "uaccess".into()].into());
    assert_eq!(udev.current_tags, ["uaccess".into()].into());
    assert!(device(&dump, "1-2").is_hub());
    let fast = device(&dump, "2-1");
    assert_eq!(fast.half, Fact::Known(Half::Usb3));
    assert_eq!(fast.serial, Fact::Known(None));
    assert_eq!(
        fast.manufacturer,
        Fact::Known(None),
        "udev's stand-in is no name"
    );
    assert_eq!(dump.notes.len(), 3, "{:#?}", dump.notes);
    let topology = dump.topology();
    assert_eq!(topology.device_at(&stick.port), Fact::Known(Some(stick)));
}

#[test]
fn newer_and_older_versions_of_udev_are_read_alike() {
    let new = read_dump(V257.as_bytes());
    assert_eq!(ports(&new), ["3-1"]);
    assert_eq!(device(&new, "3-1").serial, text("0001"));
    assert_eq!(device(&new, "3-1").half, Fact::Known(Half::Usb2));
    let old = read_dump(V240.as_bytes());
    assert_eq!(ports(&old), ["1-1"]);
    let token = device(&old, "1-1");
    assert_eq!(token.half, Fact::Unknown, "its root hub is not in the dump");
    let udev = token.udev.known().unwrap();
    assert_eq!(udev.tags, ["security-device".into()].into());
    assert!(udev.current_tags.is_empty());
}

#[test]
fn line_ends_and_a_mark_at_the_start_do_not_matter() {
    let expected = read_dump(V252.as_bytes());
    assert_eq!(read_dump(V252.replace('\n', "\r\n").as_bytes()), expected);
    assert_eq!(read_dump(format!("\u{feff}{V252}").as_bytes()), expected);
}

/// A device with these lines in addition to those that every device has.
fn with(lines: &str) -> String {
    format!(
        "P: /devices/pci0/usb1/1-1\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DEVNUM=002\n\
         E: PRODUCT=46d/1/100\nE: TYPE=0/0/0\n{lines}\n"
    )
}

#[test]
fn without_the_part_of_udev_nothing_is_known_of_the_strings() {
    let unprocessed = read_dump(with("").as_bytes());
    let device = &unprocessed.devices[0];
    assert!(!device.processed);
    assert_eq!(
        (&device.udev, &device.serial),
        (&Fact::Unknown, &Fact::Unknown)
    );
    assert_eq!(device.interfaces, Fact::Unknown);
    let cut = with("E: USEC_INITIALIZED=1\nE: ID_VENDOR_ID=046d\nE: ID_SERIAL_SHORT=A");
    let cut = read_dump(cut.trim_end().as_bytes());
    assert_eq!(cut.devices[0].serial, Fact::Unknown);
    assert!(cut.notes[0].contains("cut off"), "{:?}", cut.notes);
}

#[test]
fn interfaces_that_may_be_incomplete_are_unknown() {
    let identified = "E: USEC_INITIALIZED=1\nE: ID_VENDOR_ID=046d\n";
    let interfaces = |list: &str| {
        let text = with(&format!("{identified}E: ID_USB_INTERFACES={list}\n"));
        read_dump(text.as_bytes()).devices[0].interfaces.clone()
    };
    let disk = ClassCode::new(8, 6, 0x50);
    assert_eq!(interfaces(":080650:"), Fact::Known([disk].into()));
    let full = format!(":{}", "080650:".repeat(72));
    for bad in [
        "", ":", "::", ":080650", "080650:", ":08065:", ":08065g:", ":+80650:", &full,
    ] {
        assert_eq!(interfaces(bad), Fact::Unknown, "{bad:?}");
    }
}

#[test]
fn what_cannot_be_used_is_noted_and_the_rest_is_read() {
    let good = with("");
    let dump = read_dump(
        [
            good.replace("1-1", "1-2\x1b[31m"),
            good.replace("1-1", "1-3")
                .replace("E: TYPE=0/0/0", "E: TYPE=0/0/0/0"),
            good.replace("1-1", "1-4").replace("DEVNUM=002", "DEVNUM=0"),
            good.replace("1-1", "1-5")
                .replace("PRODUCT=46d/1/100", "PRODUCT=//"),
            good.clone(),
            good,
        ]
        .concat()
        .as_bytes(),
    );
    assert_eq!(ports(&dump), ["1-1"]);
    assert!(dump.notes.iter().all(|note| !note.contains('\x1b')));
    for part in ["the port", "TYPE", "DEVNUM", "PRODUCT", "more than once"] {
        assert!(
            dump.notes.iter().any(|note| note.contains(part)),
            "{part}: {:?}",
            dump.notes
        );
    }
}

#[test]
fn hostile_text_gives_few_notes_and_no_devices() {
    let nothing = read_dump(b"");
    assert!(nothing.notes[0].contains("udevadm info --export-db"));
    let many = with("").replace("1-1", "x").repeat(10_000);
    let dump = read_dump(many.as_bytes());
    assert!(dump.devices.is_empty());
    assert_eq!(dump.notes.len(), 21);
    let long = with(&format!("E: A={}\n", "x".repeat(1 << 20)));
    assert_eq!(read_dump(long.as_bytes()).devices.len(), 1);
}

#[test]
fn a_large_dump_takes_linear_time() {
    let wide = with(&"E: A=1\n".repeat(500_000));
    let start = std::time::Instant::now();
    assert_eq!(read_dump(wide.as_bytes()).devices.len(), 1);
    let deep = "P: \n\n".repeat(500_000);
    assert!(read_dump(deep.as_bytes()).devices.is_empty());
    assert!(start.elapsed() < std::time::Duration::from_secs(20));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = read_dump(&bytes);
    }

    #[test]
    fn a_damaged_dump_never_panics_and_notes_print_plainly(
        at in any::<prop::sample::Index>(),
        end in any::<prop::sample::Index>(),
        value in any::<[u8; 3]>(),
    ) {
        let mut bytes = V252.as_bytes().to_vec();
        let place = at.index(bytes.len() - 3);
        bytes[place..place + 3].copy_from_slice(&value);
        bytes.truncate(end.index(bytes.len() + 1));
        for note in read_dump(&bytes).notes {
            prop_assert!(!note.contains(|c: char| c.is_control()), "{:?}", note);
        }
    }
}
