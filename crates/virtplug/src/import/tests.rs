use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use clap::{CommandFactory as _, Parser as _};

use super::*;
use crate::cli::{Cli, Command};

const SAMPLES: &str = "../virtplug-config/tests/import";

/// Runs the command; the words are split at spaces.
fn run(words: &str) -> Done {
    let words = ["virtplug", "import"].into_iter().chain(words.split(' '));
    match Cli::try_parse_from(words).unwrap().command {
        Command::Import(args) => done(&args),
        other => panic!("{other:?}"),
    }
}

/// The messages alone. Where comments in the TOML break depends on how long the
/// name of a temporary folder is.
fn told(done: Done, hidden: &Path) -> String {
    let text = String::new();
    seen(&Done { text, ..done }, hidden)
}

/// All that a user sees, without the places of this test.
fn seen(done: &Done, hidden: &Path) -> String {
    let mut text = format!("exit: {:?}\n", done.exit);
    for line in &done.messages {
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&done.text);
    text.replace(&*hidden.to_string_lossy(), "FOLDER")
        .replace(SAMPLES, "SAMPLES")
}

#[test]
fn toml_goes_to_standard_output_and_notes_do_not() {
    let done = run(&format!("whawty {SAMPLES}/whawty/config.yml"));
    insta::assert_snapshot!(seen(&done, Path::new("/none")));
}

#[test]
fn a_file_is_written_and_what_to_do_next_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new.toml");
    let words = format!(
        "bbvirt {SAMPLES}/bbvirt/vm.conf --output {}",
        target.display()
    );
    let first = run(&words);
    let written = fs::read_to_string(&target).unwrap();
    assert!(written.contains("serial = \"AB12CD\""), "{written}");
    let again = run(&words);
    let forced = run(&format!("{words} --force"));
    let all = [first, again, forced].map(|done| seen(&done, folder.path()));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn folders_hold_what_is_of_the_tool() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let copy = |from: &str, to: &str| {
        fs::create_dir_all(at(to).parent().unwrap()).unwrap();
        fs::copy(Path::new(SAMPLES).join(from), at(to)).unwrap();
    };
    copy("handler/99-hotplug.rules", "rules.d/99-hotplug.rules");
    copy("handler/serials.sh", "opt/usb-libvirt-hotplug.sh");
    copy("handler/haos/2-4-leftover.xml", "opt/haos/2-4-leftover.xml");
    copy("handler/haos/2-4-leftover.xml", "opt/far/too/2-5-deep.xml");
    for name in [
        "1.rules", "2.rules", "3.rules", "4.rules", "5.rules", "6.rules",
    ] {
        fs::write(
            at("rules.d").join(name),
            "SUBSYSTEM==\"tty\", MODE=\"0660\"\n",
        )
        .unwrap();
    }
    fs::write(at("rules.d/.hidden.rules"), "\"").unwrap();
    fs::write(at("opt/broken.sh"), "echo \"\n").unwrap();
    fs::write(at("opt/haos/domain.xml"), "<domain").unwrap();
    symlink("..", at("opt/loop")).unwrap();

    let shown = folder.path().display();
    let handler = run(&format!("usb-libvirt-hotplug {shown}/rules.d {shown}/opt"));
    let twice = format!("{shown}/opt/../opt/usb-libvirt-hotplug.sh {shown}/opt {shown}/opt/.");
    let twice = run(&format!("usb-libvirt-hotplug {shown}/rules.d {twice}"));
    assert_eq!(twice.text.matches("[[machines").count(), 5);
    assert_eq!(handler.text.matches("[[machines").count(), 5);
    insta::assert_snapshot!("handler_folders", told(handler, folder.path()));

    copy("whawty/config.yml", "whawty/config.yml");
    copy(
        "whawty/machines.d/replaced.yml",
        "whawty/machines.d/replaced.yml",
    );
    copy(
        "whawty/machines.d/replaced.yml",
        "whawty/machines.d/other.yaml",
    );
    copy("bbvirt/vm.conf", "bbvirt/vm.conf");
    let same = |one: &str, other: &str| {
        let [one, other] = [one, other].map(|words| run(&words.replace("AT", &shown.to_string())));
        assert_eq!(one.text, other.text);
        assert_eq!(one.exit, Exit::Ok, "{:?}", one.messages);
        one
    };
    same("whawty AT/whawty", "whawty AT/whawty/config.yml");
    same(
        "whawty AT/whawty",
        "whawty AT/whawty/config.yml AT/whawty/machines.d",
    );
    same("bbvirt AT/bbvirt", "bbvirt AT/bbvirt/vm.conf");
    let alone = same(
        "whawty AT/whawty/machines.d",
        "whawty AT/whawty/machines.d/",
    );
    assert_eq!(alone.text.matches("[[machines").count(), 1);
    insta::assert_snapshot!("machines_alone", told(alone, folder.path()));
}

#[test]
fn what_cannot_be_imported_is_named_with_the_place_and_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("empty")).unwrap();
    fs::create_dir(at("two")).unwrap();
    fs::write(at("two/a.yml"), "{}").unwrap();
    fs::write(at("two/b.yaml"), "{}").unwrap();
    fs::write(at("open.conf"), "A=b\nDOMAIN_RNG_a=( 'AB12CD\n").unwrap();
    fs::write(at("open.yml"), "machines:\n  a: [\n").unwrap();
    fs::write(at("latin.yml"), b"machines:\n  \xe4: {}\n").unwrap();
    fs::write(at("nothing.yml"), "interval: 5s\n").unwrap();
    fs::write(at("large.conf"), vec![b'#'; 1 << 20 | 1]).unwrap();
    let shown = folder.path().display().to_string();
    let all: Vec<String> = [
        "bbvirt AT/none.conf",
        "bbvirt AT/empty",
        "bbvirt AT/large.conf",
        "bbvirt AT/open.conf",
        "bbvirt AT/nothing.yml",
        "bbvirt /dev/zero",
        "whawty AT/open.yml",
        "whawty AT/latin.yml",
        "whawty AT/nothing.yml",
        "whawty AT/empty",
        "whawty AT/two",
        "usb-libvirt-hotplug AT/empty",
        "usb-libvirt-hotplug AT/none.rules",
    ]
    .iter()
    .map(|words| {
        let done = run(&words.replace("AT", &shown));
        format!("{words}\n{}", seen(&done, folder.path()))
    })
    .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn wrong_usage_is_refused() {
    for words in [
        "import",
        "import other x",
        "import bbvirt",
        "import bbvirt a b",
        "import whawty",
        "import whawty a --force",
        "import usb-libvirt-hotplug",
    ] {
        let words = ["virtplug"].into_iter().chain(words.split(' '));
        assert_eq!(Cli::try_parse_from(words).unwrap_err().exit_code(), 2);
    }
}

#[test]
fn the_help_says_what_to_give_and_what_to_do_next() {
    let mut command = Cli::command();
    command.build();
    let import = command.find_subcommand_mut("import").unwrap();
    let mut helps = vec![import.clone().render_long_help().to_string()];
    for tool in ["bbvirt", "whawty", "usb-libvirt-hotplug"] {
        let tool = import.find_subcommand_mut(tool).unwrap();
        helps.push(tool.clone().render_long_help().to_string());
    }
    insta::assert_snapshot!(helps.join("\n----\n\n"));
}
