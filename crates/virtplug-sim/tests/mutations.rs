//! The patches of `scripts/mutations.sh`, which break the engine on purpose.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// They are run before a release only. A change that moves the place of one must show at once.
#[test]
fn each_mutation_fits_the_engine() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut checked = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root.join("crates/virtplug-sim/mutations")).unwrap() {
        let patch = entry.unwrap().path();
        let output = Command::new("git")
            .args(["apply", "--check"])
            .arg(&patch)
            .current_dir(&root)
            .output()
            .unwrap();
        if !output.status.success() {
            wrong.push(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 40, "only {checked} patches");
}
