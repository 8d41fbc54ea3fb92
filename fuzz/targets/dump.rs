//! The reader of `udevadm info --export-db`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dump = virtplug_udev::read_dump(bytes);
    let _ = dump.topology();
});
