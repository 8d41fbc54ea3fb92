//! The committed copies. `VIRTPLUG_UPDATE=1` writes them anew.

use std::fs;

use virtplug_config::{manual, schema};

use crate::repository;

/// Compares a file of the repository with what it should be, or writes it.
fn check(path: &str, expected: &str) {
    let file = repository(path);
    if std::env::var_os("VIRTPLUG_UPDATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let lines = || committed.lines().zip(expected.lines());
    let first = lines().position(|(a, b)| a != b);
    assert!(
        committed == expected,
        "{path} is out of date from line {} on; write it anew with\n\
         VIRTPLUG_UPDATE=1 cargo test -p virtplug-config --test reference",
        first.unwrap_or(lines().count()) + 1
    );
}

#[test]
fn the_schema_is_the_newest() {
    let text = serde_json::to_string_pretty(&schema()).unwrap();
    check("dist/virtplug.schema.json", &format!("{text}\n"));
}

#[test]
fn the_manual_page_is_the_newest() {
    check("dist/man/virtplug.toml.5", &manual());
}
