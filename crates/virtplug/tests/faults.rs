//! The tables of docs/FAULTS.md and docs/COMPARE.md, held against the tests that they name.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each group of the catalogue and how many rows it has.
const GROUPS: [(char, u32); 6] = [
    ('C', 29),
    ('U', 26),
    ('K', 23),
    ('L', 36),
    ('S', 22),
    ('P', 21),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The cells of each row.
fn rows() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("docs/FAULTS.md")).unwrap();
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim_matches('|').split(" | ");
        inner.map(|cell| cell.trim().to_owned()).collect()
    };
    text.lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| row"))
        .map(cells)
        .collect()
}

/// Whether a file has a test of this name.
fn has_test(file: &Path, name: &str) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let function = format!("fn {name}(");
    let mut parts = text.split("#[test]").skip(1);
    // The function follows, with other attributes in between at most.
    parts.any(|part| {
        let before = part.split(&function).next().unwrap_or_default();
        before.len() < part.len() && !before.contains("fn ")
    })
}

fn is_proof(name: &str) -> bool {
    if let Some(fault) = name.strip_prefix("simulator ") {
        let faults = root().join("crates/virtplug-sim/src/fault.rs");
        let text = fs::read_to_string(faults).unwrap();
        return text.contains(&format!("    {fault},\n"));
    }
    let Some((place, test)) = name.split_once("::") else {
        return false;
    };
    let file = match place.strip_prefix("lab ") {
        Some(place) => format!("lab/tests/scenarios/{place}.rs"),
        None => format!("crates/{place}"),
    };
    has_test(&root().join(file), test)
}

#[test]
fn the_catalogue_is_whole() {
    let wanted: BTreeSet<String> = GROUPS
        .iter()
        .flat_map(|(group, count)| (1..=*count).map(move |number| format!("{group}{number}")))
        .collect();
    let rows = rows();
    let found: BTreeSet<String> = rows.iter().map(|cells| cells[0].clone()).collect();
    assert_eq!(found, wanted);
    assert_eq!(rows.len(), wanted.len(), "a row is there twice");
}

#[test]
fn each_proof_is_a_test_that_there_is() {
    let mut wrong = Vec::new();
    for cells in rows() {
        assert_eq!(cells.len(), 4, "{cells:?}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{cells:?}");
        if let Some(reason) = cells[3].strip_prefix('–') {
            if reason.trim().len() < 20 {
                wrong.push(format!("{}: what is missing?", cells[0]));
            }
            continue;
        }
        for proof in cells[3].split(", ") {
            let name = proof.trim_matches('`');
            if !is_proof(name) {
                wrong.push(format!("{}: there is no test {name}", cells[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_claim_of_the_comparison_has_a_test() {
    let text = fs::read_to_string(root().join("docs/COMPARE.md")).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<&str> = lines
        .filter(|line| !line.contains("virtplug: proof"))
        .collect();
    assert!(!rows.is_empty());
    for row in rows {
        let ours = row.split(" | ").nth(1).unwrap();
        for proof in ours.split(", ") {
            let name = proof.trim_matches('`');
            assert!(is_proof(name), "there is no test {name}: {row}");
        }
    }
}
