//! Groups that somebody gave to another owner.

use std::time::Duration;

use super::bench::{Bench, serial};
use crate::testing::{device, machine};
use crate::{Assignment, Obstacle, Order, Owner, Report, Rule};

impl Bench {
    /// Gives a group to a machine, to the host, or back.
    pub(super) fn switch(&mut self, group: &str, owner: Option<&str>) {
        let owner = owner.map(|owner| match owner {
            "host" => Owner::Host,
            name => machine(name).into(),
        });
        let group = group.to_owned();
        self.order(Order::Switch { group, owner });
    }
}

fn desk(serial_number: &str, owner: &str) -> Rule {
    let mut rule = serial(serial_number, owner);
    rule.options.group = Some("desk".into());
    rule
}

/// Two devices of a group and one that is not of it, all in `a`.
fn attached() -> Bench {
    let mut bench = Bench::new(rules());
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 2, "A"));
    bench.plug(device("1-2", 3, "B"));
    bench.plug(device("1-3", 4, "C"));
    bench.run();
    assert_eq!(bench.entries("a"), ["1-1:2", "1-2:3", "1-3:4"]);
    bench
}

fn rules() -> Vec<Rule> {
    vec![desk("A", "a"), desk("B", "a"), serial("C", "a")]
}

#[test]
fn a_group_moves_at_once_and_back() {
    let mut bench = attached();
    bench.switch("desk", Some("b"));
    bench.run();
    assert_eq!(bench.entries("a"), ["1-3:4"]);
    assert_eq!(bench.entries("b"), ["1-1:2", "1-2:3"]);
    bench.switch("desk", Some("host"));
    bench.run();
    assert_eq!(bench.entries("b"), [""; 0]);
    assert!(matches!(bench.assignment("1-1"), Assignment::Kept(_)));
    bench.switch("desk", None);
    bench.run();
    assert_eq!(bench.entries("a"), ["1-3:4", "1-1:2", "1-2:3"]);
    assert!(bench.engine.orders().is_empty());
    let told = |report: &&Report| matches!(report, Report::Ordered(_));
    assert_eq!(bench.reports.iter().filter(told).count(), 3);
}

#[test]
fn a_group_that_no_rule_names_is_void() {
    let mut bench = attached();
    bench.switch("table", Some("b"));
    assert!(bench.engine.orders().is_empty());
    let told = |report: &Report| matches!(report, Report::Ordered(_));
    assert!(!bench.reports.iter().any(told));
}

#[test]
fn what_is_plugged_in_later_goes_with_its_group() {
    let mut bench = attached();
    bench.unplug("1-1");
    bench.run();
    bench.switch("desk", Some("b"));
    bench.run();
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.run(), ["attach 1-1:5 to b"]);
}

#[test]
fn two_rules_of_one_group_agree() {
    let mut bench = Bench::new(vec![desk("A", "a"), desk("A", "b")]);
    bench.start("c");
    bench.plug(device("1-1", 2, "A"));
    assert!(matches!(bench.assignment("1-1"), Assignment::Conflict(_)));
    bench.switch("desk", Some("c"));
    assert_eq!(bench.run(), ["attach 1-1:2 to c"]);
}

#[test]
fn a_guest_port_is_for_the_machine_that_it_was_written_for() {
    let mut rule = desk("A", "a");
    rule.options.guest_port = "0:3".parse().ok();
    let mut bench = Bench::new(vec![rule]);
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 2, "A"));
    bench.switch("desk", Some("b"));
    bench.run();
    assert_eq!(bench.machine("b").hostdevs[0].guest_port, None);
    bench.switch("desk", Some("a"));
    bench.run();
    let place = bench.machine("a").hostdevs[0].guest_port.clone();
    assert_eq!(place.as_deref(), Some("0:3"));
}

#[test]
fn a_reload_keeps_switches_of_groups_that_still_exist() {
    let mut bench = attached();
    bench.switch("desk", Some("b"));
    bench.run();
    bench.load(rules());
    assert_eq!(bench.run(), [""; 0]);
    bench.load(vec![serial("A", "a"), serial("B", "a"), serial("C", "a")]);
    bench.run();
    assert_eq!(bench.entries("b"), [""; 0]);
    assert!(bench.engine.orders().is_empty());
    // Another group of that name starts with its own owners.
    bench.load(rules());
    assert_eq!(bench.run(), [""; 0]);
}

#[test]
fn a_hold_goes_before_a_switch_and_all_end_together() {
    let mut bench = attached();
    bench.hold("1-1", "a");
    bench.switch("desk", Some("b"));
    bench.run();
    assert_eq!(bench.entries("b"), ["1-2:3"]);
    bench.order(Order::ReleaseAll);
    bench.run();
    assert_eq!(bench.entries("b"), [""; 0]);
    assert!(bench.engine.orders().is_empty());
}

#[test]
fn places_in_pools_go_with_the_group() {
    let pool = || {
        let mut rule = desk("A", "a");
        rule.matcher.serial = None;
        rule.matcher.vendor = Some("0627".into());
        rule.options.count = 1.try_into().ok();
        rule
    };
    let mut bench = Bench::new(vec![pool()]);
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 2, "A"));
    bench.plug(device("1-2", 3, "B"));
    bench.run();
    assert_eq!(bench.entries("a"), ["1-1:2"]);
    bench.switch("desk", Some("b"));
    bench.run();
    assert_eq!(bench.entries("b"), ["1-1:2"]);
    bench.unplug("1-1");
    bench.pass_seconds(10);
    bench.run();
    assert_eq!(bench.entries("b"), ["1-2:3"]);
}

fn follower_rules() -> Vec<Rule> {
    let mut rule = desk("A", "a");
    rule.options.follow = Some(Duration::from_secs(10));
    vec![rule]
}

/// A device that follows another one of the group into `a`.
fn followed() -> Bench {
    let mut bench = Bench::new(follower_rules());
    bench.start("a");
    bench.start("b");
    bench.plug(device("1-1", 2, "A"));
    bench.run();
    bench.plug(device("1-1", 3, "DFU"));
    bench.run();
    assert_eq!(bench.entries("a"), ["1-1:3"]);
    bench
}

#[test]
fn who_follows_goes_with_the_group() {
    let mut bench = followed();
    bench.switch("desk", Some("b"));
    bench.run();
    assert_eq!(bench.entries("b"), ["1-1:3"]);
    bench.switch("desk", Some("host"));
    bench.run();
    assert_eq!(bench.entries("b"), [""; 0]);
    bench.switch("desk", None);
    bench.run();
    assert_eq!(bench.entries("a"), ["1-1:3"]);
}

#[test]
fn a_follower_that_comes_after_the_switch_goes_with_the_group() {
    let mut bench = followed();
    bench.plug(device("1-1", 4, "A"));
    bench.run();
    bench.unplug("1-1");
    bench.run();
    bench.switch("desk", Some("b"));
    bench.plug(device("1-1", 5, "DFU"));
    assert_eq!(bench.run(), ["attach 1-1:5 to b"]);
}

/// Only the alias of its entry tells that it follows.
#[test]
fn a_restarted_daemon_knows_who_follows_in_a_group() {
    let mut bench = followed();
    bench.restart(follower_rules());
    assert_eq!(bench.run(), [""; 0]);
    bench.switch("desk", Some("b"));
    bench.run();
    assert_eq!(bench.entries("b"), ["1-1:3"]);
    let orders = bench.engine.orders().clone();
    bench.restart_with(orders, follower_rules());
    assert_eq!(bench.run(), [""; 0]);
    assert_eq!(bench.entries("b"), ["1-1:3"]);
}

#[test]
fn a_machine_that_only_a_switch_names_is_looked_at() {
    let mut bench = attached();
    bench.switch("desk", Some("c"));
    bench.run();
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineOff));
    bench.start("c");
    bench.run();
    assert_eq!(bench.entries("c"), ["1-1:2", "1-2:3"]);
}
