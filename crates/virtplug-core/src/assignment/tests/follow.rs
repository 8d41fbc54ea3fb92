//! What follows a device that left its port.

use super::*;

#[test]
fn a_successor_follows_unless_a_rule_says_otherwise() {
    let device = device("1-1", 2, "A");
    let followed = || World {
        follows: Some(Arc::new(rule("a", product(&device)))),
        ..World::default()
    };
    assert_eq!(owner(&[], &device, &followed()), "a follows");
    let weaker = [rule("b", tag("x"))];
    assert_eq!(owner(&weaker, &device, &followed()), "a follows");
    assert_eq!(owner(&[rule("b", serial("A"))], &device, &followed()), "b");
    assert_eq!(owner(&[rule("a", serial("A"))], &device, &followed()), "a");
    let mut host = rule(
        "",
        Matcher {
            vendor: Some(device.vendor.to_string().into()),
            ..Matcher::default()
        },
    );
    host.owner = Owner::Host;
    assert_eq!(owner(&[host], &device, &followed()), "host");
    let mut hub = device.clone();
    hub.class = ClassCode::new(9, 0, 0);
    assert_eq!(owner(&[], &hub, &followed()), "nobody");
}

#[test]
fn a_successor_has_the_interfaces_that_the_rule_asks_for() {
    let mut device = device("1-1", 2, "A");
    let mut matcher = product(&device);
    matcher.interfaces = Some(Interfaces {
        only: vec!["08".parse().unwrap()],
        ..Interfaces::default()
    });
    let followed = World {
        follows: Some(Arc::new(rule("a", matcher))),
        ..World::default()
    };
    let (disk, keyboard) = (ClassCode::new(8, 6, 0x50), ClassCode::new(3, 1, 1));
    for (interfaces, expected) in [
        (Fact::Known([disk].into()), "a follows"),
        (Fact::Known([disk, keyboard].into()), "nobody"),
        (Fact::Known([keyboard].into()), "nobody"),
        (Fact::Unknown, "unknown because of a"),
    ] {
        device.interfaces = interfaces;
        assert_eq!(owner(&[], &device, &followed), expected);
    }
}
