//! Every configuration in a document is valid, for the loader and for the schema.

use std::fs;
use std::path::{Path, PathBuf};

use virtplug_config::{Options, drop_in_schema, load, schema};

use crate::repository;

/// Where a configuration in a document would stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum File {
    Main,
    DropIn,
}

impl File {
    /// A file of a machine has `connect`, `uuid` or `device` at its top.
    fn of(text: &str) -> Self {
        let table: toml::Table = text.parse().unwrap();
        let own = ["connect", "uuid", "device"];
        if own.iter().any(|key| table.contains_key(*key)) {
            Self::DropIn
        } else {
            Self::Main
        }
    }
}

/// Loads a configuration and holds it against the schema.
fn check(text: &str, file: File, told: &str) {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("virtplug.toml");
    match file {
        File::Main => fs::write(&main, text).unwrap(),
        File::DropIn => {
            let drop_ins = folder.path().join("machines.d");
            fs::create_dir(&drop_ins).unwrap();
            fs::write(drop_ins.join("example.toml"), text).unwrap();
            fs::write(&main, "").unwrap();
        }
    }
    let loaded = load(&main, &Options::default()).unwrap_or_else(|error| {
        let found = error.diagnostics().iter();
        let shown: Vec<String> = found.map(|finding| finding.render(false)).collect();
        panic!("{told}:\n{}", shown.join("\n"))
    });
    if file == File::DropIn {
        assert!(!loaded.policy.rules().is_empty(), "{told} assigns nothing");
    }

    let schema = match file {
        File::Main => schema(),
        File::DropIn => drop_in_schema(),
    };
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let value = serde_json::to_value(table).unwrap();
    if let Err(error) = validator.validate(&value) {
        panic!("{told}: {error} at {}", error.instance_path());
    }
}

/// The texts between "```toml" and "```", each with its line.
fn blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(language)) if language.trim().starts_with("toml") => {
                open = Some((number + 1, String::new()));
            }
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

/// All documents of the repository, wherever they are.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !path.is_symlink() {
            if !name.starts_with('.') && name != "target" {
                documents(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_example_in_a_document_is_valid() {
    let mut found = Vec::new();
    documents(&repository(""), &mut found);
    assert!(found.iter().any(|path| path.ends_with("README.md")));
    let mut count = 0;
    for path in found {
        for (line, block) in blocks(&fs::read_to_string(&path).unwrap()) {
            let told = format!("{}:{line}", path.display());
            check(&block, File::of(&block), &told);
            count += 1;
        }
    }
    assert!(count >= 2, "only {count} examples found");
}

#[test]
fn blocks_are_found() {
    let text = "a\n```toml\nx = 1\n```\n```sh\ny\n```\n  ```toml\nz = 2\n```\n";
    let found = [(2, "x = 1\n".to_owned()), (8, "z = 2\n".to_owned())];
    assert_eq!(blocks(text), found);
}

#[test]
fn the_installed_file_has_the_schema_also_with_its_examples() {
    let text = fs::read_to_string(repository("dist/virtplug.toml")).unwrap();
    check(&text, File::Main, "dist/virtplug.toml");
    let example = |line: &str| match line.strip_prefix('#') {
        Some(example) if !example.is_empty() && !example.starts_with(' ') => example.to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = text.lines().map(example).collect();
    let text = lines.join("\n");
    assert!(text.contains("\nvendor = "));
    check(&text, File::Main, "dist/virtplug.toml with its examples");
}
