//! The messages of conditions and options.

use crate::messages::{assert_told_of, assert_told_of_files, assert_told_of_lines};
use crate::tree::Tree;

#[test]
fn patterns() {
    assert_told_of_lines(
        "patterns",
        &[
            "serial = { regexp = \"^A\" }",
            "serial = { regex = \"^A(\" }",
            "serial = { regex = '^A[z-a]' }",
            "serial = { regex = \"ü\\\\d{2,1}\" }",
            "serial = { regex = \"\"\"A(\"\"\" }",
            "serial = { regex = 'a{1000}{1000}{1000}' }",
            "serial = { glob = \"A[\" }",
            "serial = { glob = \"A***\" }",
            "serial = { glob = \"\" }",
            "serial = { glob = 7 }",
            "serial = {}",
            "serial = { glob = \"A\", regex = \"A\" }",
            "serial = []",
            "serial = [\"A\", 7, [\"B\"]]",
            "vendor = \"04*\"",
            "vendor = [046d]",
            "vendor = { glob = \"04A*\" }",
            "port = \"3-*\"",
            "port = \"pci-0000:00:14.0-usb-0:2.4\"",
            "stable-port = \"3-2.4\"",
            "stable-port = \"pci-0000:00:14.0-usb-0:2.4:1.0\"",
            "stable-port = \"pci-0000:00:14.0\"",
            "env = { ID_MODEL = [], ID_VENDOR = { globb = \"x\" } }",
        ],
    );
}

#[test]
fn classes_and_choices() {
    assert_told_of_lines(
        "classes_and_choices",
        &[
            "class = 3",
            "class = \"03\"",
            "class = \"0x08\"",
            "interfaces = \"hid\"",
            "interfaces = [\"03\", 8, \"kettle\"]",
            "interfaces = { al = [\"03\"] }",
            "interfaces = {}",
            "interfaces = \":030101:\"",
            "speed = \"480M\"",
            "speed = \"hihg\"",
            "speed = 100",
            "speed = [true, 1e3]",
            "removable = \"removeable\"",
            "removable = 1",
        ],
    );
}

#[test]
fn nested_conditions() {
    assert_told_of_lines(
        "nested_conditions",
        &[
            "not = { serail = \"A\" }",
            "not = {}",
            "not = \"A\"",
            "not = [{ serial = \"A\" }, 7]",
            "not = { yield = true }\nport = \"3-1\"",
            "any = { serial = \"A\" }",
            "any = []",
            "any = [{ any = [{}] }, { bus = 3 }]",
            "any = [{ glob = \"A*\" }]",
            "behind = \"3-\"",
            "behind = \"pci-0000:00:14.0-usb-0:2\"",
            "behind = 3-2",
            "behind = [\"3-2\", { name = \"hub\" }]",
            "bus = 3\ndevice = 7",
        ],
    );
}

#[test]
fn options() {
    assert_told_of_lines(
        "options",
        &[
            "serial = \"A\"\nyield = \"true\"\npreempt = yes\nenabled = 0\nstart-machine = \"maybe\"",
            "serial = \"A\"\nallow-in-use = \"never\"",
            "serial = \"A\"\nforce = true",
            "serial = \"A\"\npreempt = true",
            "serial = \"A\"\ncount = 0",
            "serial = \"A\"\npriority = \"10\"",
            "serial = \"A\"\npriority = 9999999999",
            "serial = \"A\"\nfollow = 10",
            "serial = \"A\"\nfollow = \"10\"",
            "serial = \"A\"\nfollow = \"2 hours\"",
            "serial = \"A\"\nfollow = \"2h\"",
            "serial = \"A\"\nfollow = \"soon\"",
            "serial = \"A\"\nguest-port = \"3\"",
            "serial = \"A\"\nguest_port = \"0:3\"",
            "serial = \"A\"\nguest-reset = \"unintialized\"",
            "serial = \"A\"\nguest-reset = false",
            "serial = \"A\"\ngroup = \"\"",
            "vendor = \"046d\"\nguest-port = \"0:1\"\ncount = 2",
        ],
    );
}

#[test]
fn the_host_and_defaults() {
    assert_told_of_files(
        "the_host_and_defaults",
        &[
            "[[host.device]]\nserial = \"A\"\nyield = true\nguest-port = \"0:1\"\nallow-in-use = true",
            "[[host.device]]\nserial = \"A\"\n[[machines.a.device]]\nserial = \"A\"",
            "[host]\nserial = \"A\"",
            "[[host]]\nserial = \"A\"",
            "host = \"3-2\"",
            "[defaults]\nserial = \"A\"\nfollow = 1",
            "[defaults]\npreempt = true\n[[machines.a.device]]\nserial = \"A\"",
            "[defaults]\nallow-in-use = true\n[[machines.a.device]]\nserial = \"A\"",
            "[defaults]\nallow-in-use = false\n[[machines.a.device]]\nserial = \"A\"\nallow-in-use = true",
            "[default]\npriority = 1",
            "priority = 1",
            "defaults = 1",
        ],
    );
}

#[test]
fn machines_by_uuid() {
    let uuid = "5c1c3ee4-5b1c-4e0c-9f6a-2f1a5a1f2b3c";
    let device = "[[machines.a.device]]\nserial = \"A\"\n";
    assert_told_of_files(
        "machines_by_uuid",
        &[
            &format!("[machines.a]\nuuid = \"5c1c\"\n{device}"),
            &format!(
                "[machines.a]\nuuid = \"{uuid}\"\n{device}[[machines.{uuid}.device]]\nserial = \"B\""
            ),
            &format!(
                "[machines.{uuid}]\nuuid = \"{}\"\ndevice = [{{ serial = \"A\" }}]",
                uuid.replace('5', "6")
            ),
        ],
    );
}

#[test]
fn rules_that_ask_for_the_same() {
    let two = |a: &str, b: &str, owner: &str| {
        Tree::new(format!(
            "[[machines.a.device]]\nvendor = \"046d\"\n{a}\n[[machines.{owner}.device]]\nvendor = \"046d\"\n{b}\n"
        ))
    };
    assert_told_of(
        "rules_that_ask_for_the_same",
        &[
            two("count = 1", "", "b"),
            two(
                "guest-port = \"0:1\"\ncount = 1",
                "guest-port = \"0:1\"\ncount = 1",
                "a",
            ),
        ],
    );
    for tree in [
        two("count = 1", "count = 2", "b"),
        two("priority = 1", "", "b"),
        two("group = \"x\"", "group = \"y\"", "b"),
        two("enabled = false", "", "b"),
        two("count = 1", "", "a"),
        two(
            "guest-port = \"0:1\"\ncount = 1",
            "guest-port = \"0:2\"\ncount = 1",
            "a",
        ),
        two(
            "guest-port = \"0:1\"",
            "guest-port = \"0:1\"\nserial = \"A\"",
            "b",
        ),
    ] {
        assert_eq!(tree.told(), "");
    }
}

#[test]
fn misplaced_tables_in_files_of_machines() {
    assert_told_of(
        "misplaced_tables_in_files_of_machines",
        &[
            Tree::new("").with("a.toml", "[[host.device]]\nserial = \"A\"\n"),
            Tree::new("").with(
                "a.toml",
                "[defaults]\npriority = 1\n[[device]]\nserial = \"A\"\n",
            ),
        ],
    );
}
