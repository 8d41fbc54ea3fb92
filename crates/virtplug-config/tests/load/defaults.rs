//! What `[defaults]` reaches.

use std::num::NonZeroU32;
use std::time::Duration;

use virtplug_core::{ConnectionUri, GuestReset, Owner, RuleOptions};

use crate::tree::Tree;

const ALL: &str = r#"
[defaults]
connect = "xen:///"
priority = 7
yield = true
preempt = true
count = 3
follow = "10s"
guest-port = "0:3"
guest-reset = "off"
start-machine = true
allow-in-use = true
enabled = false
group = "desk"
"#;

/// The options of the only rule of a file with these defaults.
fn options(defaults: &str, table: &str) -> RuleOptions {
    let tree = Tree::new(format!("{defaults}{table}"));
    let loaded = tree.load().unwrap_or_else(|_| panic!("{}", tree.told()));
    let [rule] = loaded.policy.rules() else {
        panic!("one rule is expected: {:?}", loaded.policy.rules())
    };
    rule.options.clone()
}

fn everything() -> RuleOptions {
    RuleOptions {
        enabled: false,
        priority: 7,
        group: Some("desk".to_owned()),
        yields: true,
        preempts: true,
        count: NonZeroU32::new(3),
        follow: Some(Duration::from_secs(10)),
        guest_port: "0:3".parse().ok(),
        guest_reset: Some(GuestReset::Off),
        start_machine: true,
        allow_in_use: true,
    }
}

#[test]
fn all_of_it_reaches_the_rules_of_machines() {
    let table = "[[machines.a.device]]\nserial = \"A\"\n";
    assert_eq!(options(ALL, table), everything());
    assert_eq!(options("", table), RuleOptions::default());
}

#[test]
fn what_means_something_there_reaches_the_rules_of_the_host() {
    let of_host = RuleOptions {
        enabled: false,
        priority: 7,
        group: Some("desk".to_owned()),
        ..RuleOptions::default()
    };
    let table = "[[host.device]]\nserial = \"A\"\n";
    assert_eq!(options(ALL, table), of_host);
    assert_eq!(options("", table), RuleOptions::default());
}

#[test]
fn they_reach_files_of_machines() {
    let tree = Tree::new(ALL).with("a.toml", "[[device]]\nserial = \"A\"\n");
    let loaded = tree.load().unwrap();
    let rule = &loaded.policy.rules()[0];
    assert_eq!(rule.options, everything());
    let Owner::Machine(machine) = &rule.owner else {
        panic!("{:?}", rule.owner)
    };
    assert_eq!(machine.uri, ConnectionUri::new("xen:///"));
}

#[test]
fn a_table_of_its_own_says_otherwise() {
    let own = "enabled = true\npriority = 0\ngroup = \"other\"\nserial = \"A\"\n";
    let expected = RuleOptions {
        group: Some("other".to_owned()),
        ..RuleOptions::default()
    };
    assert_eq!(options(ALL, &format!("[[host.device]]\n{own}")), expected);

    let more = "yield = false\npreempt = false\ncount = 1\nfollow = \"1s\"\nguest-port = \"1:2\"\n\
                guest-reset = \"on\"\nstart-machine = false\nallow-in-use = false\n";
    let expected = RuleOptions {
        count: NonZeroU32::new(1),
        follow: Some(Duration::from_secs(1)),
        guest_port: "1:2".parse().ok(),
        guest_reset: Some(GuestReset::On),
        ..expected
    };
    let table = format!("[[machines.a.device]]\n{own}{more}");
    assert_eq!(options(ALL, &table), expected);

    let machine = "[machines.a]\nconnect = \"qemu:///session\"\n";
    let loaded = Tree::new(format!("{ALL}{machine}")).load().unwrap();
    let uris = loaded.policy.machines().iter().map(|key| &key.uri);
    let uris: Vec<&ConnectionUri> = uris.collect();
    assert_eq!(uris, [&ConnectionUri::new("qemu:///session")]);
}
