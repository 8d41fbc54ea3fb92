//! Whose each device is, worked out by hand.

use virtplug_config::import::Format;

use super::Fate::{Lost, Nobody, To};
use super::compare;
use super::plugged::{Plugged, usb};

#[test]
fn bbvirt_lists() {
    let babbler = |serial| usb(0x0403, 0x7840, serial);
    compare(
        Format::Bbvirt,
        &["bbvirt/vm.conf"],
        &[
            (babbler("AB12CD"), To("web"), "listed"),
            (babbler("EF34GH"), To("web"), "listed on the next line"),
            (babbler("IJ56KL"), To("mail"), "listed by `declare`"),
            (babbler("MN78OP"), To("mail"), "appended"),
            (
                babbler("QR90ST"),
                To("k-bsd \"älter\""),
                "DOMAIN_NAME names the machine",
            ),
            (babbler("ZZ99ZZ"), Nobody, "the same product, in no list"),
            (
                babbler("ab12cd"),
                Nobody,
                "serial numbers are compared as they are",
            ),
            (babbler("AB12C"), Nobody, "a piece of a listed one"),
            (babbler(""), Nobody, "no serial number"),
            (
                usb(0x0403, 0x6001, "AB12CD"),
                Nobody,
                "the rules of udev name the product 7840 only",
            ),
            (usb(0x10c4, 0x7840, "IJ56KL"), Nobody, "another vendor"),
        ],
    );
    compare(
        Format::Bbvirt,
        &["bbvirt/awkward.conf"],
        &[
            (babbler("UV12WX"), To("a"), "by a variable set before"),
            (
                babbler("AAAAA1"),
                Lost("AAAAA1 may be listed for b"),
                "b, if the file of line 9 is not there",
            ),
            (
                babbler("BBBBB2"),
                Lost("DOMAIN_RNG_b"),
                "b, if the file of line 9 is not there",
            ),
            (
                babbler("DDDDD4"),
                Lost("DOMAIN_RNG_b"),
                "b, if the file of line 9 is there",
            ),
            (
                babbler("CCCCC3"),
                Lost("the devices of c are left out"),
                "the machine with the host's name",
            ),
            (
                babbler("lower1"),
                Nobody,
                "bbvirt takes it for no serial number",
            ),
        ],
    );
    compare(
        Format::Bbvirt,
        &["bbvirt/twice.conf"],
        &[
            (
                babbler("AAAAA1"),
                Lost("AAAAA1 may be listed for b"),
                "the last list counts, so b or a",
            ),
            (
                babbler("AAAAA2"),
                Lost("AAAAA2 may be listed for b"),
                "the last list counts, so b or a",
            ),
            (babbler("AAAAA3"), To("a"), "0 comes before a in any case"),
            (babbler("BBBBB2"), To("c"), "c comes after b in any case"),
            (babbler("CCCCC3"), To("d"), "the last list counts"),
        ],
    );
}

#[test]
fn whawty_matchers() {
    const SEAT: &[&str] = &["seat", "uaccess"];
    let serial = |serial| usb(0x0403, 0x6001, serial).name("USB Serial1");
    compare(
        Format::Whawty,
        &["whawty/config.yml"],
        &[
            (
                usb(0x04b8, 0x0137, ""),
                To("scanner"),
                "vendor 0x04b8, product 311",
            ),
            (usb(0x04b8, 0x0311, ""), Nobody, "311 is decimal"),
            (usb(0x04b9, 0x0137, ""), Nobody, "another vendor"),
            (
                serial("FT1234"),
                To("dongle"),
                "vendor, serial number and pattern hold",
            ),
            (serial("FT12345"), Nobody, "`equals` is the whole text"),
            (serial(""), Nobody, "no serial number"),
            (
                serial("FT1234").name("USB Serial"),
                Nobody,
                "the pattern wants a digit at the end",
            ),
            (
                serial("FT1234").name("USB_é1"),
                Nobody,
                "\\w is ASCII in Go",
            ),
            (
                usb(0x0404, 0x6001, "FT1234").name("USB_A1"),
                Nobody,
                "another vendor",
            ),
            (
                usb(0x1111, 1, "").address(3, 7),
                To("dongle"),
                "what is at 3:7",
            ),
            (
                usb(0x1111, 1, "").address(3, 8),
                Nobody,
                "another device number",
            ),
            (
                usb(0x1111, 1, "").address(7, 3),
                Nobody,
                "bus and device swapped",
            ),
            (
                usb(0x1111, 2, "").tags(SEAT, &["seat"]),
                To("dongle"),
                "all tags",
            ),
            (usb(0x1111, 2, "").tags(SEAT, &[]), Nobody, "no current tag"),
            (
                usb(0x1111, 2, "").tags(&["seat"], &["seat"]),
                Nobody,
                "one tag is missing",
            ),
            (usb(0x1234, 0x00ff, ""), To("replaced"), "by its own file"),
            (
                usb(0x0001, 0x0005, ""),
                Nobody,
                "its own file replaces the entry in the main file",
            ),
        ],
    );
}

const RULES: &str = "handler/99-hotplug.rules";
const ALL: &str = "the rule is for every USB device";

/// A camera, as the rules have it.
fn camera(serial: &'static str) -> Plugged {
    usb(0x046d, 0x0825, serial).revision(0x0012)
}

/// udev runs the programs of the rules in their order, so the last rule, which
/// is for every device, gets what no other has taken.
#[test]
fn handler_rules() {
    compare(
        Format::UsbLibvirtHotplug,
        &[RULES],
        &[
            (
                usb(0x10c4, 0xea60, "A"),
                To("haos"),
                "PRODUCT is 10c4/ea60/100",
            ),
            (
                usb(0x10c4, 0xea60, ""),
                To("haos"),
                "no serial number is asked for",
            ),
            (
                usb(0x10c4, 0xea60, "A").revision(0x0101),
                Lost(ALL),
                "another revision",
            ),
            (usb(0x10c4, 0xea61, "A"), Lost(ALL), "another product"),
            (camera(""), To("camera"), "any revision"),
            (usb(0x046d, 0x0826, ""), Lost(ALL), "another product"),
            (usb(0x0403, 0x6001, ""), To("meter"), "60* holds"),
            (usb(0x0403, 0x7001, ""), Lost(ALL), "60* does not hold"),
            (
                usb(0x1111, 1, "").path("usb1/1-4"),
                To("port"),
                "the path begins so",
            ),
            (
                usb(0x1111, 1, "").path("usb1/1-4/1-4.2"),
                To("port"),
                "the path begins so",
            ),
            (
                usb(0x1111, 1, "").path("usb1/1-5"),
                Lost(ALL),
                "another port",
            ),
            (
                usb(0x1111, 1, "").path("usb2/2-4"),
                Lost(ALL),
                "another bus",
            ),
        ],
    );
}

#[test]
fn handler_with_serials() {
    const ONLY: &str = "nothing but the serial number";
    let stick = |serial| usb(0x10c4, 0xea60, serial);
    compare(
        Format::UsbLibvirtHotplug,
        &[RULES, "handler/serials.sh", "handler/haos"],
        &[
            (
                stick("0123abcd"),
                To("haos"),
                "in the table, and a rule holds",
            ),
            (stick("with line"), To("haos"), "udev replaces the space"),
            (stick("with_line"), To("haos"), "as it is"),
            (stick("99"), Nobody, "not in the table"),
            (
                stick("leftover"),
                Nobody,
                "the handler left its file, but it is not in the table",
            ),
            (stick(""), Nobody, "no serial number"),
            (
                camera("CAM1"),
                To("camera"),
                "in the table, and a rule holds",
            ),
            (camera("CAM2"), Nobody, "not in the table"),
            (
                camera("0123abcd"),
                Lost(ONLY),
                "camera, as the script looks at the serial number only",
            ),
            (stick("CAM1"), Lost(ONLY), "haos, for the same reason"),
            (
                stick("0123abcd").revision(0x0101),
                Lost(ONLY),
                "by the rule for every device",
            ),
        ],
    );
    compare(
        Format::UsbLibvirtHotplug,
        &["handler/two.rules", "handler/two.sh"],
        &[
            (
                stick("AAAA"),
                To("haos"),
                "both rules hold; the table says haos",
            ),
            (
                stick("BBBB"),
                To("lab"),
                "both rules hold; the table says lab",
            ),
            (stick("AAAB"), Nobody, "not in the table"),
            (usb(0x10c4, 0xea61, "AAAA"), Nobody, "no rule holds"),
            (
                camera("CCCC"),
                To("lab"),
                "the machine in the table has no rule",
            ),
            (
                camera("AAAA"),
                Lost(ONLY),
                "lab, as the script looks at the serial number only",
            ),
            (stick("CCCC"), Lost(ONLY), "haos, for the same reason"),
        ],
    );
}

#[test]
fn handler_with_table() {
    let stick = |serial| usb(0x10c4, 0xea60, serial);
    compare(
        Format::UsbLibvirtHotplug,
        &["handler/all.rules", "handler/table.sh"],
        &[
            (stick("0123abcd"), To("haos"), "the first entry"),
            (stick("0658_0200"), To("lab"), "the second entry"),
            (
                stick("").whole_serial("0658_0200"),
                To("lab"),
                "ID_SERIAL counts without a serial number",
            ),
            (
                stick("x").whole_serial("0658_0200"),
                To("spare"),
                "ID_SERIAL does not count with one",
            ),
            (
                stick("fedc"),
                To("spare"),
                "any serial number, before the entry of `late`",
            ),
            (stick(""), To("spare"), "no serial number"),
            (usb(0x10c4, 0xea61, "0123abcd"), Nobody, "another product"),
            (
                usb(0x0658, 0x0200, "z"),
                Nobody,
                "the table has leading zeros, the kernel has none",
            ),
        ],
    );
}
