//! An event or a record of udev: properties as udev sends them, `KEY=value` with a NUL
//! after each. libudev itself is met in the tests of virtplug-udev.

#![no_main]

use libfuzzer_sys::fuzz_target;
use virtplug_core::Escaped;
use virtplug_udev::fuzz::{event, record};

fuzz_target!(|bytes: &[u8]| {
    let properties: Vec<(&[u8], &[u8])> = bytes
        .split(|byte| *byte == 0)
        .filter_map(|property| {
            let at = property.iter().position(|byte| *byte == b'=')?;
            Some((property.get(..at)?, property.get(at + 1..)?))
        })
        .collect();
    if let Some(Some(port)) = event(&properties) {
        // What names a port is written as the kernel writes it.
        assert_eq!(port.to_string().parse(), Ok(port));
    }
    let record = record(&properties);
    let values = record.properties.iter().map(|(_, value)| value);
    for text in values.chain(record.tags.iter().map(String::as_str)) {
        let shown = Escaped(text).to_string();
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
    }
});
