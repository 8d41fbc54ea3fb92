//! The keys of the configuration: one definition for reading, help and tests.

/// A key, what it takes, and how it is written.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What kind of value, in words that follow "must be".
    pub(crate) takes: &'static str,
    /// A line that is right.
    pub(crate) example: &'static str,
}

/// A kind of table.
#[derive(Debug)]
pub(crate) struct Shape {
    /// In words that follow "in".
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static Key],
}

macro_rules! keys {
    ($($constant:ident: $name:literal, $takes:literal, $example:literal;)*) => {
        $(pub(crate) const $constant: Key = Key {
            name: $name,
            takes: $takes,
            example: $example,
        };)*
    };
}

keys! {
    MACHINES: "machines", "a table of machines", "[machines.NAME]";
    CONNECT: "connect", "a libvirt URI in quotes", r#"connect = "qemu:///system""#;
    DEVICE: "device", "an array of tables", "[[machines.NAME.device]]";
    NAME: "name", "text in quotes", r#"name = "backup disk""#;
    VENDOR: "vendor", "hexadecimal digits in quotes", r#"vendor = "046d""#;
    PRODUCT: "product", "hexadecimal digits in quotes", r#"product = "c52b""#;
    SERIAL: "serial", "text in quotes", r#"serial = "4C530001""#;
    PORT: "port", "a port path in quotes", r#"port = "3-2.4""#;
    BUS: "bus", "a whole number", "bus = 3";
    DEVICE_NUMBER: "device", "a whole number", "device = 7";
    ENV: "env", "a table of udev properties", r#"env = { ID_MODEL = "Stick" }"#;
    TAGS: "tags", "a list of udev tags", r#"tags = ["seat"]"#;
    CURRENT_TAGS: "current-tags", "a list of udev tags", r#"current-tags = ["seat"]"#;
}

/// The main file.
pub(crate) const MAIN: Shape = Shape {
    name: "the main file",
    keys: &[&MACHINES],
};

/// A machine, as a table of the main file or as a file of its own.
pub(crate) const MACHINE: Shape = Shape {
    name: "a machine",
    keys: &[&CONNECT, &DEVICE],
};

/// A device table of a machine.
pub(crate) const MATCHER: Shape = Shape {
    name: "a device table",
    keys: &[
        &NAME,
        &VENDOR,
        &PRODUCT,
        &SERIAL,
        &PORT,
        &BUS,
        &DEVICE_NUMBER,
        &ENV,
        &TAGS,
        &CURRENT_TAGS,
    ],
};

/// What other tools and people call a key of ours.
pub(crate) const OTHER_NAMES: &[(&str, &str)] = &[
    ("idvendor", "vendor"),
    ("id-vendor-id", "vendor"),
    ("vendor-id", "vendor"),
    ("vendorid", "vendor"),
    ("vid", "vendor"),
    ("idproduct", "product"),
    ("id-model-id", "product"),
    ("product-id", "product"),
    ("productid", "product"),
    ("pid", "product"),
    ("id-serial-short", "serial"),
    ("serial-number", "serial"),
    ("devpath", "port"),
    ("busnum", "bus"),
    ("hostbus", "bus"),
    ("devnum", "device"),
    ("hostaddr", "device"),
    ("properties", "env"),
    ("uri", "connect"),
    ("connection", "connect"),
    ("domains", "machines"),
    ("vms", "machines"),
];
