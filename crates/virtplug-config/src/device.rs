//! Device tables.

use std::ops::Range;

use toml::de::DeTable;
use virtplug_core::PortPath;

use crate::findings::Findings;
use crate::key::{
    BUS, CURRENT_TAGS, DEVICE_NUMBER, ENV, MATCHER, NAME, PORT, PRODUCT, SERIAL, TAGS, VENDOR,
};
use crate::number::Allowed;
use crate::table::{check_keys, get};
use crate::written::WrittenDevice;
use crate::{number, value};

/// Bus numbers; the kernel counts from 1.
const BUSES: Allowed = Allowed {
    from: 1,
    to: u16::MAX,
    words: "from 1 to 65535",
};
/// Device numbers (USB 2.0, 9.4.6: seven bits). The kernel gives 1 to the root
/// hub of the bus, which is no device.
const DEVICE_NUMBERS: Allowed = Allowed {
    from: 2,
    to: 127,
    words: "from 2 to 127 (1 is the root hub of the bus)",
};

/// Reads a device table.
pub(crate) fn read(
    table: &DeTable<'_>,
    span: Range<usize>,
    findings: &mut Findings,
) -> WrittenDevice {
    let found = findings.len();
    check_keys(table, &MATCHER, findings, |_, _| None);
    let name = get(table, &NAME).and_then(|v| value::string(v, &NAME, findings));
    let vendor = get(table, &VENDOR).and_then(|v| number::id(v, &VENDOR, findings));
    let product = get(table, &PRODUCT).and_then(|v| number::id(v, &PRODUCT, findings));
    let serial = get(table, &SERIAL).and_then(|v| value::filled_string(v, &SERIAL, findings));
    let port = get(table, &PORT).and_then(|v| value::parsed(v, &PORT, findings, without_interface));
    let bus = get(table, &BUS).and_then(|v| number::integer(v, &BUS, &BUSES, findings));
    let device = get(table, &DEVICE_NUMBER)
        .and_then(|v| number::integer(v, &DEVICE_NUMBER, &DEVICE_NUMBERS, findings));
    let env = get(table, &ENV).map(|v| value::properties(v, &ENV, findings));
    let tags = get(table, &TAGS).map(|v| value::strings(v, &TAGS, findings));
    let current_tags =
        get(table, &CURRENT_TAGS).map(|v| value::strings(v, &CURRENT_TAGS, findings));
    WrittenDevice {
        place: findings.place(span),
        name,
        vendor,
        product,
        serial,
        port,
        bus,
        device,
        env: env.unwrap_or_default(),
        tags: tags.unwrap_or_default(),
        current_tags: current_tags.unwrap_or_default(),
        complete: findings.len() == found,
    }
}

/// The port of an interface: sysfs names those `3-2.4:1.0`.
fn without_interface(text: &str) -> Option<String> {
    let port: PortPath = text.split_once(':')?.0.parse().ok()?;
    Some(format!("write `port = \"{port}\"`"))
}
