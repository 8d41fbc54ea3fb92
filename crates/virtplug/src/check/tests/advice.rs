//! Each kind of advice, underlined at the rule that it is about.

use super::*;

/// The only finding, with what is underlined.
fn shown(tree: &Tree, checked: &Checked, code: &str) -> String {
    let found: Vec<_> = checked
        .diagnostics()
        .iter()
        .filter(|one| one.code() == Some(code))
        .collect();
    let [found] = found.as_slice() else {
        panic!("{code}: {}", tree.text(checked, false));
    };
    tree.anonymous(&found.render(false))
}

fn of_rules(main: &str, code: &str) -> String {
    let tree = Tree::new(main, &[]);
    shown(&tree, &tree.check(), code)
}

fn of_devices(main: &str, devices: &[[&str; 5]], code: &str) -> String {
    let tree = Tree::new(main, &[]);
    shown(&tree, &tree.check_against(&dump(devices)), code)
}

#[test]
fn impossible() {
    insta::assert_snapshot!(of_rules(
        "[[machines.a.device]]\nserial = \"A\"\n\n\
         [[machines.a.device]]\nvendor = \"046d\"\nnot = { vendor = { glob = \"04*\" } }\n",
        "impossible",
    ));
}

#[test]
fn shadowed() {
    let tree = Tree::new(
        "[[host.device]]\nname = \"all Logitech\"\nvendor = \"046d\"\npriority = 1\n",
        &[(
            "a.toml",
            "[[device]]\nvendor = \"046d\"\nproduct = \"c52b\"\n",
        )],
    );
    insta::assert_snapshot!(shown(&tree, &tree.check(), "shadowed"));
}

#[test]
fn overlap() {
    insta::assert_snapshot!(of_rules(
        "[[machines.a.device]]\nname = \"mice\"\ninterfaces = \"03:01:02\"\n\n\
         [[machines.b.device]]\nvendor = \"046d\"\n",
        "overlap",
    ));
}

#[test]
fn overlap_for_sure() {
    insta::assert_snapshot!(of_rules(
        "[[machines.a.device]]\nvendor = \"046d\"\ninterfaces = \"03:01:02\"\n\n\
         [[machines.b.device]]\nvendor = \"046d\"\n",
        "overlap",
    ));
}

#[test]
fn address() {
    insta::assert_snapshot!(of_rules(
        "machines.a.device = [{ bus = 1, device = 4 }]\n",
        "address",
    ));
}

#[test]
fn anonymous() {
    insta::assert_snapshot!(of_rules(
        "[[machines.a.device]]\ninterfaces = \"03:01:01\"\n",
        "anonymous",
    ));
}

#[test]
fn shared_serial() {
    insta::assert_snapshot!(of_devices(
        "[[machines.a.device]]\nname = \"the stick\"\nserial = \"0001\"\n",
        &[
            ["1-1", "46d:1", "0001", "0/0/0", ":ff0000:"],
            ["1-2", "46d:1", "0001", "0/0/0", ":ff0000:"],
        ],
        "shared-serial",
    ));
}

#[test]
fn no_serial() {
    insta::assert_snapshot!(of_devices(
        "[[machines.a.device]]\nvendor = \"046d\"\nproduct = \"0001\"\n",
        &[["1-1", "46d:1", "", "0/0/0", ":ff0000:"]],
        "no-serial",
    ));
}

#[test]
fn conflict() {
    let tree = Tree::new(
        "[[machines.a.device]]\ninterfaces = \"0e\"\n",
        &[("b.toml", "[[device]]\nvendor = \"046d\"\n")],
    );
    let dump = dump(&[["1-1", "46d:1", "X", "0/0/0", ":0e0100:"]]);
    insta::assert_snapshot!(shown(&tree, &tree.check_against(&dump), "conflict"));
}

#[test]
fn hub() {
    insta::assert_snapshot!(of_devices(
        "[[machines.a.device]]\nport = \"1-1\"\n",
        &[["1-1", "5e3:610", "", "9/0/1", ":090000:"]],
        "hub",
    ));
}

#[test]
fn a_rule_that_repeats_another_is_told_once() {
    let tree = Tree::new(
        "[[machines.a.device]]\nserial = \"A\"\n\n[[machines.a.device]]\nserial = \"A\"\n",
        &[],
    );
    let codes: Vec<_> = tree
        .check()
        .diagnostics()
        .iter()
        .map(virtplug_config::Diagnostic::code)
        .collect();
    assert_eq!(codes, [Some("repeated")]);
}

#[test]
fn more_of_the_same_is_counted() {
    let rules = (0..30).map(|number| {
        format!("[[machines.m{number}.device]]\ninterfaces = \"08\"\npriority = {number}\n")
    });
    let rules: Vec<String> = rules.collect();
    let checked = Tree::new(&rules.concat(), &[]).check();
    assert_eq!(
        checked.notes,
        [
            "10 more of the kind `anonymous` are not shown",
            "9 more of the kind `shadowed` are not shown"
        ]
    );
}
