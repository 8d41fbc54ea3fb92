//! Who may speak with the daemon.

use virtplug_config::Control;

use crate::messages::assert_told_of_files;
use crate::tree::Tree;

fn control(text: &str) -> Control {
    let tree = Tree::new(text);
    let loaded = tree.load().unwrap_or_else(|_| panic!("{}", tree.told()));
    loaded.control
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_left_out_is_as_usual() {
    let usual = Control {
        read_groups: names(&["libvirt", "virtplug", "virtplug-hooks", "virtplug-metrics"]),
        write_groups: names(&["libvirt", "virtplug"]),
        hide_serials: false,
    };
    assert_eq!(control(""), usual);
    assert_eq!(control("[control]\n"), usual);
    let hidden = Control {
        hide_serials: true,
        ..usual
    };
    assert_eq!(control("[control]\nhide-serials = true\n"), hidden);
}

#[test]
fn lists_of_groups_replace_the_usual_ones() {
    let written = control("[control]\nread-groups = [\"users\"]\nwrite-groups = []\n");
    assert_eq!(written.read_groups, names(&["users"]));
    assert_eq!(written.write_groups, names(&[]));
}

#[test]
fn files_of_machines_leave_it_as_it_is() {
    let tree = Tree::new("[control]\nwrite-groups = [\"a\"]\n")
        .with("win.toml", "[[device]]\nserial = \"A\"\n");
    assert_eq!(tree.load().unwrap().control.write_groups, names(&["a"]));
}

#[test]
fn mistakes() {
    assert_told_of_files(
        "control",
        &[
            "control = true\n",
            "[control]\nreaders = [\"libvirt\"]\n",
            "[control]\ngroup = [\"libvirt\"]\n",
            "[control]\nread-groups = \"libvirt\"\n",
            "[control]\nread-groups = libvirt\n",
            "[control]\nread-groups = [\"libvirt\", \"\"]\n",
            "[control]\nwrite-groups = [1000]\n",
            "[control]\nhide-serials = \"yes\"\n",
            "write-groups = [\"libvirt\"]\n",
        ],
    );
}
