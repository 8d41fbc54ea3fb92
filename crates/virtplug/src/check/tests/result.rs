//! What a check comes to: counts, exit codes, and what is read at all.

use virtplug_udev::HostPaths;

use super::*;

const WARNS: &str = "[[machines.a.device]]\nbus = 1\ndevice = 4\n";
/// A warning that reading the files alone does not give.
const RISKY: &str = "[[machines.a.device]]\ninterfaces = \"08\"\n";

#[test]
fn warnings_count_as_errors_only_if_asked_for() {
    let tree = Tree::new(WARNS, &[]);
    let checked = tree.check();
    assert_eq!(checked.verdict(false).exit(), Exit::Ok);
    assert_eq!(checked.verdict(true).exit(), Exit::Config);
    insta::assert_snapshot!(tree.text(&checked, true));
    // Notes do not.
    let notes =
        "[[machines.a.device]]\ninterfaces = \"0e\"\n[[machines.b.device]]\nvendor = \"046d\"\n";
    let checked = Tree::new(notes, &[]).check();
    assert_eq!(checked.count(virtplug_config::Severity::Note), 1);
    assert_eq!(checked.verdict(true).exit(), Exit::Ok);
}

#[test]
fn mistakes_are_told_without_advice_and_without_devices() {
    let tree = Tree::new(
        &format!("{WARNS}serail = \"A\"\n"),
        &[("b.toml", "[[device]]\n")],
    );
    let checked = tree.check_against(&dump(&[]));
    assert!(checked.engine.is_none());
    assert_eq!(checked.verdict(false).exit(), Exit::Config);
    insta::assert_snapshot!(tree.json(&checked, false));
}

#[test]
fn the_file_of_a_machine_is_checked_by_itself() {
    let tree = Tree::new("[", &[("win.toml", "[[device]]\nserial = \"A\"\n")]);
    let file = tree.machine("win.toml");
    let checked = Checked::new(&file, Surroundings::default(), false);
    assert_eq!(
        tree.anonymous(&checked.summary(&file, checked.verdict(false))),
        "/etc/virtplug/machines.d/win.toml: correct by itself; 1 rule, 1 machine"
    );
}

#[test]
fn a_folder_stands_for_its_tree() {
    let tree = Tree::new("", &[("win.toml", "[[device]]\nserial = \"A\"\n")]);
    let checked = Checked::new(tree.folder.path(), Surroundings::default(), false);
    assert_eq!(checked.result.unwrap().files.len(), 2);
}

#[test]
fn a_host_that_cannot_be_read_is_a_note() {
    let nowhere = HostPaths {
        sysfs: "/nowhere/sys".into(),
        ..HostPaths::default()
    };
    let surroundings = surroundings::of_host(nowhere);
    insta::assert_snapshot!(surroundings.notes.join("\n"));
    let tree = Tree::new(WARNS, &[]);
    let checked = Checked::new(&tree.main, surroundings, false);
    assert_eq!(checked.verdict(false), Verdict::Correct);
    assert_eq!(checked.notes.len(), 1);
}

#[test]
fn the_daemon_tells_what_is_likely_not_meant_unless_there_are_too_many_rules() {
    let rules = |count: usize| {
        let serials =
            (1..count).map(|number| format!("[[machines.a.device]]\nserial = \"{number}\"\n"));
        let text = format!("{RISKY}{}", serials.collect::<String>());
        let tree = Tree::new(&text, &[]);
        let mut loaded = load(&tree.main, false).unwrap();
        add_warnings(&mut loaded);
        loaded.notes.len()
    };
    assert_eq!((rules(1), rules(2_000), rules(2_001)), (1, 1, 0));
    let notes =
        "[[machines.a.device]]\ninterfaces = \"0e\"\n[[machines.b.device]]\nvendor = \"046d\"\n";
    let mut loaded = load(&Tree::new(notes, &[]).main, false).unwrap();
    add_warnings(&mut loaded);
    assert!(loaded.notes.is_empty());
}
