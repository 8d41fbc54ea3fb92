//! The importer of the udev + bash handler: rules, script and XML, divided by NUL.

#![no_main]

use libfuzzer_sys::fuzz_target;
use virtplug_config::import::{Input, hotplug};

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let mut input = |name: &str| Input {
        name: name.into(),
        bytes: parts.next().unwrap_or_default().to_vec(),
    };
    let files = [
        input("99-hotplug.rules"),
        input("hotplug.sh"),
        input("vm/3-5-A1.xml"),
    ];
    let _ = hotplug(&files);
});
