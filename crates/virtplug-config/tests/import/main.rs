//! Imports of whole files: the TOML as users see it, and that it loads.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use virtplug_config::import::{ImportError, Imported, Input, bbvirt, hotplug, whawty};
use virtplug_config::{Options, load};

fn input(name: &str) -> Input {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/import")
        .join(name);
    Input {
        name: PathBuf::from(name),
        bytes: std::fs::read(path).unwrap(),
    }
}

/// The TOML, after a check that it loads.
fn loaded(imported: Result<Imported, ImportError>) -> String {
    let imported = imported.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("virtplug.toml");
    std::fs::write(&path, &imported.toml).unwrap();
    if let Err(error) = load(&path, &Options::default()) {
        panic!("{error:?}\n{}", imported.toml);
    }
    assert!(imported.toml.chars().all(|c| c == '\n' || !c.is_control()));
    imported.toml
}

#[test]
fn bbvirt_files() {
    insta::assert_snapshot!("bbvirt", loaded(bbvirt(&input("bbvirt/vm.conf"))));
    insta::assert_snapshot!(
        "bbvirt_awkward",
        loaded(bbvirt(&input("bbvirt/awkward.conf")))
    );
    insta::assert_snapshot!(
        "bbvirt_hostile",
        loaded(bbvirt(&input("bbvirt/hostile.conf")))
    );
    insta::assert_snapshot!("bbvirt_twice", loaded(bbvirt(&input("bbvirt/twice.conf"))));
}

#[test]
fn whawty_files() {
    let machines = [input("whawty/machines.d/replaced.yml")];
    insta::assert_snapshot!(
        "whawty",
        loaded(whawty(&input("whawty/config.yml"), &machines))
    );
    insta::assert_snapshot!(
        "whawty_awkward",
        loaded(whawty(&input("whawty/awkward.yml"), &[]))
    );
}

#[test]
fn handler_files() {
    let of = |names: &[&str]| {
        let files: Vec<Input> = names
            .iter()
            .map(|name| input(&format!("handler/{name}")))
            .collect();
        loaded(hotplug(&files))
    };
    insta::assert_snapshot!("handler_rules", of(&["99-hotplug.rules"]));
    let all = [
        "99-hotplug.rules",
        "serials.sh",
        "haos/1-9-0123abcd.xml",
        "haos/2-4-leftover.xml",
        "haos/2-5-.xml",
    ];
    insta::assert_snapshot!("handler_serials", of(&all));
    insta::assert_snapshot!(
        "handler_two_machines",
        of(&["two.rules", "two.sh", "haos/2-4-leftover.xml"])
    );
    insta::assert_snapshot!(
        "handler_table",
        of(&["all.rules", "table.sh", "haos/1-9-0123abcd.xml"])
    );
}

#[test]
fn files_of_something_else_are_refused() {
    let file = |name: &str, text: &str| Input {
        name: name.into(),
        bytes: text.into(),
    };
    let message = |result: Result<Imported, ImportError>| result.unwrap_err().to_string();
    let messages = [
        message(bbvirt(&file("vm.conf", "# DOMAIN_RNG_a=( X )\n"))),
        message(bbvirt(&file("config.yml", "machines:\n  a:\n"))),
        message(whawty(&file("empty.yml", ""), &[])),
        message(whawty(&file("config.yml", "interval: 2s"), &[])),
        message(whawty(&file("vm.conf", "DOMAIN_RNG_a=( X )"), &[])),
        message(hotplug(&[file(
            "70.rules",
            "SUBSYSTEM==\"tty\", MODE=\"0660\"",
        )])),
        message(hotplug(&[file("run.sh", "echo hello")])),
        message(hotplug(&[file("a/1-2-x.xml", "<domain/>")])),
        message(hotplug(&[file("a/1-2-x.xml", "<hostdev")])),
    ];
    insta::assert_snapshot!("refused", messages.join("\n"));
}

/// Rules that are all left out must not widen the table to every device.
#[test]
fn rules_that_are_left_out_give_nothing() {
    let rules = Input {
        name: "a.rules".into(),
        bytes: b"PROGRAM==\"x\", RUN+=\"/usb-libvirt-hotplug.sh\"".to_vec(),
    };
    let imported = hotplug(&[rules, input("handler/table.sh")]).unwrap();
    assert!(!imported.toml.contains("[[machines"), "{}", imported.toml);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Any bytes give a result or an error.
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[-A-Z_a-z{}()\\[\\]$`'\"\\\\=<>&|;:#*?+ \n,!/0-9]{0,200}") {
        for bytes in [bytes, text.into_bytes()] {
            let named = |name: &str| Input { name: name.into(), bytes: bytes.clone() };
            let _ = bbvirt(&named("vm.conf"));
            let _ = whawty(&named("c.yml"), &[named("m.yml")]);
            let _ = hotplug(&[named("a.rules")]);
            let _ = hotplug(&[named("a.sh")]);
            let _ = hotplug(&[named("m/1-2-x.xml")]);
        }
    }
}
