//! The live XML and the definition of a machine.

#![no_main]

use libfuzzer_sys::fuzz_target;
use virtplug_libvirt::{Definition, DomainXml};

fuzz_target!(|text: &str| {
    let live = DomainXml::read(text);
    let definition = Definition::read(text);
    assert_eq!(live.is_ok(), definition.is_ok());
    if let Err(error) = live {
        let _ = error.to_string();
    }
});
