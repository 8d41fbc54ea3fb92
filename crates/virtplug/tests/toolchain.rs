//! The oldest toolchain that builds virtplug is the one that Cargo.toml states, as far as can
//! be told without it: clippy looks at what our code uses of the standard library, and every
//! crate that is built in states one that is not newer. `scripts/oldest.sh` builds with it
//! where it can be had.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId};

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .other_options(["--filter-platform=x86_64-unknown-linux-gnu".to_owned()])
        .exec()
        .unwrap()
}

/// The crates that a build of the program compiles.
fn built(metadata: &Metadata) -> Vec<&Package> {
    let resolved = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, &Node> =
        resolved.nodes.iter().map(|node| (&node.id, node)).collect();
    let program = metadata
        .packages
        .iter()
        .find(|package| package.name == "virtplug");
    let mut waiting = vec![&program.unwrap().id];
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            let node = nodes.get(id).unwrap();
            let compiled = node.deps.iter().filter(|dependency| {
                let mut kinds = dependency.dep_kinds.iter();
                kinds.any(|kind| kind.kind != DependencyKind::Development)
            });
            waiting.extend(compiled.map(|dependency| &dependency.pkg));
        }
    }
    let packages = metadata.packages.iter();
    packages
        .filter(|package| seen.contains(&package.id))
        .collect()
}

#[test]
fn no_crate_that_is_built_in_needs_a_newer_toolchain() {
    let metadata = metadata();
    let built = built(&metadata);
    let ours = built.iter().find(|package| package.name == "virtplug");
    let ours = ours.unwrap().rust_version.clone().unwrap();
    let newer: Vec<String> = built
        .iter()
        .filter_map(|package| {
            let needed = package.rust_version.as_ref()?;
            (*needed > ours).then(|| {
                let (name, version) = (&package.name, &package.version);
                format!("{name} {version} needs {needed}")
            })
        })
        .collect();
    assert!(built.len() > 50, "only {} crates", built.len());
    assert!(newer.is_empty(), "newer than {ours}: {newer:#?}");
}

#[test]
fn every_crate_of_ours_states_the_same_toolchain_and_clippy_looks_at_what_it_uses() {
    let metadata = metadata();
    let root = metadata.workspace_root.as_std_path();
    let stated: BTreeSet<_> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| package.rust_version.clone())
        .collect();
    assert_eq!(stated.len(), 1, "{stated:?}");
    // The lint is on by default, in clippy's group `suspicious`.
    for package in metadata.workspace_packages() {
        let folder = package.manifest_path.parent().unwrap().as_std_path();
        for place in [folder.join("Cargo.toml"), folder.join("clippy.toml")] {
            let text = fs::read_to_string(&place).unwrap_or_default();
            assert!(
                !text.contains("incompatible_msrv") && !text.contains("\nmsrv"),
                "{}",
                place.display()
            );
        }
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}",
            folder.display()
        );
    }
    let text = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(!text.contains("incompatible_msrv") && !text.contains("suspicious ="));
}
