//! `dist/virtplug.catalog` explains each kind of line, and nothing else. systemd's
//! `journalctl -x` shows it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Kind;
use crate::cli;

/// One explanation.
struct Entry {
    id: String,
    /// `Subject` and the like, with their values.
    head: Vec<(String, String)>,
    text: String,
}

fn dist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist")
}

fn entries() -> Vec<Entry> {
    let file = fs::read_to_string(dist().join("virtplug.catalog")).unwrap();
    // As systemd reads it: these lines are comments wherever they stand.
    let lines: Vec<&str> = file
        .lines()
        .filter(|line| !line.starts_with(['#', ';']))
        .collect();
    let all = lines.join("\n");
    let of = |entry: &str| {
        let (head, text) = entry.split_once("\n\n").unwrap();
        let mut head = head.lines();
        let id = head.next().unwrap().to_owned();
        let head = head.map(|line| line.split_once(": ").unwrap());
        Entry {
            id,
            head: head
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            text: text.trim_end().to_owned(),
        }
    };
    all.split("-- ").skip(1).map(of).collect()
}

/// What stands between `@` and `@`.
fn substituted(text: &str) -> BTreeSet<String> {
    let parts = text.split('@').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

#[test]
fn each_kind_is_explained_once_and_nothing_else_is() {
    let explained: Vec<String> = entries().into_iter().map(|entry| entry.id).collect();
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.id()).collect();
    assert_eq!(
        explained, kinds,
        "dist/virtplug.catalog: as in journal/kind.rs"
    );
    let different: BTreeSet<&&str> = kinds.iter().collect();
    assert_eq!(different.len(), kinds.len());
    let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), kinds.len());
    for kind in Kind::ALL {
        assert_eq!(Kind::named(kind.name()), Some(*kind));
        let is_id = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        assert!(kind.id().len() == 32 && kind.id().chars().all(is_id));
    }
}

#[test]
fn an_explanation_uses_only_what_its_lines_always_have() {
    for (entry, kind) in entries().iter().zip(Kind::ALL) {
        let (name, id) = (kind.name(), kind.id());
        assert_eq!(entry.id, id, "{name}");
        let heads: Vec<&str> = entry.head.iter().map(|(head, _)| head.as_str()).collect();
        assert_eq!(heads, ["Subject", "Defined-By", "Documentation"], "{name}");
        let page = entry.head[2].1.strip_prefix("man:").unwrap();
        let (page, section) = page.strip_suffix(')').unwrap().split_once('(').unwrap();
        let page = dist().join(format!("man/{page}.{section}"));
        assert!(page.exists(), "{name}: there is no {}", page.display());
        let always: BTreeSet<String> = kind
            .fields()
            .iter()
            .map(|field| format!("VIRTPLUG_{}", field.to_uppercase()))
            .collect();
        let used = substituted(&format!("{}\n{}", entry.head[0].1, entry.text));
        assert!(used.is_subset(&always), "{name}: {used:?} of {always:?}");
        for line in entry.text.lines() {
            assert!(line.len() <= 110, "{name}: too long: {line}");
            if let Some(command) = line.trim_start().strip_prefix("virtplug ")
                && line.starts_with("    ")
            {
                cli::tests::check(&format!("virtplug {command}"));
            }
        }
    }
}

#[test]
fn systemd_reads_it() {
    let journalctl = |root: &Path, what: &str| {
        let mut command = Command::new("journalctl");
        command.arg(format!("--root={}", root.display())).arg(what);
        command.output()
    };
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("usr/lib/systemd/catalog");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(dist().join("virtplug.catalog"), folder.join("v.catalog")).unwrap();
    let Ok(updated) = journalctl(root.path(), "--update-catalog") else {
        crate::output::message("skipped: there is no journalctl here that could read the catalog");
        return;
    };
    let said = String::from_utf8_lossy(&updated.stderr);
    assert!(updated.status.success() && said.is_empty(), "{said}");
    let listed = journalctl(root.path(), "--list-catalog").unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    let mut found: Vec<&str> = listed.lines().map(|line| &line[..32]).collect();
    found.sort_unstable();
    let mut kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.id()).collect();
    kinds.sort_unstable();
    assert_eq!(found, kinds);
}
