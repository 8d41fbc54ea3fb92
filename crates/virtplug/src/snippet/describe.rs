//! The words for a device in the comment of a snippet.

use virtplug_core::{Device, Fact, RawText};

/// The device as a comment names it, on one line: `0403:6001 "FT232 Serial",
/// serial "A1", at 3-1`. Ends with a port, so no trailing backslash of a string
/// of the device can join the line to the next one.
pub(super) fn describe(device: &Device) -> String {
    let mut words = format!("{}:{}", device.vendor, device.product);
    let said = |text: &Fact<Option<RawText>>| text.known().and_then(Clone::clone);
    let names: Vec<String> = [said(&device.manufacturer), said(&device.product_name)]
        .into_iter()
        .flatten()
        .map(|name| name.to_string())
        .collect();
    if !names.is_empty() {
        words = format!("{words} \"{}\"", names.join(" "));
    }
    if let Some(serial) = said(&device.serial) {
        words = format!("{words}, serial \"{serial}\"");
    }
    format!("{words}, at {}", device.port)
}

/// Ports joined for a sentence.
pub(super) fn ports<'a>(devices: impl Iterator<Item = &'a Device>) -> String {
    let ports: Vec<String> = devices.map(|device| device.port.to_string()).collect();
    ports.join(", ")
}
