//! Where the devices of a dump would go.

use std::io::Write as _;

use super::*;

const RULES: &str = r#"
[[host.device]]
name = "the host's own"
serial = "K1"

[[machines.alpha.device]]
name = "Zigbee"
serial = "A1"

[[machines.alpha.device]]
vendor = "10c4"
product = "ea60"
count = 1

[[machines.alpha.device]]
port = "1-7"

[[machines.alpha.device]]
serial = "C1"

[[machines.alpha.device]]
removable = "fixed"
vendor = "1234"

[[machines.off.device]]
serial = "Y1"
yield = true
priority = 1

[[machines.beta.device]]
serial = "Y1"

[[machines.beta.device]]
serial = "G1"
guest-port = "0:1"

[[machines.beta.device]]
serial = "G2"
guest-port = "0:1"

[[machines.beta.device]]
serial = { regex = "^C" }
priority = 0
"#;

fn devices() -> String {
    dump(&[
        ["1-1", "10c4:ea70", "A1", "0/0/0", ":ff0000:"],
        ["1-2", "10c4:ea60", "P1", "0/0/0", ":ff0000:"],
        ["1-3", "10c4:ea60", "P2", "0/0/0", ":ff0000:"],
        ["1-4", "46d:1", "K1", "0/0/0", ":030101:"],
        ["1-5", "46d:2", "C1", "0/0/0", ":ff0000:"],
        ["1-6", "1234:1", "", "0/0/0", ":ff0000:"],
        ["1-7", "5e3:610", "", "9/0/1", ":090000:"],
        ["1-8", "46d:3", "Y1", "0/0/0", ":ff0000:"],
        ["1-9", "46d:4", "G1", "0/0/0", ":ff0000:"],
        ["1-10", "46d:5", "G2", "0/0/0", ":ff0000:"],
        ["1-11", "46d:6", "none of these", "0/0/0", ":ff0000:"],
    ])
}

#[test]
fn the_table_shows_where_each_device_would_go_by_which_rule_and_why_not() {
    let tree = Tree::new(RULES, &[]);
    let checked = tree.check_against(&devices());
    let text = destinations::text(checked.engine.as_ref().unwrap());
    let table = text.split("\n\n").next().unwrap();
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    insta::assert_snapshot!(tree.anonymous(&text));
}

#[test]
fn json_tells_the_same() {
    let tree = Tree::new(RULES, &[]);
    insta::assert_snapshot!(tree.json(&tree.check_against(&devices()), false));
}

#[test]
fn a_hostile_dump_is_shown_plainly() {
    let hostile = dump(&[
        ["1-1", "46d:1", "\u{1b}[31mred\u{202e}", "0/0/0", ":ff0000:"],
        ["1-1", "46d:1", "again", "0/0/0", ":ff0000:"],
        ["1-2", "46d:1", "A\\x1b\\x0a", "0/0/0", ":junk:"],
        ["1-\u{1b}[2J", "46d:1", "x", "0/0/0", ":ff0000:"],
        ["1-3", "46d:1", &"long".repeat(40), "0/0/0", ":ff0000:"],
    ]);
    let tree = Tree::new(
        "[[machines.\"e\\tvil\".device]]\nname = \"\\u001b[31m\"\nvendor = \"046d\"\n",
        &[],
    );
    let checked = tree.check_against(&(hostile + "P: /devices/cut\nE: SUBSYS"));
    let text = tree.text(&checked, false);
    let plain =
        |text: &str| !text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}');
    assert!(plain(&text), "{text:?}");
    assert!(plain(&tree.json(&checked, false)));
    insta::assert_snapshot!(text);
}

#[test]
fn without_devices_the_notes_say_what_a_dump_is() {
    let tree = Tree::new(RULES, &[]);
    let checked = tree.check_against("nothing of the kind\n");
    assert_eq!(
        destinations::text(checked.engine.as_ref().unwrap()),
        "no USB devices\n"
    );
    assert!(
        checked
            .notes
            .iter()
            .any(|note| note.contains("--export-db"))
    );
}

#[test]
fn many_devices_come_to_an_end_and_all_get_where_they_belong() {
    let ports: Vec<String> = (1..=250)
        .map(|n| format!("1-{}.{}", n % 50 + 1, n / 50 + 1))
        .collect();
    let all: Vec<[&str; 5]> = ports
        .iter()
        .map(|port| [port.as_str(), "46d:1", "X", "0/0/0", ":ff0000:"])
        .collect();
    let tree = Tree::new("[[machines.a.device]]\nvendor = \"046d\"\n", &[]);
    let checked = tree.check_against(&dump(&all));
    let engine = checked.engine.unwrap();
    let waiting = engine
        .devices()
        .filter(|view| view.obstacle.is_some())
        .count();
    assert_eq!((engine.devices().count(), waiting), (250, 0));
}

#[test]
fn a_dump_is_read_from_a_file_and_a_failure_names_it() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(devices().as_bytes()).unwrap();
    assert_eq!(
        surroundings::of_dump(file.path()).unwrap().devices.len(),
        11
    );
    let failure = surroundings::of_dump(Path::new("/nowhere/\u{1b}")).unwrap_err();
    assert!(
        failure.starts_with("cannot read the dump /nowhere/\\x1b: No such file"),
        "{failure}"
    );
    assert!(surroundings::of_dump(Path::new("/")).is_err());
}
