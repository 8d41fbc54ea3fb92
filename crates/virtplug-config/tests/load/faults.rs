//! Files that are not as they should be.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::thread::set_thread_res_uid;
use virtplug_config::{Diagnostic, LoadError, Loaded, Severity};

use crate::messages::assert_told;
use crate::tree::Tree;

const MACHINE: &str = "[[machines.a.device]]\nserial = \"A\"\n";

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

/// Loads as a user who is not root.
fn load_as_user(tree: &Tree) -> Result<Loaded, LoadError> {
    if !is_root() {
        return tree.load();
    }
    std::thread::scope(|scope| {
        let load = || {
            // On Linux this is a matter of the calling thread alone.
            let nobody = Some(rustix::process::Uid::from_raw(65534));
            set_thread_res_uid(nobody, nobody, nobody).unwrap();
            tree.load()
        };
        scope.spawn(load).join().unwrap()
    })
}

#[test]
fn a_missing_main_file_is_a_case_of_its_own() {
    let tree = Tree::empty().with("broken.toml", "[");
    let error = tree.load().unwrap_err();
    assert!(error.is_missing());
    assert_told("missing", &tree.told());
    assert!(!Tree::new("[").load().unwrap_err().is_missing());
}

#[test]
fn what_is_not_a_file_is_refused_and_the_rest_is_checked() {
    let tree = Tree::empty()
        .with("broken.toml", "x = 1\n")
        .with("link.toml", "");
    fs::create_dir(tree.main()).unwrap();
    fs::create_dir(tree.path("machines.d/folder.toml")).unwrap();
    make_pipe(&tree.path("machines.d/pipe.toml"));
    fs::remove_file(tree.path("machines.d/link.toml")).unwrap();
    symlink("nothing", tree.path("machines.d/link.toml")).unwrap();
    symlink("loop.toml", tree.path("machines.d/loop.toml")).unwrap();
    assert_told("not_files", &tree.told());
}

#[test]
fn the_folder_of_machines_must_be_one() {
    let tree = Tree::new(MACHINE);
    fs::write(tree.path("machines.d"), "").unwrap();
    assert_told("not_a_folder", &tree.told());
}

#[test]
fn too_large_a_file_is_refused() {
    let tree = Tree::new("#".repeat(1024 * 1024 + 1));
    assert_told("too_large", &tree.told());
}

#[test]
fn text_in_other_encodings_is_refused() {
    let files: [&[u8]; 5] = [
        b"# caf\xe9\n[machines.a]\n",
        b"[machines.a]\nconnect = \"\xff\"\n",
        b"\xff\xfe[\0m\0",
        b"\xfe\xff\0[\0m",
        b"\xef\xbb\xbfx = 1\n\0",
    ];
    let told: Vec<String> = files.iter().map(|file| Tree::new(file).told()).collect();
    assert_told("encodings", &told.join("\n\n────\n\n"));
}

#[test]
fn a_file_name_that_is_no_text_names_no_machine() {
    let tree = Tree::new("").with("x.toml", "");
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.toml");
    fs::rename(
        tree.path("machines.d/x.toml"),
        tree.path("machines.d").join(name),
    )
    .unwrap();
    assert_told("file_name", &tree.told());
}

#[test]
fn what_the_user_cannot_read_is_refused() {
    let tree = Tree::new(MACHINE).with("b.toml", "[[device]]\nserial = \"B\"\n");
    set_mode(&tree.path(""), 0o755);
    assert!(load_as_user(&tree).is_ok());

    set_mode(&tree.main(), 0o200);
    set_mode(&tree.path("machines.d/b.toml"), 0o200);
    let shown = |error: LoadError| {
        let shown: Vec<String> = error
            .diagnostics()
            .iter()
            .map(|finding| finding.render(false))
            .collect();
        tree.anonymous(&shown.join("\n\n"))
    };
    assert_told("unreadable", &shown(load_as_user(&tree).unwrap_err()));

    // A folder that cannot be listed is not an empty one.
    set_mode(&tree.main(), 0o644);
    set_mode(&tree.path("machines.d"), 0o300);
    assert_told(
        "unreadable_folder",
        &shown(load_as_user(&tree).unwrap_err()),
    );
    set_mode(&tree.path("machines.d"), 0o700);
}

#[test]
fn other_users_are_warned_of_files_that_everyone_can_write() {
    let tree = Tree::new(MACHINE).with("b.toml", "[[device]]\nserial = \"B\"\n");
    set_mode(&tree.path(""), 0o755);
    set_mode(&tree.path("machines.d"), 0o775);
    set_mode(&tree.main(), 0o666);
    let loaded = load_as_user(&tree).unwrap();
    let warnings: Vec<&Path> = loaded
        .notes
        .iter()
        .filter(|note| note.severity() == Severity::Warning)
        .map(Diagnostic::file)
        .collect();
    assert_eq!(warnings, [tree.main()]);
}

/// What is told after `expose`, or nothing.
fn told_when_exposed(expose: impl Fn(&Tree)) -> String {
    let tree = Tree::new(MACHINE).with("b.toml", "[[device]]\nserial = \"B\"\n");
    assert_eq!(tree.told(), "");
    expose(&tree);
    tree.told()
}

/// Ownership can be given away by root only; elsewhere the tests of `access`
/// must do.
#[test]
fn root_refuses_what_others_can_change() {
    if !is_root() {
        return;
    }
    let told = [
        told_when_exposed(|tree| set_mode(&tree.main(), 0o664)),
        told_when_exposed(|tree| chown(tree.main(), Some(1000), None).unwrap()),
        told_when_exposed(|tree| set_mode(&tree.path("machines.d/b.toml"), 0o646)),
        told_when_exposed(|tree| chown(tree.path("machines.d/b.toml"), Some(1000), None).unwrap()),
        told_when_exposed(|tree| set_mode(&tree.path("machines.d"), 0o775)),
        told_when_exposed(|tree| chown(tree.path("machines.d"), Some(1000), None).unwrap()),
        told_when_exposed(|tree| set_mode(&tree.path(""), 0o777)),
        // A link from a safe folder into one where others can exchange the file.
        told_when_exposed(|tree| {
            fs::create_dir(tree.path("open")).unwrap();
            set_mode(&tree.path("open"), 0o777);
            fs::rename(tree.main(), tree.path("open/real.toml")).unwrap();
            symlink("open/real.toml", tree.main()).unwrap();
        }),
    ];
    assert_told("exposed", &told.join("\n\n────\n\n"));
}
