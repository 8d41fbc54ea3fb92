//! Files before and after.

use std::fs;
use std::path::{Path, PathBuf};

use super::change::{add_in, remove_in};
use super::*;
use crate::load::{Options, load_from};
use crate::roots::Roots;

struct Folder(tempfile::TempDir);

impl Folder {
    /// Files by name, also of subfolders.
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    fn roots(&self) -> Roots {
        Roots::new(["etc", "run", "usr"].map(|name| self.at(name)))
    }

    fn add(&self, machine: &str, rule: &NewRule) -> Result<Change, EditError> {
        add_in(&self.roots(), &Options::default(), machine, None, rule)
    }

    fn remove(&self, number: usize) -> Result<Change, EditError> {
        let loaded = load_from(&self.roots(), &Options::default()).unwrap();
        remove_in(&self.roots(), &Options::default(), &loaded, number)
    }
}

fn rule(serial: &str) -> NewRule {
    NewRule {
        vendor: Some("0403".to_owned()),
        serial: Some(serial.to_owned()),
        ..NewRule::default()
    }
}

const NEW: &str = "{ vendor = \"0403\", serial = \"N\" }";
const KEYS: &str = "vendor = \"0403\"\nserial = \"N\"\n";

/// Main files of a machine `m` and what a rule makes of them; `NEW` and `KEYS`
/// stand for the rule.
const ADDED: &[(&str, &str)] = &[
    // Nothing at all, then a machine without rules.
    ("", "[[machines.m.device]]\nKEYS"),
    (
        "[machines.m]\nconnect = \"test:///default\" # why\n",
        "[machines.m]\nconnect = \"test:///default\" # why\n\n[[machines.m.device]]\nKEYS",
    ),
    // Behind the other rules and what is in them, not behind what comes later.
    (
        "# top\n[[machines.m.device]] # one\nserial = \"A\"\n[machines.m.device.env]\nX = \"1\"\n\n\n# other\n[[machines.o.device]]\nserial = \"B\"",
        "# top\n[[machines.m.device]] # one\nserial = \"A\"\n[machines.m.device.env]\nX = \"1\"\n\n[[machines.m.device]]\nKEYS\n\n# other\n[[machines.o.device]]\nserial = \"B\"",
    ),
    // Comments that belong to what is above stay there, those of a header with it.
    (
        "[[machines.m.device]]\nserial = \"A\"\n# of A\n\n# end\n",
        "[[machines.m.device]]\nserial = \"A\"\n# of A\n\n[[machines.m.device]]\nKEYS\n# end\n",
    ),
    (
        "[[machines.m.device]]\nserial = \"A\"\n# of B\n[[machines.o.device]]\nserial = \"B\"\n",
        "[[machines.m.device]]\nserial = \"A\"\n\n[[machines.m.device]]\nKEYS\n# of B\n[[machines.o.device]]\nserial = \"B\"\n",
    ),
    // No line end at the end; text that looks like a header.
    (
        "[[machines.m.device]]\nname = '''\n[[machines.m.device]]\n'''\nserial = \"A\"",
        "[[machines.m.device]]\nname = '''\n[[machines.m.device]]\n'''\nserial = \"A\"\n\n[[machines.m.device]]\nKEYS",
    ),
    // Arrays.
    (
        "[machines.m]\ndevice = [{ serial = \"A\" }] # x\n",
        "[machines.m]\ndevice = [{ serial = \"A\" }, NEW] # x\n",
    ),
    ("machines.m.device = []\n", "machines.m.device = [NEW]\n"),
    (
        "[machines.m]\ndevice = [\n  # a, b\n  { serial = \"A\" }, # of, A\n  # end\n]\n",
        "[machines.m]\ndevice = [\n  # a, b\n  { serial = \"A\" }, # of, A\n  # end\n  NEW,\n]\n",
    ),
    (
        "[machines.m]\ndevice = [\n\t{ serial = \"A\" } # of, A\n]\n",
        "[machines.m]\ndevice = [\n\t{ serial = \"A\" }, # of, A\n\tNEW\n]\n",
    ),
    (
        "[machines.m]\ndevice = [{ serial = \"A\" },\n  { serial = \"B\" }, ]\n",
        "[machines.m]\ndevice = [{ serial = \"A\" },\n  { serial = \"B\" }, NEW, ]\n",
    ),
    // Inline tables.
    (
        "[machines]\nm = { connect = \"test:///default\" } # x\n",
        "[machines]\nm = { connect = \"test:///default\", device = [NEW] } # x\n",
    ),
    (
        "machines = { m = {} }\n",
        "machines = { m = { device = [NEW] } }\n",
    ),
    (
        "machines = { m = { device = [{ serial = \"A\" }] } }\n",
        "machines = { m = { device = [{ serial = \"A\" }, NEW] } }\n",
    ),
    // Dotted keys, and a name that must be quoted elsewhere.
    (
        "[machines]\n\"m\".connect = \"test:///default\"\n[defaults]\npriority = 1\n",
        "[machines]\n\"m\".connect = \"test:///default\"\n[defaults]\npriority = 1\n\n[[machines.m.device]]\nKEYS",
    ),
];

fn filled(text: &str) -> String {
    text.replace("KEYS", KEYS).replace("NEW", NEW)
}

#[test]
fn a_rule_is_added_in_the_form_that_the_file_has() {
    for (before, after) in ADDED {
        for line_end in ["\n", "\r\n"] {
            let lines = |text: &str| text.replace('\n', line_end);
            let before = lines(before);
            let after = lines(&filled(after));
            // Without a line end in the file it is the usual one.
            if !before.contains('\n') && line_end != "\n" {
                continue;
            }
            let folder = Folder::new(&[("etc/virtplug.toml", &before)]);
            let machine = vec!["machines".to_owned(), "m".to_owned()];
            let text = super::splice::insert(&before, &machine, &rule("N"), None).unwrap();
            assert_eq!(text.text, after, "{before}");
            if !before.is_empty() {
                let change = folder.add("m", &rule("N")).unwrap();
                change.write().unwrap();
                assert_eq!(folder.read("etc/virtplug.toml"), after, "{before}");
            }
        }
    }
}

#[test]
fn a_machine_of_its_own_file_keeps_it() {
    let own = "\u{feff}connect = \"test:///default\"\r\n\r\n[[device]]\r\nserial = \"A\"\r\n";
    let folder = Folder::new(&[
        ("etc/virtplug.toml", ""),
        ("etc/machines.d/win 10.toml", own),
    ]);
    let change = folder.add("win 10", &rule("N")).unwrap();
    assert!(!change.is_new() && change.copied_from().is_none());
    change.write().unwrap();
    assert_eq!(
        folder.read("etc/machines.d/win 10.toml"),
        format!("{own}\r\n[[device]]\r\n{}", KEYS.replace('\n', "\r\n"))
    );
    assert_eq!(folder.read("etc/virtplug.toml"), "");
}

#[test]
fn a_new_machine_gets_a_file_of_its_own_where_it_can_have_one() {
    let main = "[machines.other]\n";
    let folder = Folder::new(&[("etc/virtplug.toml", main)]);
    let change = folder.add("win 10", &rule("N")).unwrap();
    assert!(change.is_new());
    assert_eq!(change.path(), folder.at("etc/machines.d/win 10.toml"));
    change.write().unwrap();
    assert_eq!(
        folder.read("etc/machines.d/win 10.toml"),
        format!("[[device]]\n{KEYS}")
    );

    for name in ["a/b", "../x", ".hidden", "..", &"x".repeat(250)] {
        let change = folder.add(name, &rule("M")).unwrap();
        assert_eq!(change.path(), folder.at("etc/virtplug.toml"), "{name}");
        let header = format!("\n[[machines.\"{name}\".device]]\n");
        let bare = format!("\n[[machines.{name}.device]]\n");
        let text = String::from_utf8(change.new_bytes().to_vec()).unwrap();
        assert!(text.contains(&header) || text.contains(&bare), "{text}");
    }
    for name in ["", "a\nb", "\u{1b}"] {
        let error = folder.add(name, &rule("N")).unwrap_err();
        assert!(matches!(error, EditError::Name(_)), "{error}");
    }
}

#[test]
fn without_a_configuration_the_main_file_is_made() {
    let folder = Folder::new(&[]);
    let change = folder.add("m", &rule("N")).unwrap();
    assert_eq!(change.path(), folder.at("etc/virtplug.toml"));
    change.write().unwrap();
    let text = folder.read("etc/virtplug.toml");
    assert_eq!(text, format!("[[machines.m.device]]\n{KEYS}"));
}

#[test]
fn a_new_machine_that_is_defined_elsewhere_says_so() {
    let folder = Folder::new(&[("etc/virtplug.toml", "[machines.old]\n")]);
    let added = |machine: &str, connect: &str| {
        let rule = rule(machine);
        let options = Options::default();
        let change = add_in(&folder.roots(), &options, machine, Some(connect), &rule);
        change.unwrap().entry().to_owned()
    };
    assert!(added("m", "qemu:///system").starts_with("[[device]]\n"));
    let own = "connect = \"qemu:///session\"\n\n[[device]]\n";
    assert!(added("m", "qemu:///session").starts_with(own));
    let in_main =
        "[machines.\"a/b\"]\nconnect = \"qemu:///session\"\n\n[[machines.\"a/b\".device]]\n";
    assert!(added("a/b", "qemu:///session").starts_with(in_main));
    // What is configured stays as it is.
    assert!(added("old", "qemu:///session").starts_with("[[machines.old.device]]\n"));
}

#[test]
fn what_a_package_brought_is_copied_and_changed_there() {
    let own = "# of the package\n[[device]]\nserial = \"A\"\n";
    let folder = Folder::new(&[
        (
            "usr/virtplug.toml",
            "[[machines.k.device]]\nserial = \"K\"\n",
        ),
        ("usr/machines.d/m.toml", own),
    ]);
    let change = folder.add("m", &rule("N")).unwrap();
    assert_eq!(change.path(), folder.at("etc/machines.d/m.toml"));
    assert_eq!(
        change.copied_from(),
        Some(&*folder.at("usr/machines.d/m.toml"))
    );
    change.write().unwrap();
    let copy = folder.read("etc/machines.d/m.toml");
    assert_eq!(copy, format!("{own}\n[[device]]\n{KEYS}"));
    assert_eq!(folder.read("usr/machines.d/m.toml"), own);

    folder.add("k", &rule("M")).unwrap().write().unwrap();
    assert!(
        folder
            .read("etc/virtplug.toml")
            .starts_with("[[machines.k.device]]\nserial = \"K\"\n")
    );
}

#[test]
fn nothing_is_written_that_is_not_meant() {
    let folder = Folder::new(&[(
        "etc/virtplug.toml",
        "[[machines.m.device]]\nvendor = \"0403\"\nserial = \"N\"\n",
    )]);
    let error = folder.add("m", &rule("N")).unwrap_err();
    let EditError::Repeated { origin } = &error else {
        panic!("{error}");
    };
    assert!(origin.ends_with("virtplug.toml:1"), "{origin}");

    // Another machine has it: that is a conflict, which the loader tells.
    let error = folder.add("other", &rule("N")).unwrap_err();
    assert!(matches!(error, EditError::WouldBeWrong { .. }), "{error}");

    let wrong = Folder::new(&[("etc/virtplug.toml", "x = 1\n")]);
    let error = wrong.add("m", &rule("N")).unwrap_err();
    assert!(matches!(error, EditError::Wrong(_)), "{error}");

    let change = folder.add("m", &rule("M")).unwrap();
    fs::write(folder.at("etc/virtplug.toml"), "# theirs\n").unwrap();
    let error = change.write().unwrap_err();
    assert!(matches!(error, EditError::Changed { .. }), "{error}");
    assert_eq!(folder.read("etc/virtplug.toml"), "# theirs\n");
}

/// Main files, the number of the rule that goes, and what is left.
const REMOVED: &[(&str, usize, &str)] = &[
    ("[[machines.m.device]]\nserial = \"A\"\n", 0, ""),
    (
        "[machines.m] # stays\n\n# of A\n# too\n[[machines.m.device]]\nserial = \"A\" # x\nenv = { X = \"1\" }\n",
        0,
        "[machines.m] # stays\n",
    ),
    (
        "# title\n\n# of A\n[[machines.m.device]]\nserial = \"A\"\n[machines.m.device.env]\nX = \"1\"\n\n# of B\n[[machines.m.device]]\nserial = \"B\"\n\n# end\n",
        0,
        "# title\n\n# of B\n[[machines.m.device]]\nserial = \"B\"\n\n# end\n",
    ),
    (
        "[[machines.m.device]]\nserial = \"A\"\n\n[[machines.m.device]]\nserial = \"B\"\n# of nothing\n\n[[machines.m.device]]\nserial = \"C\"\n",
        1,
        "[[machines.m.device]]\nserial = \"A\"\n\n# of nothing\n\n[[machines.m.device]]\nserial = \"C\"\n",
    ),
    (
        "#:schema x.json\n[[machines.m.device]]\nserial = \"A\"\n[[machines.m.device]]\nserial = \"B\"\n",
        0,
        "#:schema x.json\n[[machines.m.device]]\nserial = \"B\"\n",
    ),
    // Of the host.
    (
        "[[host.device]]\nserial = \"A\"\n\n[[host.device]]\nserial = \"B\"",
        1,
        "[[host.device]]\nserial = \"A\"\n",
    ),
    // Arrays.
    (
        "[machines.m]\ndevice = [{ serial = \"A\" }, { serial = \"B\" }, { serial = \"C\" }]\n",
        1,
        "[machines.m]\ndevice = [{ serial = \"A\" }, { serial = \"C\" }]\n",
    ),
    (
        "[machines.m]\ndevice = [{ serial = \"A\" }, { serial = \"B\" }, ]\n",
        1,
        "[machines.m]\ndevice = [{ serial = \"A\" }, ]\n",
    ),
    (
        "machines = { m = { device = [{ serial = \"A\" } , ] } } # x\n",
        0,
        "machines = { m = { device = [ ] } } # x\n",
    ),
    (
        "[machines.m]\ndevice = [\n  # of A\n  { serial = \"A\" }, # x\n\n  # of B\n  { serial = \"B\" } # y\n]\n",
        1,
        "[machines.m]\ndevice = [\n  # of A\n  { serial = \"A\" }, # x\n\n]\n",
    ),
];

#[test]
fn a_rule_goes_with_its_comments_and_all_else_stays() {
    for (before, number, after) in REMOVED {
        for line_end in ["\n", "\r\n"] {
            let lines = |text: &str| text.replace('\n', line_end);
            let folder = Folder::new(&[("etc/virtplug.toml", &lines(before))]);
            let change = folder.remove(*number).unwrap();
            change.write().unwrap();
            assert_eq!(folder.read("etc/virtplug.toml"), lines(after), "{before}");
        }
    }
}

#[test]
fn what_goes_is_shown_with_its_comments() {
    let folder = Folder::new(&[(
        "etc/virtplug.toml",
        "\u{feff}[machines.m]\n\n# of A\n[[machines.m.device]]\nserial = \"A\"\n\n",
    )]);
    let change = folder.remove(0).unwrap();
    assert_eq!(
        change.entry(),
        "# of A\n[[machines.m.device]]\nserial = \"A\"\n"
    );
    change.write().unwrap();
    assert_eq!(folder.read("etc/virtplug.toml"), "\u{feff}[machines.m]\n");
}

#[test]
fn a_table_that_stands_elsewhere_is_not_given_to_another_rule() {
    let text = "[[machines.m.device]]\nserial = \"A\"\n\n[[machines.m.device]]\nserial = \"B\"\n\n\
                [defaults]\npriority = 1\n\n[machines.m.device.env]\nX = \"1\"\n";
    let folder = Folder::new(&[("etc/virtplug.toml", text)]);
    let error = folder.remove(1).unwrap_err();
    assert!(matches!(error, EditError::WouldDiffer { .. }), "{error}");
    assert_eq!(folder.read("etc/virtplug.toml"), text);
}

#[test]
fn a_file_of_a_package_is_copied_without_the_rule() {
    let folder = Folder::new(&[
        ("etc/virtplug.toml", ""),
        (
            "usr/machines.d/m.toml",
            "[[device]]\nserial = \"A\"\n\n[[device]]\nserial = \"B\"\n",
        ),
    ]);
    folder.remove(0).unwrap().write().unwrap();
    assert_eq!(
        folder.read("etc/machines.d/m.toml"),
        "[[device]]\nserial = \"B\"\n"
    );
    assert!(Path::new(&folder.at("usr/machines.d/m.toml")).exists());
}
