//! The raw descriptors of a device.

#![no_main]

use libfuzzer_sys::fuzz_target;
use virtplug_udev::fuzz::interfaces;

fuzz_target!(|bytes: &[u8]| {
    let Some(found) = interfaces(bytes) else {
        return;
    };
    // Each interface has a descriptor of nine bytes; what was cut off is missed.
    assert!(found.len() * 9 <= bytes.len());
    let less = bytes.get(..bytes.len() - 1).unwrap_or_default();
    assert_eq!(interfaces(less), None);
});
