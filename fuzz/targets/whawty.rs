//! The importer of libvirt-usb-hotplugd's configuration: a main file and one machine's own file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use virtplug_config::import::{Input, whawty};

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let mut input = |name: &str| Input {
        name: name.into(),
        bytes: parts.next().unwrap_or_default().to_vec(),
    };
    let main = input("config.yml");
    let machine = input("machines.d/vm.yml");
    let _ = whawty(&main, &[machine]);
});
