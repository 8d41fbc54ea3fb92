//! What the packages hold: `dist/install`, and the lists of assets in Cargo.toml.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of `dist/install`, each as its words.
fn lines() -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("dist/install")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| line.split_whitespace().map(str::to_owned).collect());
    words.filter(|words: &Vec<_>| !words.is_empty()).collect()
}

/// The files that a line names, relative to the workspace.
fn named(line: &[String]) -> BTreeSet<PathBuf> {
    let (_, patterns) = line.split_last().unwrap();
    let mut files = BTreeSet::new();
    for pattern in patterns {
        let pattern = root().join(pattern).to_str().unwrap().to_owned();
        for path in glob::glob(&pattern).unwrap() {
            gather(&path.unwrap(), &mut files);
        }
    }
    files
}

/// A file, or all files in a folder.
fn gather(path: &Path, files: &mut BTreeSet<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            gather(&entry.unwrap().path(), files);
        }
    } else {
        files.insert(path.strip_prefix(root()).unwrap().to_owned());
    }
}

#[test]
fn each_line_is_some_files_and_a_place() {
    for line in lines() {
        assert!(line.len() >= 2, "{line:?}");
        assert!(!named(&line).is_empty(), "there is no such file: {line:?}");
        let place = line.last().unwrap();
        assert!(
            place.starts_with("etc/") || place.starts_with("usr/"),
            "{line:?}"
        );
    }
}

#[test]
fn each_file_of_dist_is_in_the_packages_once() {
    let mut times: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for file in lines().iter().flat_map(|line| named(line)) {
        *times.entry(file).or_default() += 1;
    }
    let mut there = BTreeSet::new();
    gather(&root().join("dist"), &mut there);
    for file in there {
        // What makes the packages is not in them.
        let is_recipe = ["dist/install", "dist/debian", "dist/rpm"]
            .iter()
            .any(|recipe| file.starts_with(recipe));
        let wanted = usize::from(!is_recipe);
        let found = times.remove(&file).unwrap_or_default();
        assert_eq!(found, wanted, "lines of dist/install with {file:?}");
    }
    assert!(times.values().all(|number| *number == 1), "{times:?}");
}

/// A package's assets: its tree, and the rest.
fn assets(metadata: &Value, package: &str) -> BTreeMap<String, Table> {
    let assets = metadata[package]["assets"].as_array().unwrap();
    let tables = assets.iter().map(|asset| {
        let mut asset = asset.as_table().unwrap().clone();
        let source = asset.remove("source").unwrap();
        let tree = source
            .as_str()
            .and_then(|source| source.strip_prefix("../../target/package/tree/"))
            .and_then(|source| source.strip_suffix("/**/*"));
        // They write the root of the host in two ways.
        let dest = asset.remove("dest").unwrap();
        assert!(matches!(dest.as_str(), Some("" | "/")), "{dest}");
        (tree.unwrap().to_owned(), asset)
    });
    tables.collect()
}

#[test]
fn both_packages_take_the_same_trees() {
    let text = fs::read_to_string(root().join("crates/virtplug/Cargo.toml")).unwrap();
    let manifest: Table = text.parse().unwrap();
    let metadata = &manifest["package"]["metadata"];
    let mut deb = assets(metadata, "deb");
    let mut rpm = assets(metadata, "generate-rpm");
    deb.remove("deb").unwrap();
    rpm.remove("rpm").unwrap();
    // dpkg takes all of /etc for configuration; rpm has to be told.
    let kept = rpm.get_mut("config").unwrap().remove("config");
    assert_eq!(kept.unwrap().as_str(), Some("noreplace"));
    let document = rpm.get_mut("documents").unwrap().remove("doc");
    assert_eq!(document.unwrap().as_bool(), Some(true));
    assert_eq!(deb, rpm);
}
