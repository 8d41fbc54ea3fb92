//! The page is complete, its examples are right, and printers understand it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;
use crate::key::SHAPES;
use crate::key::tests::load;

/// The page without its markup.
fn plain() -> String {
    let page = manual();
    let lines = page.lines().filter(|line| !line.starts_with('.'));
    let mut text = lines.collect::<Vec<&str>>().join("\n");
    for (markup, plain) in [
        (r"\fB", ""),
        (r"\fR", ""),
        (r"\-", "-"),
        (r"\*(Aq", "'"),
        (r"\(ha", "^"),
        (r"\(ti", "~"),
        (r"\&", ""),
        (r"\\", "\\"),
    ] {
        text = text.replace(markup, plain);
    }
    text
}

#[test]
fn every_key_is_on_the_page() {
    let text = plain();
    for shape in SHAPES {
        for key in shape.keys {
            for part in [key.help, key.example] {
                let part = part.replace('`', "");
                assert!(text.contains(&part), "{} in {}", key.name, shape.name);
            }
        }
    }
}

#[test]
fn every_example_is_valid() {
    for example in &example::ALL {
        assert!(plain().contains(example.text.trim()), "{}", example.text);
        let loaded = if example.drop_in {
            let folder = tempfile::tempdir().unwrap();
            let drop_ins = folder.path().join("machines.d");
            std::fs::create_dir(&drop_ins).unwrap();
            std::fs::write(drop_ins.join("homeassistant.toml"), example.text).unwrap();
            let main = folder.path().join("virtplug.toml");
            std::fs::write(&main, "").unwrap();
            crate::load(&main, &crate::Options::default())
        } else {
            load(example.text)
        };
        let loaded = loaded.unwrap_or_else(|error| panic!("{error}\n{}", example.text));
        assert!(
            loaded.notes.is_empty(),
            "{:?}\n{}",
            loaded.notes,
            example.text
        );
        assert!(!loaded.policy.rules().is_empty());
    }
}

#[test]
fn nothing_but_plain_characters_needs_a_printers_tables() {
    let page = manual();
    let odd: Vec<char> = page.chars().filter(|c| !c.is_ascii()).collect();
    assert_eq!(odd, []);
    assert!(!page.contains("\\(ga"), "backquotes come in pairs");
}

/// groff tells what it does not understand. Where it is not installed, the
/// other tests must do.
#[test]
fn groff_has_no_complaint() {
    let started = Command::new("groff")
        .args(["-man", "-ww", "-z"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut groff) = started else {
        eprintln!("skipped: groff is not installed");
        return;
    };
    let page = manual();
    groff
        .stdin
        .take()
        .unwrap()
        .write_all(page.as_bytes())
        .unwrap();
    let told = groff.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&told.stderr), "");
    assert!(told.status.success());
}
