//! Whatever the files hold, loading ends, and what it tells is harmless.

use proptest::prelude::*;
use virtplug_config::{Diagnostic, Options, load};

use crate::tree::Tree;

const VALID: &str = r#"# ü
[machines.win10]
connect = "qemu:///system"

[[machines.win10.device]]
name = "stick"
vendor = "046d"
product = '0x0001'
serial = "A1"
port = "3-2.4"
env = { ID_MODEL = "x", "ID_B" = "y" }

[[machines."b c".device]]
bus = 3
device = 7
tags = ["x", "y"]
current-tags = ["z"]
"#;

/// Pieces that mean something somewhere in such a file.
const PIECES: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "#",
    "\n",
    "\r",
    "\r\n",
    "\\",
    "\\u0000",
    "\0",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{feff}",
    "\u{9b}",
    "ü",
    "💥",
    " ",
    "\t",
    "machines",
    "device",
    "vendor",
    "046d",
    "0",
    "-1",
    "1e5",
    "true",
    "inf",
    "12:30",
    "1979-05-27",
    "3-2.4",
    "[machines.win10]\n",
    "[[machines.win10.device]]\n",
    "serial = \"A1\"\n",
];

/// Checks each finding: its place is in the file, all forms of it name that
/// place, and none could steer a terminal or forge a line.
fn check(found: &[Diagnostic]) -> Result<(), TestCaseError> {
    for finding in found {
        let line_form = finding.to_string();
        let shown = finding.render(false);
        prop_assert!(!line_form.chars().any(char::is_control), "{line_form:?}");
        prop_assert!(
            !shown.chars().any(|c| c.is_control() && c != '\n'),
            "{shown:?}"
        );
        for text in [&line_form, &shown] {
            prop_assert!(!text.contains(['\u{202e}', '\u{feff}']), "{text:?}");
        }
        let mut place = finding.file().display().to_string();
        if let (Some(line), Some(column)) = (finding.line(), finding.column()) {
            place = format!("{place}:{line}:{column}");
        }
        prop_assert!(line_form.starts_with(&format!("{place}: ")), "{line_form}");
        let header = format!("--> {place}");
        prop_assert!(
            shown.lines().any(|line| line.ends_with(&header)),
            "{}",
            shown
        );
        finding.render(true);
    }
    Ok(())
}

fn load_and_check(main: &[u8], drop_in: &[u8]) -> Result<(), TestCaseError> {
    let tree = Tree::new(main).with("d.toml", drop_in);
    match load(&tree.main(), &Options::default()) {
        Ok(loaded) => {
            // What is no TOML must never pass, however it was explained.
            for file in [main, drop_in] {
                let text = std::str::from_utf8(file).unwrap();
                // The parser skips a byte order mark of its own accord.
                let text = text.strip_prefix('\u{feff}').unwrap_or(text);
                prop_assert!(toml::de::DeTable::parse(text).is_ok());
            }
            for rule in loaded.policy.rules() {
                prop_assert!(!rule.matcher.is_empty());
            }
            check(&loaded.notes)
        }
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            check(error.diagnostics())
        }
    }
}

/// Replaces a part of a text, wherever the boundaries fall.
fn replace(text: &mut Vec<u8>, at: prop::sample::Index, cut: usize, piece: &str) {
    let start = at.index(text.len() + 1);
    let end = (start + cut).min(text.len());
    text.splice(start..end, piece.bytes());
}

proptest! {
    #[test]
    fn any_bytes(main in prop::collection::vec(any::<u8>(), 0..200)) {
        load_and_check(&main, &main)?;
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        let text = pieces.concat();
        load_and_check(text.as_bytes(), text.as_bytes())?;
    }

    #[test]
    fn any_values(
        key in "[a-z-]{1,12}|vendor|product|serial|port|bus|device|env|tags|current-tags|name",
        value in "\\PC{0,12}|\"\\PC{0,12}\"|[0-9a-fx._:-]{1,8}|\\[\\PC{0,8}\\]|\\{\\PC{0,8}\\}",
    ) {
        let main = format!("[[machines.a.device]]\n{key} = {value}\n");
        let drop_in = format!("[[device]]\n{key} = {value}\nserial = \"B\"\n");
        load_and_check(main.as_bytes(), drop_in.as_bytes())?;
    }

    #[test]
    fn any_change_of_a_valid_file(
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..12_usize, prop::sample::select(PIECES)),
            1..6,
        ),
    ) {
        let mut text = VALID.as_bytes().to_vec();
        for (at, cut, piece) in changes {
            replace(&mut text, at, cut, piece);
        }
        load_and_check(&text, b"[[device]]\nserial = \"A1\"\n")?;
    }
}

#[test]
fn the_unchanged_file_is_valid() {
    let tree = Tree::new(VALID);
    assert_eq!(tree.told(), "");
    assert_eq!(tree.load().unwrap().policy.rules().len(), 2);
}
