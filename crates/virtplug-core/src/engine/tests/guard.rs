//! Devices that the host uses.

use std::collections::BTreeSet;

use super::bench::{Bench, serial};
use crate::testing::{device, machine};
use crate::{CallError, Device, Fact, Obstacle, Order, Report, Rule, Use};

fn mounted() -> Use {
    Use::Mounted {
        node: "sdb1".into(),
        at: "/mnt/x".into(),
    }
}

fn opened() -> Use {
    Use::Opened {
        node: "video0".into(),
        by: Some("obs".into()),
    }
}

/// The device of these tests, used by the host in these ways.
fn used(uses: &[Use]) -> Device {
    Device {
        in_use: Fact::Known(uses.iter().cloned().collect()),
        ..device("1-1", 5, "A")
    }
}

/// It cannot be read what the host does with it.
fn unread() -> Device {
    Device {
        in_use: Fact::Unknown,
        ..device("1-1", 5, "A")
    }
}

pub(super) fn refused_for(uses: &[Use]) -> Obstacle {
    let uses: BTreeSet<Use> = uses.iter().cloned().collect();
    Obstacle::InUse(Fact::Known(uses))
}

/// A machine that runs and is to have the device.
pub(super) fn running() -> Bench {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench
}

pub(super) fn allowing() -> Rule {
    let mut rule = serial("A", "vm");
    rule.options.allow_in_use = true;
    rule
}

impl Bench {
    /// The host is seen to use the device of the first call, right before it.
    fn refuse(&mut self, uses: &[Use]) {
        let uses = uses.iter().cloned().collect();
        self.end_call(Err(CallError::InUse(uses)));
    }

    /// What was told of uses: of refusals and of what was taken all the same.
    pub(super) fn told_of_uses(&mut self) -> Vec<String> {
        let told = |report: Report| match report {
            Report::InUse { uses, .. } => Some(format!("refused: {}", words(uses))),
            Report::TakenInUse { uses, .. } => Some(format!("taken: {}", words(uses))),
            _ => None,
        };
        self.reports.drain(..).filter_map(told).collect()
    }
}

fn words(uses: Fact<BTreeSet<Use>>) -> String {
    let Fact::Known(uses) = uses else {
        return "?".into();
    };
    let uses: Vec<String> = uses.iter().map(Use::to_string).collect();
    uses.join(", ")
}

#[test]
fn a_device_that_the_host_uses_stays_there_until_the_host_lets_go() {
    let mut bench = running();
    bench.plug(used(&[mounted()]));
    assert_eq!(bench.obstacle("1-1"), Some(refused_for(&[mounted()])));
    assert_eq!(bench.engine.summary().troubled.len(), 1);
    bench.pass_seconds(3600);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.next_wakeup(), None);
    bench.plug(used(&[]));
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.told_of_uses(), ["refused: sdb1 is mounted at /mnt/x"]);
}

#[test]
fn a_refusal_is_told_once_for_the_same_uses() {
    let mut bench = running();
    bench.plug(used(&[mounted()]));
    bench.plug(used(&[mounted(), opened()]));
    bench.changed("vm");
    bench.stop("vm");
    bench.start("vm");
    assert_eq!(bench.told_of_uses().len(), 1);
    let swap = Use::Swap {
        node: "sdb2".into(),
    };
    bench.plug(used(&[mounted(), swap]));
    assert_eq!(
        bench.told_of_uses(),
        ["refused: sdb1 is mounted at /mnt/x, the host swaps to sdb2"]
    );
    bench.stop("vm");
    bench.plug(used(&[]));
    bench.plug(used(&[mounted()]));
    assert_eq!(bench.told_of_uses(), [""; 0]);
    bench.start("vm");
    assert_eq!(bench.told_of_uses().len(), 1);
    // Also where something else changes with it.
    let renamed = |uses: &[Use]| Device {
        product_name: Fact::Known(Some("renamed".into())),
        ..used(uses)
    };
    bench.stop("vm");
    bench.plug(renamed(&[]));
    bench.plug(used(&[mounted()]));
    bench.start("vm");
    assert_eq!(bench.told_of_uses().len(), 1);
}

#[test]
fn what_cannot_be_read_counts_as_in_use_and_is_read_again() {
    let mut bench = running();
    bench.plug(unread());
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::InUse(Fact::Unknown)));
    let before = bench.scans;
    bench.pass_seconds(300);
    let scans = bench.scans - before;
    assert!((9..20).contains(&scans), "{scans}");
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.told_of_uses(), ["refused: ?"]);
    bench.devices.insert(used(&[]).port, used(&[]));
    bench.pass_seconds(80);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

/// What is known of an instance stays known where it is not read again; what
/// the host does with it may have changed.
#[test]
fn an_earlier_reading_of_the_use_counts_no_more() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.plug(used(&[]));
    bench.plug(unread());
    bench.start("vm");
    assert_eq!(bench.waiting(), [""; 0]);
}

#[test]
fn it_is_not_read_again_where_it_does_not_matter() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.plug(unread());
    bench.plug(Device {
        in_use: Fact::Unknown,
        ..device("1-2", 6, "of nobody")
    });
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineOff));
    assert_eq!(bench.engine.next_wakeup(), None);
    bench.start("vm");
    assert!(bench.engine.next_wakeup().is_some());
    bench.stop("vm");
    assert_eq!(bench.engine.next_wakeup(), None);
    bench.load(vec![allowing()]);
    bench.start("vm");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn a_rule_can_allow_to_take_what_is_in_use_and_that_is_told() {
    let mut bench = running();
    bench.plug(used(&[mounted()]));
    bench.load(vec![allowing()]);
    assert_eq!(bench.told_of_uses().len(), 2);
    bench.fail();
    bench.pass_seconds(1);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.told_of_uses(), [""; 0]);

    let mut bench = Bench::new(vec![allowing()]);
    bench.start("vm");
    bench.plug(unread());
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.told_of_uses(), ["taken: ?"]);
}

#[test]
fn the_guard_counts_for_what_is_given_by_hand_unless_that_allows_it() {
    let mut bench = Bench::new(vec![]);
    bench.start("vm");
    bench.plug(used(&[mounted()]));
    bench.hold("1-1", "vm");
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.obstacle("1-1"), Some(refused_for(&[mounted()])));
    bench.order(Order::Hold {
        port: used(&[]).port,
        instance: used(&[]).instance,
        owner: machine("vm").into(),
        allow_in_use: true,
    });
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

/// What somebody allowed for one machine, or for the way there, is not allowed
/// for others.
#[test]
fn only_the_rule_that_gives_a_device_allows() {
    let mut other = serial("A", "other");
    other.options.priority = 1;
    let mut bench = Bench::new(vec![allowing(), other]);
    bench.start("vm");
    bench.start("other");
    bench.plug(used(&[mounted()]));
    assert_eq!(bench.waiting(), [""; 0]);
    let obstacle = bench.engine.obstacle_to(&used(&[]).port, &machine("vm"));
    assert_eq!(obstacle, Some(refused_for(&[mounted()])));
}

#[test]
fn a_device_that_is_only_open_is_taken_with_a_warning() {
    let mut bench = running();
    bench.plug(used(&[opened()]));
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.told_of_uses(), ["taken: obs has video0 open"]);
}

#[test]
fn what_is_seen_right_before_the_call_counts() {
    let mut bench = running();
    bench.plug(used(&[]));
    bench.devices.insert(used(&[]).port, used(&[mounted()]));
    bench.refuse(&[mounted()]);
    assert_eq!(bench.obstacle("1-1"), Some(refused_for(&[mounted()])));
    bench.pass_seconds(3600);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.next_wakeup(), None);
    let failed = |report: &Report| matches!(report, Report::AttachFailed { .. });
    assert!(!bench.reports.iter().any(failed));
    bench.plug(used(&[]));
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

/// The host let go between the check and its answer, and that was told first.
#[test]
fn an_answer_that_is_older_than_the_last_reading_holds_up_nothing() {
    let mut bench = running();
    bench.plug(used(&[]));
    bench.refuse(&[mounted()]);
    assert_eq!(bench.waiting(), [""; 0]);
    bench.pass_seconds(1);
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

/// Checks and readings that never agree do not make a hot loop.
#[test]
fn answers_against_all_readings_are_repeated_with_growing_pauses() {
    for uses in [&[mounted()][..], &[], &[opened()]] {
        let mut bench = running();
        bench.plug(used(&[]));
        let mut calls = 0;
        for _ in 0..600 {
            bench.pass_millis(500);
            while !bench.waiting().is_empty() {
                bench.refuse(uses);
                calls += 1;
            }
        }
        assert!((9..20).contains(&calls), "{calls}");
        bench.pass_seconds(80);
        assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
        assert_eq!(bench.engine.next_wakeup(), None);
    }
}

/// A call that was to go on all the same failed if it says this.
#[test]
fn a_refusal_of_what_is_allowed_is_a_failure() {
    let mut bench = Bench::new(vec![allowing()]);
    bench.start("vm");
    bench.plug(used(&[mounted()]));
    bench.refuse(&[mounted()]);
    assert!(matches!(
        bench.obstacle("1-1"),
        Some(Obstacle::Retry { failures: 1, .. })
    ));
}

/// A call may end a use by itself, and it begins again when the call failed.
#[test]
fn uses_that_come_and_go_with_a_call_let_failures_count_on() {
    let mut bench = Bench::new(vec![allowing()]);
    bench.start("vm");
    bench.plug(used(&[mounted()]));
    for failures in 1..5 {
        bench.plug(used(&[]));
        bench.fail();
        bench.plug(used(&[mounted()]));
        assert!(matches!(
            bench.obstacle("1-1"),
            Some(Obstacle::Retry { failures: counted, .. }) if counted == failures
        ));
        bench.pass_seconds(10);
    }
}

#[test]
fn a_machine_that_is_off_is_the_first_to_be_named() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.plug(used(&[mounted()]));
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::MachineOff));
    assert!(bench.engine.summary().troubled.is_empty());
    bench.start("vm");
    bench.pause(Some("vm"), false);
    assert_eq!(bench.obstacle("1-1"), Some(Obstacle::Paused(machine("vm"))));
}

#[test]
fn what_is_attached_is_never_detached_for_a_use() {
    let mut bench = running();
    bench.plug(used(&[]));
    bench.run();
    bench.plug(used(&[mounted()]));
    bench.plug(unread());
    bench.changed("vm");
    bench.pass_seconds(600);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.engine.summary().attached, 1);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn a_restarted_daemon_leaves_in_its_machine_what_it_cannot_judge() {
    for known in [unread(), used(&[mounted()])] {
        let mut bench = running();
        bench.plug(used(&[]));
        bench.run();
        bench.devices.insert(known.port.clone(), known);
        bench.restart(vec![serial("A", "vm")]);
        bench.pass_seconds(600);
        assert_eq!(bench.waiting(), [""; 0]);
        assert_eq!(bench.engine.summary().attached, 1);
        assert_eq!(bench.told_of_uses(), [""; 0]);
    }
}

/// When its entry goes, what the host does with it by then counts.
#[test]
fn what_moves_to_another_machine_is_judged_anew() {
    let mut bench = running();
    bench.start("other");
    bench.plug(used(&[]));
    bench.run();
    bench.load(vec![serial("A", "other")]);
    assert_eq!(
        bench.waiting(),
        ["detach 1-1 from vm: the device belongs to another machine now"]
    );
    bench.effect();
    bench.plug(used(&[mounted()]));
    bench.end_call(Ok(()));
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(bench.obstacle("1-1"), Some(refused_for(&[mounted()])));
    assert_eq!(bench.entries("vm"), [""; 0]);
}
