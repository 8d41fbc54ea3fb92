//! The configuration: a main file, or a machine's own file.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use virtplug_config::{Options, load_text};

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let path = if kind % 2 == 0 {
        "virtplug.toml"
    } else {
        "machines.d/vm.toml"
    };
    match load_text(Path::new(path), text, &Options::default()) {
        Ok(loaded) => {
            for note in &loaded.notes {
                let _ = note.render(false);
            }
        }
        Err(error) => {
            for diagnostic in error.diagnostics() {
                let _ = diagnostic.render(true);
            }
        }
    }
});
