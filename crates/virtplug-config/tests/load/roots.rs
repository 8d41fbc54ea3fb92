//! The folders of a configuration, and what hides what.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use virtplug_config::{LoadError, Loaded, Options, Roots, load_from};
use virtplug_core::Patterns;

struct System(tempfile::TempDir);

impl System {
    fn new(files: &[(&str, &str)]) -> Self {
        let system = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = system.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        system
    }

    fn load(&self) -> Result<Loaded, LoadError> {
        let roots = ["etc", "run", "lib"].map(|root| self.0.path().join(root));
        load_from(&Roots::new(roots), &Options::default())
    }

    /// The serials of all rules, and the files that were read.
    fn loaded(&self) -> (Vec<String>, Vec<String>) {
        let loaded = self.load().unwrap();
        let serial = |patterns: &Patterns| patterns.exact().unwrap().concat();
        let serials = loaded.policy.rules().iter();
        let serials = serials.map(|rule| serial(rule.matcher.serial.as_ref().unwrap()));
        let below = |path: &Path| {
            path.strip_prefix(self.0.path())
                .unwrap()
                .display()
                .to_string()
        };
        let files = loaded.files.iter().map(|file| below(file));
        (serials.collect(), files.collect())
    }
}

const A: &str = "[[device]]\nserial = \"A\"\n";
const B: &str = "[[device]]\nserial = \"B\"\n";
const C: &str = "[[device]]\nserial = \"C\"\n";

#[test]
fn the_first_main_file_and_all_files_of_machines_count() {
    let system = System::new(&[
        ("run/virtplug.toml", "[[host.device]]\nserial = \"run\"\n"),
        ("lib/virtplug.toml", "[[host.device]]\nserial = \"lib\"\n"),
        ("lib/machines.d/a.toml", A),
        ("etc/machines.d/b.toml", B),
        ("run/machines.d/c.toml", C),
    ]);
    let (serials, files) = system.loaded();
    assert_eq!(serials, ["run", "A", "B", "C"]);
    assert_eq!(
        files,
        [
            "run/virtplug.toml",
            "lib/machines.d/a.toml",
            "etc/machines.d/b.toml",
            "run/machines.d/c.toml"
        ]
    );
    fs::write(system.0.path().join("etc/virtplug.toml"), "").unwrap();
    assert_eq!(system.loaded().0, ["A", "B", "C"]);
}

#[test]
fn the_same_name_hides_what_counts_less() {
    let system = System::new(&[
        ("etc/virtplug.toml", ""),
        ("lib/machines.d/m.toml", A),
        ("run/machines.d/m.toml", B),
        ("lib/machines.d/n.toml", "broken"),
        ("etc/machines.d/n.toml", C),
    ]);
    assert_eq!(system.loaded().0, ["B", "C"]);
}

#[test]
fn an_empty_file_or_a_link_to_nowhere_means_that_there_is_no_such_machine() {
    let system = System::new(&[
        (
            "etc/virtplug.toml",
            "[[machines.m.device]]\nserial = \"M\"\n",
        ),
        ("lib/machines.d/m.toml", A),
        ("run/machines.d/n.toml", B),
        ("etc/machines.d/m.toml", ""),
    ]);
    symlink("/dev/null", system.0.path().join("etc/machines.d/n.toml")).unwrap();
    assert!(system.loaded().0.is_empty());
    assert!(system.load().unwrap().policy.machines().is_empty());
}

#[test]
fn without_a_main_file_the_administrators_is_named() {
    let system = System::new(&[("lib/machines.d/m.toml", A)]);
    let error = system.load().unwrap_err();
    assert!(error.is_missing());
    assert!(error.diagnostics()[0].file().ends_with("etc/virtplug.toml"));
}

#[test]
fn a_broken_folder_is_named() {
    let system = System::new(&[("etc/virtplug.toml", ""), ("run/machines.d", "")]);
    let error = system.load().unwrap_err();
    assert!(error.diagnostics()[0].file().ends_with("run/machines.d"));
}
