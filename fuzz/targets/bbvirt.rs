//! The importer of bbvirt's configuration, a bash file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use virtplug_config::import::{Input, bbvirt};

fuzz_target!(|bytes: &[u8]| {
    let _ = bbvirt(&Input {
        name: "vm.conf".into(),
        bytes: bytes.to_vec(),
    });
});
