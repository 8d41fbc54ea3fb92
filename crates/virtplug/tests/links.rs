//! What the documents lead to is there.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The documents in these folders of the repository.
fn documents() -> Vec<PathBuf> {
    let folders = ["", "docs", "docs/guides", "docs/migration", "lab"];
    let entries = folders.map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let paths = entries.into_iter().flatten().map(|one| one.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|of| of == "md"))
        .collect()
}

/// Where the links of a document lead, less those to other hosts.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).collect()
}

/// The names by which links reach the headings of a document.
fn anchors(text: &str) -> BTreeSet<String> {
    let titles = text.lines().filter(|line| line.starts_with('#'));
    titles
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter_map(|c| match c {
                ' ' => Some('-'),
                c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                _ => None,
            });
            kept.collect()
        })
        .collect()
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut count = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => document.clone(),
                path => document.parent().unwrap().join(path),
            };
            let told = format!("{}: {link}", document.display());
            assert!(target.exists(), "{told}");
            if !anchor.is_empty() {
                let headings = anchors(&fs::read_to_string(&target).unwrap());
                assert!(headings.contains(anchor), "{told}: {headings:?}");
            }
            count += 1;
        }
    }
    assert!(count > 30, "only {count} links");
}

#[test]
fn every_picture_is_shown_by_a_document() {
    let texts: String = documents()
        .iter()
        .map(|document| fs::read_to_string(document).unwrap())
        .collect();
    for entry in fs::read_dir(root().join("docs/pictures")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|of| of == "svg") {
            assert!(texts.contains(&format!("pictures/{name})")), "{name}");
        }
    }
}
