//! What is found, and what is not.

mod properties;

use std::collections::BTreeMap;

use super::*;
use crate::testing::{device, rule};
use crate::{ClassCode, Interfaces, Matcher, Owner, Pattern, Patterns, RuleOptions};

fn serial(text: &str) -> Matcher {
    Matcher {
        serial: Some(text.into()),
        ..Matcher::default()
    }
}

fn ids(vendor: &str, product: &str) -> Matcher {
    Matcher {
        vendor: Some(vendor.into()),
        product: Some(product.into()),
        ..Matcher::default()
    }
}

fn port(text: &str) -> Matcher {
    Matcher {
        port: Some(text.into()),
        ..Matcher::default()
    }
}

fn tag(text: &str) -> Matcher {
    Matcher {
        tags: vec![text.into()],
        ..Matcher::default()
    }
}

fn interfaces(any: &str) -> Matcher {
    Matcher {
        interfaces: Some(Interfaces {
            any: vec![any.parse().unwrap()],
            ..Interfaces::default()
        }),
        ..Matcher::default()
    }
}

fn glob(text: &str) -> Patterns {
    Pattern::glob(text).unwrap().into()
}

fn named(name: &str, owner: &str, matcher: Matcher, options: RuleOptions) -> Rule {
    Rule {
        name: Some(name.into()),
        options,
        ..rule(owner, matcher)
    }
}

fn found(rules: Vec<Rule>) -> Vec<String> {
    let policy = Policy::new([], rules);
    let findings = Findings::of_policy(&policy);
    assert!(!findings.incomplete);
    findings.list.iter().map(short).collect()
}

fn short(advice: &Advice) -> String {
    let numbers: Vec<String> = advice
        .rules()
        .iter()
        .map(|rule| rule.number.to_string())
        .collect();
    format!("{} {}", advice.code(), numbers.join(" "))
}

fn plain(owner: &str, matcher: Matcher) -> Rule {
    rule(owner, matcher)
}

fn urgent(owner: &str, matcher: Matcher, priority: i32) -> Rule {
    let options = RuleOptions {
        priority,
        ..RuleOptions::default()
    };
    named("urgent", owner, matcher, options)
}

#[test]
fn a_rule_below_a_wider_and_stronger_one_is_shadowed() {
    let wide = Matcher {
        vendor: Some("046d".into()),
        ..Matcher::default()
    };
    let narrow = ids("046d", "c52b");
    assert_eq!(
        found(vec![
            plain("a", narrow.clone()),
            urgent("b", wide.clone(), 1)
        ]),
        ["shadowed 0 1"]
    );
    // The more specific one is stronger without a priority.
    assert!(found(vec![plain("a", narrow), plain("b", wide)]).is_empty());
}

#[test]
fn the_same_again_is_shadowed_by_the_earlier_and_a_clash_of_owners_is_not() {
    assert_eq!(
        found(vec![plain("a", serial("A")), plain("a", serial("A"))]),
        ["shadowed 1 0"]
    );
    assert_eq!(
        found(vec![plain("a", serial("A")), plain("b", serial("A"))]),
        ["overlap 0 1"]
    );
}

#[test]
fn what_does_not_take_all_shadows_nothing() {
    for options in [
        RuleOptions {
            enabled: false,
            ..RuleOptions::default()
        },
        RuleOptions {
            yields: true,
            ..RuleOptions::default()
        },
        RuleOptions {
            count: std::num::NonZeroU32::new(1),
            ..RuleOptions::default()
        },
    ] {
        let options = RuleOptions {
            priority: 1,
            ..options
        };
        let strong = named("s", "b", serial("A"), options);
        assert!(found(vec![strong, plain("a", serial("A"))]).is_empty());
    }
}

#[test]
fn a_contradiction_is_found_wherever_it_is() {
    let not = Matcher {
        vendor: Some("046d".into()),
        not: vec![Matcher {
            vendor: Some(glob("04*")),
            ..Matcher::default()
        }],
        ..Matcher::default()
    };
    let any = Matcher {
        vendor: Some("046d".into()),
        any: Some(vec![ids("1234", "0001"), ids("1234", "0002")]),
        ..Matcher::default()
    };
    let only = Matcher {
        interfaces: Some(Interfaces {
            all: vec!["03".parse().unwrap()],
            only: vec!["08".parse().unwrap()],
            ..Interfaces::default()
        }),
        ..Matcher::default()
    };
    for matcher in [not, any, only] {
        assert_eq!(found(vec![plain("a", matcher)]), ["impossible 0"]);
    }
    let possible = Matcher {
        vendor: Some("046d".into()),
        any: Some(vec![ids("1234", "0001"), ids("046d", "0002")]),
        ..Matcher::default()
    };
    assert!(found(vec![plain("a", possible)]).is_empty());
}

#[test]
fn different_names_of_devices_and_places_do_not_clash() {
    for (one, other) in [
        (serial("A"), serial("B")),
        (port("1-1"), port("1-2")),
        (port("1-1"), port("2-1")),
        (ids("046d", "0001"), ids("046d", "0002")),
        (tag("a"), tag("b")),
        (
            Matcher {
                serial: Some(glob("A*")),
                ..Matcher::default()
            },
            Matcher {
                serial: Some(glob("B*")),
                ..Matcher::default()
            },
        ),
    ] {
        assert!(found(vec![plain("a", one), plain("b", other)]).is_empty());
    }
}

#[test]
fn two_that_could_meet_are_told_less_loudly_than_two_that_must() {
    let mouse = interfaces("03:01:02");
    let vendor = Matcher {
        vendor: Some("046d".into()),
        ..Matcher::default()
    };
    let policy = Policy::new(
        [],
        vec![plain("a", mouse.clone()), plain("b", vendor.clone())],
    );
    let findings = Findings::of_policy(&policy);
    assert_eq!(
        findings.list.iter().map(short).collect::<Vec<_>>(),
        ["overlap 0 1"]
    );
    assert_eq!(findings.list[0].severity(), Severity::Note);
    let both = Matcher {
        vendor: Some("046d".into()),
        ..mouse
    };
    let policy = Policy::new([], vec![plain("b", vendor), plain("a", both)]);
    let findings = Findings::of_policy(&policy);
    assert_eq!(
        findings.list.iter().map(short).collect::<Vec<_>>(),
        ["overlap 1 0"]
    );
    assert_eq!(findings.list[0].severity(), Severity::Warning);
}

#[test]
fn pools_may_share() {
    let pool = || RuleOptions {
        count: std::num::NonZeroU32::new(2),
        ..RuleOptions::default()
    };
    let rules = vec![
        named("x", "a", ids("1234", "0001"), pool()),
        named("y", "b", ids("1234", "0001"), pool()),
    ];
    assert!(found(rules).is_empty());
}

#[test]
fn keyboards_and_disks_by_class_alone_are_told() {
    for (class, told) in [
        ("03", true),
        ("03:01:01", true),
        ("03:00", true),
        ("03:01:02", false),
        ("08", true),
        ("08:06:50", true),
        ("0e", false),
    ] {
        let expected: &[&str] = if told { &["anonymous 0"] } else { &[] };
        assert_eq!(
            found(vec![plain("a", interfaces(class))]),
            expected,
            "{class}"
        );
    }
    let host = Rule {
        owner: Owner::Host,
        ..plain("a", interfaces("03"))
    };
    let named = Matcher {
        serial: Some(glob("A*")),
        ..interfaces("03")
    };
    let labelled = Matcher {
        tags: vec!["x".into()],
        ..interfaces("03")
    };
    for rule in [host, plain("a", named), plain("a", labelled)] {
        assert!(found(vec![rule]).is_empty());
    }
}

#[test]
fn bus_and_device_are_told() {
    let address = device("1-1", 2, "").address;
    let matcher = Matcher {
        address: Some(address),
        ..Matcher::default()
    };
    assert_eq!(found(vec![plain("a", matcher)]), ["address 0"]);
}

fn found_with(rules: Vec<Rule>, devices: Vec<Device>) -> Vec<Advice> {
    let policy = Policy::new([], rules);
    let world: BTreeMap<PortPath, Device> = devices
        .into_iter()
        .map(|one| (one.port.clone(), one))
        .collect();
    Findings::of_devices(&policy, world.values(), &world).list
}

#[test]
fn what_devices_show_is_told() {
    let shared = found_with(
        vec![plain("a", serial("A"))],
        vec![
            device("1-1", 2, "A"),
            device("1-2", 3, "A"),
            device("1-3", 4, "B"),
        ],
    );
    assert_eq!(
        shared[0].message(),
        "this rule means several devices: those at 1-1 and 1-2 all have the serial number \"A\""
    );
    let mut none = device("1-1", 2, "");
    none.syspath = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1".into();
    let none = found_with(vec![plain("a", ids("0627", "0001"))], vec![none]);
    assert_eq!(
        none[0].help(),
        "to mean only this one, add `stable-port = \"pci-0000:00:14.0-usbv2-0:1\"`"
    );
    let clash = found_with(
        vec![plain("a", serial("A")), plain("b", serial("A"))],
        vec![device("1-1", 2, "A")],
    );
    assert_eq!(
        clash[0].message(),
        "nobody gets the device at 1-1: it is given by this rule to a, by the rule at test:1 to b"
    );
    let mut hub = device("1-1", 2, "");
    hub.class = ClassCode::new(9, 0, 0);
    let hub = found_with(vec![plain("a", port("1-1"))], vec![hub]);
    assert_eq!(hub.iter().map(short).collect::<Vec<_>>(), ["hub 0"]);
}

#[test]
fn hostile_names_are_escaped() {
    let mut hostile = plain("a\u{1b}", serial("A"));
    hostile.name = Some("x\u{1b}[31m\n".into());
    hostile.origin = "/etc/\u{202e}:1".into();
    let policy = Policy::new([], vec![hostile.clone(), plain("b", serial("A"))]);
    for advice in Findings::of_policy(&policy).list {
        let text = advice.message() + &advice.help();
        assert!(!text.contains(['\u{1b}', '\n', '\u{202e}']), "{text}");
    }
}

#[test]
fn many_rules_are_looked_at_in_bearable_time() {
    let rules = (0..10_000).map(|n| plain(&format!("vm{n}"), serial(&format!("S{n}"))));
    assert!(found(rules.collect()).is_empty());
    let same = (0..2_000).map(|n| plain(&format!("vm{n}"), interfaces("03")));
    let findings = Findings::of_policy(&Policy::new([], same.collect()));
    assert!(findings.list.len() <= 2 * MAX_OF_A_KIND);
    assert!(findings.more["overlap"] > 1000);
}
