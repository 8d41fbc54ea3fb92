//! Every message that a user reads.

use crate::tree::Tree;

/// Compares with the snapshot of that name.
pub(crate) fn assert_told(name: &str, told: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, told));
}

/// Compares what is told about each of these trees with a snapshot.
pub(crate) fn assert_told_of(name: &str, trees: &[Tree]) {
    let told: Vec<String> = trees.iter().map(Tree::told).collect();
    assert_told(name, &told.join("\n\n────\n\n"));
}

/// Compares what is told about each of these main files with a snapshot.
pub(crate) fn assert_told_of_files(name: &str, files: &[&str]) {
    let trees: Vec<Tree> = files.iter().map(Tree::new).collect();
    assert_told_of(name, &trees);
}

/// Compares what is told about each of these lines in a device table with a snapshot.
pub(crate) fn assert_told_of_lines(name: &str, lines: &[&str]) {
    let table = |line| Tree::new(format!("[[machines.win10.device]]\n{line}\n"));
    let trees: Vec<Tree> = lines.iter().map(table).collect();
    assert_told_of(name, &trees);
}

#[test]
fn ids() {
    assert_told_of_lines(
        "ids",
        &[
            "vendor = 046d",
            "vendor = 1133",
            "vendor = 0403",
            "vendor = 0x046d",
            "vendor = 12345",
            "vendor = 99999",
            "vendor = 1e5",
            "product = true",
            "product = [\"0001\"]",
            "vendor =",
            "vendor = \"Logitech\"",
            "vendor = \"1046d\"",
            "vendor = \"046d:c52b\"",
            "vendor = \" 046d \"",
            "vendor = \"\"",
        ],
    );
}

#[test]
fn text() {
    assert_told_of_lines(
        "text",
        &[
            "serial = 12345",
            "serial = A1B2",
            "serial = 00:11:22",
            "serial = true1",
            "serial = inf7",
            "serial = 1979-05-27",
            "serial = \"\"",
            "serial = \"  \"",
            "name = 7\nserial = \"A\"",
            "name = USB stick\nserial = \"A\"",
            "name = { a = 1 }\nserial = \"A\"",
        ],
    );
}

#[test]
fn ports() {
    assert_told_of_lines(
        "ports",
        &[
            "port = \"1-\"",
            "port = \"1-99.999\"",
            "port = \"3-2.4:1.0\"",
            "port = \"usb3\"",
            "port = \"\"",
            "port = 3-2.4",
            "port = 3.2",
        ],
    );
}

#[test]
fn addresses() {
    assert_told_of_lines(
        "addresses",
        &[
            "bus = 3",
            "device = 7",
            "bus = 0\ndevice = 128",
            "bus = 3\ndevice = 1",
            "bus = 99999999999999999999\ndevice = -7",
            "bus = 003\ndevice = 007",
            "bus = \"003\"\ndevice = 7.0",
            "bus = three\ndevice =",
        ],
    );
}

#[test]
fn udev_properties_and_tags() {
    assert_told_of_lines(
        "udev_properties_and_tags",
        &[
            "env = \"ID_MODEL=x\"",
            "env = { ID_MODEL_ID = 1 }",
            "env = { ID_MODEL = [\"a\"] }",
            "env = { \"\" = \"x\", \"A=B\" = \"x\", \"C\\nD\" = \"x\" }",
            "env.ID_MODEL = Stick",
            "tags = \"seat\"",
            "tags = seat",
            "tags = [\"seat\", 7, \"\"]",
            "tags = [seat]",
            "current-tags = [[\"a\"]]",
        ],
    );
}

#[test]
fn keys() {
    assert_told_of_files(
        "keys",
        &[
            "[[machines.win10.device]]\nvendr = \"046d\"\nserial = \"A\"",
            "[[machines.win10.device]]\nidVendor = \"046d\"\nidProduct = \"c52b\"",
            "[[machines.win10.device]]\ninterface = 3",
            "[machine.win10]\nconnect = \"qemu:///system\"",
            "[win10]\nconnect = \"qemu:///system\"",
            "[\"win 10\".device]\nserial = \"A\"",
            "connect = \"qemu:///system\"",
            "[[device]]\nserial = \"A\"",
            "[machines.win10]\nuri = \"qemu:///system\"\n[[machines.win10.devices]]\nserial = \"A\"",
            "machines = 3",
            "[[machines]]\nname = \"win10\"",
            "[machines]\nwin10 = \"046d:c52b\"",
            "[[machines.win10]]\nserial = \"A\"",
            "[machines.win10.device]\nserial = \"A\"",
            "[machines.\"win 10\".device]\nserial = \"A\"",
            "[machines.win10]\ndevice = [\"046d:c52b\", { serial = \"A\" }]",
            "[machines.win10]\ndevice = \"046d:c52b\"",
            "[machines.win10]\nconnect = \"\"\n[[machines.win10.device]]\nserial = \"A\"",
            "[machines.win10]\nconnect = qemu:///system\n[[machines.win10.device]]\nserial = \"A\"",
            "[machines.win10]\nconnect = \"a\\u0000b\"\n[[machines.win10.device]]\nserial = \"A\"",
        ],
    );
}

#[test]
fn machines() {
    assert_told_of_files(
        "machines",
        &[
            "",
            "[machines]",
            "[machines.win10]",
            "[machines.\"\"]",
            "[machines.\"a\\nb\"]",
            "[machines.\"a\\u001bb\"]",
            "[[machines.win10.device]]\nname = \"all of them\"",
            "[[machines.win10.device]]\ntags = []\nenv = {}",
            "[[machines.Win.device]]\nserial = \"A\"\n[[machines.win.device]]\nserial = \"B\"",
        ],
    );
}

#[test]
fn the_same_again() {
    assert_told_of_files(
        "the_same_again",
        &[
            "[[machines.a.device]]\nserial = \"A\"\nserial = \"B\"",
            "[machines.a]\nconnect = \"x:///\"\n\n[machines.b]\n[machines.a]\nconnect = \"y:///\"",
            "[[machines.a.device]]\nserial = \"A\"\n[machines.a.device]\nserial = \"B\"",
            "[[machines.a.device]]\nenv = { A = \"1\", A = \"2\" }",
            "[[machines.a.device]]\nserial.x = \"A\"\nserial = \"B\"",
            "[[machines.a.device]]\nserial = \"A\"\nserial.x = \"B\"",
            "[[machines.a.device]]\nserial = \"A\"\n[[machines.b.device]]\nname = \"mine\"\nserial = \"A\"",
            "[[machines.a.device]]\ntags = [\"x\", \"y\"]\n[[machines.b.device]]\ntags = [\"y\", \"x\", \"y\"]",
            "[[machines.a.device]]\nserial = \"A\"\n[[machines.a.device]]\nserial = \"A\"",
        ],
    );
}

#[test]
fn syntax() {
    assert_told_of_files(
        "syntax",
        &[
            "[machines.win 10]\n",
            "[machines.win10\nconnect = \"x\"\n",
            "[[machines.win10.device]\nserial = \"A\"\n",
            "[machines.win10]]\n",
            "[machines.]\n",
            "[machines.Büro]\n[[machines.Büro.device]]\nserial = \"A\"\n",
            "[]\n",
            "machines.win10]\n",
            "= 1\n",
            "vendor\n",
            "serial: \"A\"\n",
            "[[machines.a.device]]\nserial: \"A\"\nport = \"1-1\"\n",
            "x = \"a\n",
            "x = 'a\n",
            "x = \"\"\"a\nb\nc",
            "x = '''a\nb\nc",
            "x = \"C:\\Users\"\n",
            "x = \"a\" b\n",
            "x = [\"a\" \"b\"]\n",
            "[[machines.a.device]]\ntags = [\"a\",\n[[machines.b.device]]\nserial = \"A\"\n",
            "[[machines.a.device]]\nenv = { A = \"1\"\n[[machines.b.device]]\nserial = \"A\"\n",
            "[[machines.a.device]]\nenv = { A = \"1\",, B = \"2\" }\n",
            "x = 'a'\ry = 'b'\n",
            "x = 'a\u{1}b'\n",
            "x = “a”\n",
        ],
    );
}

#[test]
fn several_at_once() {
    let tree = Tree::new(
        "[machines.a]\nconect = \"qemu:///system\"\n\n[[machines.a.device]]\nvendor = 046d\n\
         product = \"xyz\"\nbus = 3\n\n[[machines.a.device]]\nname = \"x\" y\n\n\
         [[machines.b.device]]\nserial = \"A\"\n",
    )
    .with("b.toml", "[[device]]\nport = \"1-\"\n")
    .with("c.toml", "[[device]\nport = \"1-1\"\n")
    .with("d.toml", "[[device]]\nserial = \"\"\n");
    assert_told("several_at_once", &tree.told());
    assert_told("several_at_once_in_lines", &tree.told_in_lines());
    let error = tree.load().unwrap_err().to_string();
    assert_told("several_at_once_in_one_line", &tree.anonymous(&error));
}

#[test]
fn files_of_machines() {
    let trees = [
        Tree::new("[[machines.win.device]]\nserial = \"A\"\n")
            .with("win.toml", "[[device]]\nserial = \"B\"\n"),
        Tree::new("").with("win.toml", ""),
        Tree::new("").with("win.toml", "[machines.win]\nconnect = \"x:///\"\n"),
        Tree::new("").with("win.toml", "[[devices]]\nserial = \"B\"\n"),
        Tree::new("").with("win.toml", "[device]\nserial = \"B\"\n"),
        Tree::new("").with("a\nb.toml", "[[device]]\nserial = \"B\"\n"),
        Tree::new("[[machines.a.device]]\nserial = \"A\"\n")
            .with("b.toml", "[[device]]\nserial = \"A\"\n"),
    ];
    assert_told_of("files_of_machines", &trees);
}

#[test]
fn colors_are_added_on_demand_only() {
    let tree = Tree::new("[machines.a]\nx = 1\n");
    let error = tree.load().unwrap_err();
    let finding = &error.diagnostics()[0];
    assert!(!finding.render(false).contains('\u{1b}'));
    assert!(finding.render(true).contains("\u{1b}[1m"));
}
