//! Whatever the files hold, loading ends, and what it tells is harmless.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use virtplug_config::{Diagnostic, Options, drop_in_schema, load, schema};
use virtplug_core::Matcher;

use crate::tree::Tree;

const VALID: &str = r#"# ü
[defaults]
connect = "qemu:///system"
follow = "1min 30s"

[[host.device]]
interfaces = { any = ["03", ":01"], only = "03" }
priority = -7
not = [{ port = { glob = "3-*" } }, { behind = ["3-2", { vendor = ["05e3", { regex = '^04' }] }] }]

[machines.win10]
connect = "qemu:///system"

[[machines.win10.device]]
name = "stick"
vendor = "046d"
product = '0x0001'
serial = ["A1", { regex = "^A\\d$" }]
port = "3-2.4"
env = { ID_MODEL = "x", "ID_B" = { glob = "y*" } }
yield = true
preempt = true
count = 1
guest-port = "0:3"
guest-reset = "off"

[[machines."b c".device]]
stable-port = "pci-0000:00:14.0-usb-0:2.4"
class = "e0:01"
revision = "0110"
speed = [480, "super-plus", "1.5"]
removable = true
manufacturer = "M"
product-name = { glob = "P*" }
tags = ["x", { glob = "y*" }]
current-tags = ["z"]
any = [{ serial = "A" }, { any = [{ product = "1" }] }]
start-machine = true
allow-in-use = true
enabled = false
group = "desk"

[machines.5c1c3ee4-5b1c-4e0c-9f6a-2f1a5a1f2b3c]
device = [{ serial = "Z" }]
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
    "regex = \"(\"",
    "glob = '['",
    "not = ",
    "any = [",
    "behind",
    "interfaces",
    "speed",
    "follow",
    "10s",
    "host",
    "defaults",
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
                let table: Result<toml::Table, _> = text.parse();
                prop_assert!(table.is_ok());
                accepted(&table.unwrap(), file == main)?;
            }
            prop_assert_eq!(loaded.places.len(), loaded.policy.rules().len());
            for rule in loaded.policy.rules() {
                prop_assert!(!holds_for_all(&rule.matcher), "{:?}", rule.matcher);
            }
            check(&loaded.notes)
        }
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            check(error.diagnostics())
        }
    }
}

/// Checks that the schema of the main file, or that of a machine's own file,
/// accepts a table that the loader has accepted.
fn accepted(table: &toml::Table, main: bool) -> Result<(), TestCaseError> {
    static SCHEMAS: LazyLock<[Validator; 2]> = LazyLock::new(|| {
        [schema(), drop_in_schema()].map(|schema| jsonschema::draft202012::new(&schema).unwrap())
    });
    let [of_main, of_machine] = &*SCHEMAS;
    let validator = if main { of_main } else { of_machine };
    let value = serde_json::to_value(table).unwrap();
    if let Err(error) = validator.validate(&value) {
        let at = error.instance_path();
        return Err(TestCaseError::fail(format!("{error} at {at} in {table}")));
    }
    Ok(())
}

/// Whether a matcher, or one inside of it, has no condition.
fn holds_for_all(matcher: &Matcher) -> bool {
    let lists = [&matcher.behind, &matcher.any]
        .into_iter()
        .flatten()
        .flatten();
    matcher.is_empty() || lists.chain(&matcher.not).any(holds_for_all)
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
        key in "[a-z-]{1,12}|vendor|serial|port|stable-port|bus|device|env|tags|name|behind|any|not|\
                interfaces|class|speed|removable|follow|count|priority|yield|guest-port|guest-reset|group",
        value in "\\PC{0,12}|\"\\PC{0,12}\"|[0-9a-fx._:-]{1,8}|\\[\\PC{0,8}\\]|\\{\\PC{0,8}\\}|\
                 \\{ (glob|regex|serial|any|all) = (\"\\PC{0,8}\"|'\\PC{0,8}'|[0-9]{1,3}) \\}",
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
    assert_eq!(tree.load().unwrap().policy.rules().len(), 4);
}
