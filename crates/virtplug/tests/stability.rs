//! What docs/STABILITY.md promises, held against the code.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// The first cells of the table that follows a heading.
fn first_cells(heading: &str) -> BTreeSet<String> {
    let text = read("docs/STABILITY.md");
    let section = text.split(heading).nth(1).unwrap();
    let lines = section.lines().skip(1);
    let lines = lines.take_while(|line| !line.starts_with('#'));
    let rows = lines.filter(|line| line.starts_with("| ")).skip(1);
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let words = cells.flat_map(|cell| cell.trim_start_matches("| ").split(", "));
    words
        .map(|word| word.trim_matches('`').to_owned())
        .collect()
}

/// What stands in a text between two others, each time.
fn between(text: &str, before: &str, after: &str) -> BTreeSet<String> {
    let parts = text.split(before).skip(1);
    let found = parts.filter_map(|part| part.split(after).next());
    found.map(str::to_owned).collect()
}

#[test]
fn exit_codes_are_those_of_the_program() {
    let code = read("crates/virtplug/src/exit.rs");
    let arms = code.split("match self {").nth(1).unwrap();
    let arms = arms.split("\n        }").next().unwrap();
    assert_eq!(first_cells("### Exit codes"), between(arms, " => ", ","));
}

#[test]
fn versions_and_names_are_those_of_the_code() {
    let text = read("docs/STABILITY.md");
    let rust = between(&read("Cargo.toml"), "rust-version = \"", "\"");
    for wanted in [
        format!("`--json`, version {} |", virtplug_ipc::VERSION),
        format!(
            "control interface `{}` at {} (Varlink)",
            virtplug_ipc::INTERFACE,
            virtplug_ipc::SOCKET
        ),
        format!("builds it is {} ", rust.first().unwrap()),
    ] {
        assert!(text.contains(&wanted), "{wanted}");
    }
}
