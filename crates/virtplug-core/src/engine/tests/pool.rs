//! Rules that give at most so many devices.

use super::bench::{Bench, again};
use crate::testing::device;
use crate::{Device, Matcher, Rule};

fn pool(owner: &str, count: u32) -> Rule {
    let product = Matcher {
        vendor: Some("0627".into()),
        product: Some("0001".into()),
        ..Matcher::default()
    };
    let mut rule = super::bench::rule(product, owner);
    rule.options.count = count.try_into().ok();
    rule
}

fn stick(number: u8) -> Device {
    device(&format!("1-{number}"), number, &format!("S{number}"))
}

/// Two machines run, three sticks are plugged in; one has room for one.
fn dealt() -> Bench {
    let mut bench = Bench::new(vec![pool("a", 1), pool("b", 1)]);
    bench.start("a");
    bench.start("b");
    for number in 2..5 {
        bench.plug(stick(number));
        bench.run();
    }
    assert_eq!(bench.entries("a"), ["1-2:2"]);
    assert_eq!(bench.entries("b"), ["1-3:3"]);
    bench
}

#[test]
fn a_spare_takes_the_place_of_one_that_left_and_nobody_else_moves() {
    let mut bench = dealt();
    bench.unplug("1-2");
    assert_eq!(bench.run(), ["detach 1-2 from a: the device was unplugged"]);
    bench.pass_seconds(10);
    assert_eq!(bench.run(), ["attach 1-4:4 to a"]);
    // The first one is back, and is the spare now.
    bench.plug(again(&stick(2)));
    bench.pass_seconds(10);
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("b"), ["1-3:3"]);
}

#[test]
fn a_reset_costs_no_place() {
    let mut bench = dealt();
    bench.unplug("1-2");
    bench.pass_millis(300);
    bench.plug(again(&stick(2)));
    bench.pass_seconds(10);
    bench.run();
    assert_eq!(bench.entries("a"), ["1-2:2"]);
    assert_eq!(bench.entries("b"), ["1-3:3"]);
}

#[test]
fn a_stick_that_is_moved_to_another_port_at_once_keeps_its_place() {
    let mut bench = dealt();
    bench.unplug("1-2");
    bench.pass_millis(1500);
    let mut moved = device("1-7", 9, "S2");
    moved.product = stick(2).product;
    bench.plug(moved);
    bench.pass_seconds(10);
    bench.run();
    assert_eq!(bench.entries("a"), ["1-7:9"]);
}

#[test]
fn a_restarted_daemon_finds_the_places_as_they_were() {
    let mut bench = dealt();
    bench.unplug("1-2");
    bench.run();
    bench.pass_seconds(10);
    bench.run();
    assert_eq!(bench.entries("a"), ["1-4:4"]);
    bench.plug(again(&stick(2)));
    bench.restart(vec![pool("a", 1), pool("b", 1)]);
    bench.pass_seconds(10);
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("a"), ["1-4:4"]);
    assert_eq!(bench.entries("b"), ["1-3:3"]);
}

#[test]
fn a_restarted_daemon_moves_nobody_who_has_the_place_of_another_pool() {
    let mut bench = Bench::new(vec![pool("a", 1), pool("b", 1)]);
    bench.start("a");
    bench.start("b");
    // The order of the ports is not the order in which they were plugged in.
    for number in [3, 2] {
        bench.plug(stick(number));
        bench.run();
    }
    assert_eq!(bench.entries("a"), ["1-3:3"]);
    assert_eq!(bench.entries("b"), ["1-2:2"]);
    bench.restart(vec![pool("a", 1), pool("b", 1)]);
    bench.pass_seconds(10);
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("a"), ["1-3:3"]);
    assert_eq!(bench.entries("b"), ["1-2:2"]);
}

#[test]
fn what_cannot_be_read_for_a_moment_keeps_its_place() {
    let mut bench = Bench::new(vec![pool("a", 1)]);
    bench.start("a");
    for number in [2, 3] {
        bench.plug(stick(number));
        bench.run();
    }
    let mut unread = stick(2);
    unread.authorized = crate::Fact::Unknown;
    bench.plug(unread);
    assert_eq!(bench.run(), [""; 0]);
    bench.plug(stick(2));
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("a"), ["1-2:2"]);
}

#[test]
fn a_smaller_count_gives_back_what_is_too_much() {
    let mut bench = Bench::new(vec![pool("a", 3)]);
    bench.start("a");
    for number in 2..5 {
        bench.plug(stick(number));
    }
    bench.run();
    assert_eq!(bench.entries("a").len(), 3);
    bench.load(vec![pool("a", 1)]);
    bench.run();
    assert_eq!(bench.entries("a").len(), 1);
    bench.load(vec![pool("a", 2)]);
    bench.run();
    assert_eq!(bench.entries("a").len(), 2);
}

#[test]
fn a_reload_of_the_same_rules_moves_nobody() {
    let mut bench = dealt();
    bench.load(vec![pool("b", 1), pool("a", 1)]);
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("a"), ["1-2:2"]);
}

#[test]
fn a_device_that_another_rule_gives_to_the_machine_takes_no_place_from_one_that_waits() {
    let mut counted = pool("a", 1);
    counted.options.priority = 1;
    let mut bench = Bench::new(vec![counted, super::bench::serial("S3", "a")]);
    bench.start("a");
    bench.plug(stick(2));
    // Its try fails, and meanwhile another one gets in by a rule of its own.
    bench.fail();
    bench.plug(stick(3));
    bench.pass_seconds(10);
    bench.run();
    assert_eq!(bench.entries("a").len(), 2, "{:?}", bench.entries("a"));
}
