//! Files of single machines, read by themselves.

use std::fs;

use virtplug_config::{Options, is_drop_in, load_drop_in};

use crate::tree::Tree;

const DEVICE: &str = "[[device]]\nserial = \"A\"\n";

#[test]
fn the_file_of_a_machine_is_told_by_its_folder_or_its_content() {
    let tree = Tree::new(DEVICE)
        .with("win.toml", "")
        .with("broken.toml", "[");
    assert!(!is_drop_in(&tree.main()), "named as the main file");
    let own = tree.path("own.toml");
    fs::write(&own, DEVICE).unwrap();
    assert!(is_drop_in(&own), "device tables at the top level");
    for name in [
        "machines.d/win.toml",
        "machines.d/broken.toml",
        "machines.d/none.toml",
    ] {
        assert!(is_drop_in(&tree.path(name)), "{name}");
    }
    for main in [
        "",
        "[machines.a]",
        "device = 1",
        "[[machines.a.device]]\nserial = \"A\"",
        "[",
        &format!("defaults = {{}}\n{DEVICE}"),
    ] {
        fs::write(&own, main).unwrap();
        assert!(!is_drop_in(&own), "{main}");
    }
    assert!(!is_drop_in(&tree.path("none.toml")));
}

#[test]
fn a_file_by_itself_is_read_as_in_its_folder() {
    let tree = Tree::new("[").with("win.toml", DEVICE);
    let path = tree.path("machines.d/win.toml");
    let loaded = load_drop_in(&path, &Options::default()).unwrap();
    assert_eq!(loaded.files, [path]);
    assert_eq!(loaded.policy.rules().len(), 1);
    let names: Vec<&str> = loaded
        .policy
        .machines()
        .iter()
        .map(virtplug_core::MachineKey::name)
        .collect();
    assert_eq!(names, ["win"]);
    assert!(loaded.notes.is_empty());
}

#[test]
fn a_name_that_is_not_read_in_the_folder_is_told() {
    let tree = Tree::empty().with("win.toml.bak", DEVICE);
    let loaded = load_drop_in(&tree.path("machines.d/win.toml.bak"), &Options::default()).unwrap();
    let told: Vec<&str> = loaded
        .notes
        .iter()
        .map(virtplug_config::Diagnostic::message)
        .collect();
    assert_eq!(told, ["no file of this name is read from `machines.d`"]);
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = load_drop_in(&Tree::empty().path("x.toml"), &Options::default()).unwrap_err();
    assert_eq!(error.diagnostics().len(), 1);
}
