//! The file that keeps what was decided by hand.

#![no_main]

use libfuzzer_sys::fuzz_target;
use virtplug::fuzz::orders;

fuzz_target!(|text: &str| {
    if let Some(written) = orders(text) {
        assert_eq!(orders(&written), Some(written));
    }
});
