//! What each crate must not know (ARCHITECTURE.md), held against the code.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .exec()
        .unwrap()
}

/// Direct, normal dependencies of each crate of the workspace.
fn dependencies(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let direct = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind == DependencyKind::Normal)
                .map(|dependency| dependency.name.clone())
                .collect();
            (package.name.to_string(), direct)
        })
        .collect()
}

fn sources(package: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    walk(&crates.join(package).join("src"), &mut found);
    assert!(!found.is_empty(), "no sources of {package}");
    found
}

/// Words of a source, outside of comments.
fn words(path: &Path) -> BTreeSet<String> {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().to_owned())
        .flat_map(|line| {
            line.split(|c: char| !c.is_alphanumeric() && c != '_')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Names that a source takes from the core: `virtplug_core::Name` or
/// `virtplug_core::{Name, …}`.
fn taken_from_core(text: &str) -> BTreeSet<String> {
    text.split("virtplug_core::")
        .skip(1)
        .flat_map(|rest| {
            let list = rest.strip_prefix('{').map(|list| list.split('}').next());
            let name = rest.split(|c: char| !c.is_alphanumeric()).next();
            let names = list.flatten().or(name).unwrap_or_default();
            names
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_core_depends_on_nothing_that_does_io() {
    let found = dependencies(&metadata());
    // Each only computes: hashes (fnv), what patterns hold for (glob, of which
    // the core takes no function that lists files, and regex), how a value is taken
    // apart for whatever format (serde), which name was meant (strsim), the text of
    // errors (thiserror), texts that look the same (unicode-normalization).
    let allowed: BTreeSet<String> = [
        "fnv",
        "glob",
        "regex",
        "serde",
        "strsim",
        "thiserror",
        "unicode-normalization",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(found["virtplug-core"], allowed);
    for path in sources("virtplug-core") {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            !text.contains("glob::glob"),
            "{} lists files",
            path.display()
        );
    }
}

#[test]
fn the_edges_do_not_depend_on_each_other() {
    let found = dependencies(&metadata());
    let ours = |name: &str| -> Vec<String> {
        found[name]
            .iter()
            .filter(|dependency| dependency.starts_with("virtplug"))
            .cloned()
            .collect()
    };
    for edge in [
        "virtplug-config",
        "virtplug-udev",
        "virtplug-libvirt",
        "virtplug-sim",
    ] {
        assert_eq!(ours(edge), ["virtplug-core"], "{edge}");
    }
    assert_eq!(ours("virtplug-ipc"), Vec::<String>::new());
    // The lab drives the installed program; what that recorded is judged by the simulator.
    assert_eq!(ours("virtplug-lab"), ["virtplug-sim"]);
    // What is measured beside virtplug listens to udev itself.
    for (name, direct) in found.iter().filter(|(name, _)| *name != "virtplug-bench") {
        for (library, user) in [
            ("virt-sys", "virtplug-libvirt"),
            ("udev", "virtplug-udev"),
            ("toml", "virtplug-config"),
            ("toml_edit", "virtplug-config"),
            ("saphyr-parser", "virtplug-config"),
        ] {
            assert!(
                !direct.contains(library) || name == user,
                "{name} uses {library}, which is for {user}"
            );
        }
    }
}

#[test]
fn no_edge_speaks_of_what_it_must_not_know() {
    let forbidden: [(&str, &[&str]); 3] = [
        (
            "virtplug-udev",
            &[
                "MachineKey",
                "ConnectionUri",
                "Hostdev",
                "Policy",
                "Rule",
                "Matcher",
                "Engine",
                "Action",
                "Event",
            ],
        ),
        (
            "virtplug-libvirt",
            &[
                "Device",
                "UdevRecord",
                "Policy",
                "Rule",
                "Matcher",
                "Engine",
                "Action",
                "Event",
            ],
        ),
        (
            "virtplug-config",
            &[
                "Device",
                "UdevRecord",
                "Hostdev",
                "MachineRead",
                "Engine",
                "Action",
                "Event",
            ],
        ),
    ];
    for (package, names) in forbidden {
        for path in sources(package) {
            let taken = taken_from_core(&fs::read_to_string(&path).unwrap());
            for name in names {
                assert!(
                    !taken.contains(*name),
                    "{} speaks of {name}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn unsafe_code_is_only_in_the_libvirt_crate() {
    for package in dependencies(&metadata()).keys() {
        // The entry of a fuzz target is a C function that a macro makes. The sources of
        // the bench are elsewhere; it forbids unsafe code, too.
        let exempt = [
            "virtplug-libvirt",
            "virtplug-lab",
            "virtplug-fuzz",
            "virtplug-bench",
        ];
        if exempt.contains(&package.as_str()) {
            continue;
        }
        let root = sources(package)
            .into_iter()
            .find(|path| {
                let name = path.file_name().unwrap();
                (name == "lib.rs" || name == "main.rs") && path.parent().unwrap().ends_with("src")
            })
            .unwrap();
        let text = fs::read_to_string(&root).unwrap();
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{} does not forbid unsafe code",
            root.display()
        );
    }
}

#[test]
fn only_the_output_module_prints() {
    for path in sources("virtplug") {
        let words = words(&path);
        let prints = ["println", "eprintln", "anstream"]
            .iter()
            .any(|word| words.contains(*word));
        assert!(
            !prints || path.ends_with("output.rs"),
            "{} prints",
            path.display()
        );
    }
}
