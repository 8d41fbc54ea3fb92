//! Keys that say which devices are meant.

use super::{Exact, Key, Kind, Needs, Shape, keys};

keys! {
    NAME: "name", "0.1", Kind::Name, "text in quotes",
        r#"name = "backup disk""#, None,
        "A name for people, shown in messages. It is no condition.";
    VENDOR: "vendor", "0.1", Kind::Wanted(Exact::Hex), "hexadecimal digits in quotes",
        r#"vendor = "046d""#, None,
        "The vendor id (`idVendor`): 1 to 4 hexadecimal digits, as `lsusb` shows them. Patterns see \
         four lower-case digits.";
    PRODUCT: "product", "0.1", Kind::Wanted(Exact::Hex), "hexadecimal digits in quotes",
        r#"product = "c52b""#, None,
        "The product id (`idProduct`), in the same form as the vendor id.";
    REVISION: "revision", "0.2", Kind::Wanted(Exact::Hex), "hexadecimal digits in quotes",
        r#"revision = "0110""#, None,
        "The release of the device (`bcdDevice`): 1 to 4 hexadecimal digits. `lsusb -v` shows 0110 \
         as 1.10.";
    SERIAL: "serial", "0.1", Kind::Wanted(Exact::Text), "text in quotes",
        r#"serial = "4C530001""#, None,
        "The serial number exactly as the device gives it, not in the form that udev makes of it.";
    MANUFACTURER: "manufacturer", "0.2", Kind::Wanted(Exact::Text), "text in quotes",
        r#"manufacturer = { glob = "Logi*" }"#, None,
        "The maker's name as the device gives it.";
    PRODUCT_NAME: "product-name", "0.2", Kind::Wanted(Exact::Text), "text in quotes",
        r#"product-name = "USB Receiver""#, None,
        "The product's name as the device gives it.";
    PORT: "port", "0.1", Kind::Wanted(Exact::Port), "a port path in quotes",
        r#"port = "3-2.4""#, None,
        "The port that the device is plugged into, as the kernel names it: bus, `-`, and the chain \
         of ports. A USB 2 and a USB 3 plug in one socket are one port.";
    STABLE_PORT: "stable-port", "0.2", Kind::Wanted(Exact::StablePort), "a port's ID_PATH in quotes",
        r#"stable-port = "pci-0000:00:14.0-usb-0:2.4""#, None,
        "The port by its controller, as udev's ID_PATH names it. It stays the same when buses are \
         numbered anew. `usbv2` or `usbv3` in place of `usb` says whose count of the ports it is, where \
         the halves of a controller differ; both plugs of the socket belong to it.";
    CLASS: "class", "0.2", Kind::Classes, "a class code in quotes",
        r#"class = "e0:01""#, None,
        "The class of the device as a whole: class, subclass and protocol in hexadecimal, each of \
         which may be left out. Most devices say what they are in their interfaces only.";
    INTERFACES: "interfaces", "0.2", Kind::Interfaces, "class codes in quotes",
        r#"interfaces = "03:01:01""#, None,
        "The classes of the device's interfaces. Text or a list: one interface is one of these. A \
         table may have `any`, `all` and `only`.";
    SPEED: "speed", "0.2", Kind::Speeds, "a speed in quotes",
        r#"speed = ["super", "super-plus"]"#, None,
        "How fast the device is connected, in Mbit/s (1.5, 12, 480, 5000, 10000, 20000) or as a word \
         (low, full, high, super, super-plus).";
    REMOVABLE: "removable", "0.2", Kind::Removables, "`removable`, `fixed` or `unknown` in quotes",
        r#"removable = "removable""#, None,
        "Whether the port is one that people can reach, as the firmware says. `true` means \
         `removable`, `false` means `fixed`.";
    BEHIND: "behind", "0.2", Kind::Behind, "a port in quotes or a table of conditions",
        r#"behind = { vendor = "05e3", product = "0610" }"#, None,
        "A port or a device: it matches itself and, where it is a hub, whatever hangs below it.";
    BUS: "bus", "0.1", Kind::Integer { from: 1, to: 65535, note: "" }, "a whole number",
        "bus = 3", None,
        "The bus number; needs `device`. Both change at each plugging in or boot.";
    DEVICE_NUMBER: "device", "0.1",
        Kind::Integer { from: 2, to: 127, note: " (1 is the root hub of the bus)" },
        "a whole number", "device = 7", None,
        "The device number; needs `bus`. The kernel gives a new one at each plugging in.";
    ENV: "env", "0.1", Kind::Properties, "a table of udev properties",
        r#"env = { ID_MODEL = "Stick" }"#, None,
        "udev properties as `udevadm info` shows them after `E:`, each with a wanted text.";
    TAGS: "tags", "0.1", Kind::Tags, "a list of udev tags",
        r#"tags = ["seat"]"#, None,
        "udev tags that the device has or had (TAGS). All of them must be there.";
    CURRENT_TAGS: "current-tags", "0.1", Kind::Tags, "a list of udev tags",
        r#"current-tags = ["seat"]"#, None,
        "udev tags that the last event of the device has set (CURRENT_TAGS). All must be there.";
    NOT: "not", "0.2", Kind::Exclusions, "a table of conditions",
        r#"not = { serial = "4C530001" }"#, None,
        "Conditions of devices that are not meant, or a list of such tables.";
    ANY: "any", "0.2", Kind::Alternatives, "a list of tables of conditions",
        r#"any = [{ serial = "4C530001" }, { port = "3-2.4" }]"#, None,
        "Alternatives: the device must match at least one of these tables, too.";
    GLOB: "glob", "0.2", Kind::Text, "text in quotes",
        r#"glob = "4C53*""#, None,
        "A shell pattern for the whole text: `*` is any text, `?` is any character, `[0-9]` is one \
         of these.";
    REGEX: "regex", "0.2", Kind::Text, "text in quotes",
        r#"regex = "^4C53[0-9A-F]{4}$""#, None,
        "A regular expression that is found somewhere in the text; `^` and `$` tie it to the ends. \
         In single quotes a backslash needs no doubling.";
    ANY_INTERFACE: "any", "0.2", Kind::Classes, "class codes in quotes",
        r#"any = ["03", "08"]"#, None,
        "At least one interface is one of these.";
    ALL_INTERFACES: "all", "0.2", Kind::Classes, "class codes in quotes",
        r#"all = ["03:01:01", "03:01:02"]"#, None,
        "For each of these there is an interface.";
    ONLY_INTERFACES: "only", "0.2", Kind::Classes, "class codes in quotes",
        r#"only = ["08"]"#, None,
        "Each interface is one of these.";
}

/// All conditions.
pub(crate) const ALL_CONDITIONS: [&Key; 20] = [
    &VENDOR,
    &PRODUCT,
    &SERIAL,
    &PORT,
    &STABLE_PORT,
    &BEHIND,
    &MANUFACTURER,
    &PRODUCT_NAME,
    &REVISION,
    &CLASS,
    &INTERFACES,
    &SPEED,
    &REMOVABLE,
    &BUS,
    &DEVICE_NUMBER,
    &ENV,
    &TAGS,
    &CURRENT_TAGS,
    &NOT,
    &ANY,
];

/// A table of conditions inside of a device table.
pub(crate) const CONDITIONS: Shape = Shape {
    name: "a table of conditions",
    id: "conditions",
    keys: &ALL_CONDITIONS,
    needs: Needs::Condition,
};

/// A table in place of an exact text.
pub(crate) const PATTERN: Shape = Shape {
    name: "a pattern",
    id: "pattern",
    keys: &[&GLOB, &REGEX],
    needs: Needs::One,
};

/// A table that says how interfaces must be there.
pub(crate) const INTERFACE_TABLE: Shape = Shape {
    name: "`interfaces`",
    id: "interface-table",
    keys: &[&ANY_INTERFACE, &ALL_INTERFACES, &ONLY_INTERFACES],
    needs: Needs::Any,
};
