//! `dist/man` has the newest pages, and what they show can be typed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/man")
}

/// Compares a page with the one in the repository, or writes it.
pub(crate) fn compare(name: &str, page: &str) {
    let file = folder().join(name);
    if std::env::var_os("VIRTPLUG_UPDATE").is_some() {
        fs::write(&file, page).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == page,
        "dist/man/{name} is out of date; write it anew with\n\
         VIRTPLUG_UPDATE=1 cargo test -p virtplug manual"
    );
}

#[test]
fn the_pages_of_the_commands_are_the_newest_and_there_are_no_others() {
    let pages = commands();
    for (name, page) in &pages {
        compare(name, page);
    }
    let mut expected: BTreeSet<String> = pages.into_iter().map(|(name, _)| name).collect();
    expected.extend([
        "virtplug.toml.5".to_owned(),
        "virtplug-control.7".to_owned(),
    ]);
    let entries = fs::read_dir(folder()).unwrap();
    let found: BTreeSet<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_page_of_the_daemon_explains_each_field_of_the_journal() {
    let sections = text::of("virtplug-daemon");
    let (_, said) = sections
        .iter()
        .find(|(title, _)| *title == "JOURNAL")
        .unwrap();
    for kind in Kind::ALL {
        for field in kind.fields() {
            let named = format!("`VIRTPLUG_{}`", field.to_uppercase());
            let explained = said.iter().filter_map(|text| text.split_once(": "));
            let mut all = explained.flat_map(|(fields, _)| fields.split(", "));
            assert!(all.any(|field| field == named), "{named}");
        }
    }
}

#[test]
fn what_the_pages_show_can_be_typed() {
    let pages: BTreeSet<String> = commands()
        .into_iter()
        .filter_map(|(file, _)| file.rsplit_once('.').map(|(name, _)| name.to_owned()))
        .collect();
    for (page, line) in example::lines() {
        crate::cli::tests::check(line);
        assert!(pages.contains(page), "there is no page {page}");
    }
}

#[test]
fn each_page_teaches_by_an_example() {
    for (name, page) in commands() {
        assert!(page.contains("\n.SH \"EXAMPLES\""), "{name}");
    }
}

#[test]
fn no_page_has_leftovers_of_the_text_that_it_is_made_from() {
    for (name, page) in commands() {
        assert!(!page.contains('`'), "{name}");
        let controls = page.lines().filter(|line| line.starts_with('.'));
        for line in controls {
            let known = [
                ".TH", ".SH", ".SS", ".PP", ".TP", ".RS", ".RE", ".EX", ".EE", ".nr", ".nh", ".ad",
                ".br", ".sp", ".IP",
            ];
            assert!(
                known.iter().any(|macros| line.starts_with(macros)),
                "{name}: {line}"
            );
        }
    }
}
