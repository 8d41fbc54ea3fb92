//! What valid configurations mean.

use std::fs;
use std::sync::Arc;

use virtplug_config::{Diagnostic, Options, Severity, load};
use virtplug_core::{
    BusNumber, ConnectionUri, DeviceNumber, HostAddress, MachineKey, Matcher, Owner, Patterns,
    Policy, Rule, RuleOptions,
};

use crate::tree::Tree;

fn machine(name: &str) -> MachineKey {
    MachineKey::new(ConnectionUri::default(), name)
}

fn serials(rules: &[Arc<Rule>]) -> Vec<(&str, &str)> {
    rules
        .iter()
        .map(|rule| {
            let serial = rule.matcher.serial.as_ref().and_then(Patterns::exact);
            let serial = serial.and_then(|serials| serials.first().copied());
            (rule.machine().unwrap().name(), serial.unwrap_or_default())
        })
        .collect()
}

#[test]
fn each_field_means_what_it_says() {
    let tree = Tree::new(
        r#"
[machines.win10]
connect = "qemu+ssh://host/system"

[[machines.win10.device]]
name = "all of it"
vendor = "0x46D"
product = "0001"
serial = "A/B, ü $(id) `x`"
port = "3-2.4"
bus = 3
device = 7
env = { ID_MODEL = "x", ID_A = "" }
tags = ["t", "u"]
current-tags = ["c"]
"#,
    );
    let loaded = tree.load().unwrap();
    let key = MachineKey::new(ConnectionUri::new("qemu+ssh://host/system"), "win10");
    let expected = Rule {
        name: Some("all of it".into()),
        origin: format!("{}:5", tree.main().display()),
        owner: Owner::Machine(key.clone()),
        matcher: Matcher {
            vendor: Some("046d".into()),
            product: Some("0001".into()),
            serial: Some("A/B, ü $(id) `x`".into()),
            port: Some("3-2.4".into()),
            address: Some(HostAddress {
                bus: BusNumber(3),
                device: DeviceNumber(7),
            }),
            properties: vec![("ID_A".into(), "".into()), ("ID_MODEL".into(), "x".into())],
            tags: vec!["t".into(), "u".into()],
            current_tags: vec!["c".into()],
            ..Matcher::default()
        },
        options: RuleOptions::default(),
    };
    assert_eq!(loaded.policy.rules(), [Arc::new(expected)]);
    assert_eq!(loaded.policy.machines().iter().collect::<Vec<_>>(), [&key]);
    // The address is warned of.
    assert_eq!(loaded.notes.len(), 1);
}

#[test]
fn ids_are_hexadecimal_always() {
    for (written, meant) in [
        ("0403", "0403"),
        ("403", "0403"),
        ("0x0403", "0403"),
        ("1133", "1133"),
        ("FFFF", "ffff"),
        ("0000", "0000"),
    ] {
        let tree = Tree::new(format!("[[machines.a.device]]\nvendor = \"{written}\"\n"));
        let loaded = tree.load().unwrap();
        let matcher = &loaded.policy.rules()[0].matcher;
        assert_eq!(matcher.vendor, Some(meant.into()), "{written}");
    }
}

#[test]
fn shell_syntax_is_text() {
    for text in [
        "$(id)",
        "`id`",
        "${HOME}",
        "a; rm -rf /",
        "%s%n {}",
        "~root",
        "$((1+1))",
    ] {
        let tree = Tree::new(format!(
            "[[machines.a.device]]\nserial = \"{text}\"\nenv = {{ X = \"{text}\" }}\n"
        ));
        let loaded = tree.load().unwrap();
        let matcher = &loaded.policy.rules()[0].matcher;
        assert_eq!(matcher.serial, Some(text.into()));
        assert_eq!(matcher.properties, [("X".into(), text.into())]);
    }
}

#[test]
fn tables_can_be_written_in_every_way_that_toml_has() {
    for text in [
        "[[machines.a.device]]\nserial = \"A\"\n[machines.a.device.env]\nX = \"1\"\n",
        "[machines]\na.device = [{ serial = \"A\", env.X = \"1\" }]\n",
        "machines = { a = { device = [{ serial = 'A', env = { \"X\" = \"1\" } }] } }\n",
        "[machines.a]\ndevice = [\n  { serial = \"\"\"A\"\"\", env = { X = \"1\" } }, # why\n]\n",
        "\u{feff}[[machines.a.device]]\r\nserial = \"A\"\r\nenv = { X = \"1\" }\r\n",
    ] {
        let tree = Tree::new(text);
        let loaded = tree.load().unwrap_or_else(|_| panic!("{}", tree.told()));
        let rule = &loaded.policy.rules()[0];
        assert_eq!(rule.machine(), Some(&machine("a")), "{text}");
        assert_eq!(rule.matcher.serial, Some("A".into()), "{text}");
        assert_eq!(rule.matcher.properties, [("X".into(), "1".into())]);
    }
}

#[test]
fn machines_have_the_names_that_libvirt_allows() {
    let long = "x".repeat(300);
    for name in ["win10", "Büro 日本", "a/b", "-rf", "a.b", "$(id)", &long] {
        let tree = Tree::new(format!("[[machines.\"{name}\".device]]\nserial = \"A\"\n"));
        let loaded = tree.load().unwrap();
        assert_eq!(loaded.policy.rules()[0].machine(), Some(&machine(name)));
    }
    for name in ["Büro 日本", "-rf", "a.b", "$(id)"] {
        let tree = Tree::new("").with(
            &format!("{name}.toml"),
            "connect = \"xen:///\"\n[[device]]\nserial = \"A\"\n",
        );
        let loaded = tree.load().unwrap();
        let expected = MachineKey::new(ConnectionUri::new("xen:///"), name);
        assert_eq!(loaded.policy.rules()[0].machine(), Some(&expected));
    }
}

#[test]
fn rules_come_in_the_order_of_the_files() {
    let tree = Tree::new(
        "[[machines.z.device]]\nserial = \"1\"\n[[machines.b.device]]\nserial = \"2\"\n\
         [[machines.z.device]]\nserial = \"3\"\n[machines.empty]\n",
    )
    .with("y.toml", "[[device]]\nserial = \"5\"\n")
    .with("c.toml", "[[device]]\nserial = \"4\"\n");
    let loaded = tree.load().unwrap();
    assert_eq!(
        serials(loaded.policy.rules()),
        [("z", "1"), ("z", "3"), ("b", "2"), ("c", "4"), ("y", "5")]
    );
    assert!(loaded.policy.machines().contains(&machine("empty")));
    assert_eq!(
        loaded.files,
        [
            tree.main(),
            tree.path("machines.d/c.toml"),
            tree.path("machines.d/y.toml")
        ]
    );
}

#[test]
fn a_file_of_its_own_replaces_a_machine_as_a_whole() {
    let tree = Tree::new(
        "[machines.win]\nconnect = \"xen:///\"\n\
         [[machines.win.device]]\nserial = \"old\"\n[[machines.other.device]]\nserial = \"new\"\n",
    )
    .with("win.toml", "[[device]]\nserial = \"old\"\n");
    let loaded = tree.load().unwrap();
    assert_eq!(
        serials(loaded.policy.rules()),
        [("other", "new"), ("win", "old")]
    );
    assert_eq!(loaded.policy.rules()[1].machine(), Some(&machine("win")));
    let severities: Vec<Severity> = loaded.notes.iter().map(Diagnostic::severity).collect();
    assert_eq!(severities, [Severity::Note]);

    // Another spelling is another machine.
    let tree = Tree::new("[[machines.win.device]]\nserial = \"A\"\n")
        .with("WIN.toml", "[[device]]\nserial = \"B\"\n");
    let loaded = tree.load().unwrap();
    assert_eq!(serials(loaded.policy.rules()), [("win", "A"), ("WIN", "B")]);
}

#[test]
fn a_replaced_machine_gives_no_device_away() {
    let tree = Tree::new("[[machines.a.device]]\nserial = \"A\"\n")
        .with("a.toml", "[[device]]\nserial = \"B\"\n")
        .with("b.toml", "[[device]]\nserial = \"A\"\n");
    let loaded = tree.load().unwrap();
    assert_eq!(serials(loaded.policy.rules()), [("a", "B"), ("b", "A")]);
}

#[test]
fn one_connection_can_be_given_for_all_machines() {
    let tree =
        Tree::new("[machines.a]\nconnect = \"xen:///\"\n[[machines.a.device]]\nserial = \"A\"\n")
            .with("b.toml", "[[device]]\nserial = \"B\"\n");
    let options = Options {
        connect: Some("test:///default".into()),
        ..Options::default()
    };
    let loaded = load(&tree.main(), &options).unwrap();
    let uri = ConnectionUri::new("test:///default");
    assert_eq!(uris(&loaded.policy), [&uri, &uri]);
}

fn uris(policy: &Policy) -> Vec<&ConnectionUri> {
    policy.machines().iter().map(|key| &key.uri).collect()
}

#[test]
fn the_usual_connection_is_that_of_machines_without_one() {
    let tree =
        Tree::new("[machines.a]\nconnect = \"xen:///\"\n[[machines.a.device]]\nserial = \"A\"\n")
            .with("b.toml", "[[device]]\nserial = \"B\"\n");
    let session = ConnectionUri::new("qemu:///session");
    let options = Options {
        usual_connection: session.clone(),
        ..Options::default()
    };
    let loaded = load(&tree.main(), &options).unwrap();
    let xen = ConnectionUri::new("xen:///");
    assert_eq!(uris(&loaded.policy).len(), 2);
    assert!(uris(&loaded.policy).contains(&&session) && uris(&loaded.policy).contains(&&xen));
    // Also where no machine is named.
    let empty = Tree::new("");
    let loaded = load(&empty.main(), &options).unwrap();
    assert!(loaded.policy.connections().contains(&session));
}

#[test]
fn the_folder_is_the_one_beside_the_file() {
    let tree = Tree::new("").with("a.toml", "[[device]]\nserial = \"A\"\n");
    let other = tree.path("other.toml");
    fs::write(&other, "").unwrap();
    let loaded = load(&other, &Options::default()).unwrap();
    assert_eq!(serials(loaded.policy.rules()), [("a", "A")]);
    assert_eq!(loaded.files[0], other);
}

#[test]
fn spans_count_bytes_of_the_file() {
    let text = "\u{feff}# ü\r\n[machines.a]\r\nüx = 1\r\n\"ü\" = 1\r\n";
    let tree = Tree::new(text);
    let error = tree.load().unwrap_err();
    let finding = error.diagnostics().last().unwrap();
    assert_eq!(&text[finding.span().unwrap()], "\"ü\"");
    assert_eq!((finding.line(), finding.column()), (Some(4), Some(1)));
}
