use virtplug_ipc::{Entry, MachineState};

use super::*;
use crate::render::fixture;

/// A machine with entries of ours: alias and port of each.
fn machine(name: &str, state: MachineKind, entries: &[(&str, &str)]) -> MachineState {
    let entry = |(alias, port): &(&str, &str)| Entry {
        alias: Some((*alias).to_owned()),
        own: true,
        port: Some((*port).to_owned()),
        bus: None,
        device: None,
        missing: false,
        guest_port: None,
    };
    MachineState {
        machine: fixture::machine(name),
        uuid: None,
        state,
        configured: true,
        paused: false,
        controller: Some(true),
        free_ports: None,
        entries: entries.iter().map(entry).collect(),
        wanted: Vec::new(),
        under_way: None,
    }
}

fn running(name: &str, entries: &[(&str, &str)]) -> MachineState {
    machine(name, MachineKind::Running, entries)
}

fn list(machines: Vec<MachineState>) -> MachineList {
    MachineList {
        version: 2,
        machines,
    }
}

/// A device that hooks know by this name.
fn device(port: &str, name: &str) -> DeviceState {
    let mut state = fixture::on_host(fixture::device(port, 3, None, "CP2102"));
    name.clone_into(&mut state.known_as);
    state
}

/// All connections are up and were listed.
fn status(devices: Vec<DeviceState>) -> Status {
    let mut status = fixture::healthy_status();
    status.connections = vec![Connection {
        connection: "qemu:///system".to_owned(),
        up: true,
        listed: true,
        reason: None,
        retry_ms: None,
    }];
    status.devices = devices;
    status
}

pub(in crate::hooks) fn one_attached() -> Standing {
    let machines = list(vec![running("alpha", &[("ua-1", "1-1")])]);
    Standing::default().now(&status(vec![device("1-1", "stick")]), &machines)
}

/// The steps, a line each.
fn told(before: &Standing, now: &Standing) -> Vec<String> {
    let steps = before.steps(now);
    let line = |step: &Step| format!("{} {}", step.verb.word(), step.unit());
    steps.iter().map(line).collect()
}

#[test]
fn what_is_attached_is_told_once_and_its_end_too() {
    let none = Standing::default();
    let one = one_attached();
    let start = ["starting virtplug-attached@alpha-stick.target"];
    assert_eq!(told(&none, &one), start);
    assert_eq!(told(&one, &one), Vec::<String>::new());
    let off = list(vec![machine("alpha", MachineKind::Off, &[])]);
    let gone = one.now(&status(vec![]), &off);
    let end = ["starting virtplug-detached@alpha-stick.target"];
    assert_eq!(told(&one, &gone), end);
}

#[test]
fn another_enumeration_is_detached_and_attached_again() {
    let one = one_attached();
    let machines = list(vec![running("alpha", &[("ua-2", "1-1")])]);
    let reset = one.now(&status(vec![device("1-1", "stick")]), &machines);
    let expected = [
        "starting virtplug-detached@alpha-stick.target",
        "starting virtplug-attached@alpha-stick.target",
    ];
    assert_eq!(told(&one, &reset), expected);
}

#[test]
fn a_move_ends_in_one_machine_before_it_begins_in_the_other() {
    let one = one_attached();
    let machines = list(vec![
        running("alpha", &[]),
        running("a-first", &[("ua-1", "1-1")]),
    ]);
    let moved = one.now(&status(vec![device("1-1", "stick")]), &machines);
    let expected = [
        "starting virtplug-detached@alpha-stick.target",
        r"starting virtplug-attached@a\x2dfirst-stick.target",
    ];
    assert_eq!(told(&one, &moved), expected);
}

#[test]
fn devices_of_one_name_share_a_target_until_the_last_one_leaves() {
    let both = status(vec![device("1-1", "stick"), device("1-2", "stick")]);
    let now = |before: &Standing, entries: &[(&str, &str)]| {
        before.now(&both, &list(vec![running("alpha", entries)]))
    };
    let one = one_attached();
    let two = now(&one, &[("ua-1", "1-1"), ("ua-2", "1-2")]);
    let anew = ["starting anew virtplug-attached@alpha-stick.target"];
    assert_eq!(told(&one, &two), anew);
    let last = now(&two, &[("ua-2", "1-2")]);
    assert_eq!(told(&two, &last), Vec::<String>::new());
    let end = ["starting virtplug-detached@alpha-stick.target"];
    assert_eq!(told(&last, &now(&last, &[])), end);
}

#[test]
fn what_cannot_be_read_is_as_it_was() {
    let one = one_attached();
    let unread = list(vec![machine("alpha", MachineKind::Unknown, &[])]);
    assert_eq!(one.now(&status(vec![]), &unread), one);
    // After a start of the daemon, before it has a list.
    let mut early = status(vec![]);
    early.connections[0].listed = false;
    assert_eq!(one.now(&early, &list(vec![])), one);
    assert!(is_unread(&early, &list(vec![])));
    assert!(is_unread(&status(vec![]), &unread));
    // Where libvirt is away, an event will tell that it is back.
    early.connections[0].up = false;
    assert!(!is_unread(&early, &unread));
    // A machine that is not listed any more is gone.
    let gone = one.now(&status(vec![]), &list(vec![]));
    assert_eq!(gone, Standing::default());
}

#[test]
fn entries_that_hold_nothing_or_are_not_ours_do_not_count() {
    let mut alpha = running("alpha", &[("ua-1", "1-1"), ("ua-2", "1-1"), ("x", "1-1")]);
    alpha.entries[0].port = None;
    alpha.entries[1].missing = true;
    alpha.entries[2].own = false;
    let now = Standing::default().now(&status(vec![device("1-1", "stick")]), &list(vec![alpha]));
    assert_eq!(now, Standing::default());
}

#[test]
fn a_rule_that_is_renamed_names_the_next_attachment() {
    let one = one_attached();
    let machines = list(vec![running("alpha", &[("ua-1", "1-1")])]);
    let renamed = one.now(&status(vec![device("1-1", "other")]), &machines);
    assert_eq!(renamed, one);
}

#[test]
fn a_conflict_stands_for_each_machine_until_it_ends() {
    let mut claimed = device("1-1", "1-1");
    claimed.belongs.kind = BelongsKind::Conflict;
    claimed.belongs.rules = vec![
        fixture::rule(Some("stick"), 3, Some("alpha")),
        fixture::rule(None, 7, Some("beta")),
        fixture::rule(Some("kept"), 9, None),
    ];
    let none = list(vec![]);
    let conflict = Standing::default().now(&status(vec![claimed.clone()]), &none);
    let expected = [
        "starting virtplug-conflict@alpha-stick.target",
        r"starting virtplug-conflict@beta-1\x2d1.target",
    ];
    assert_eq!(told(&Standing::default(), &conflict), expected);
    claimed.belongs.kind = BelongsKind::Unknown;
    let unknown = conflict.now(&status(vec![claimed]), &none);
    assert_eq!(unknown, conflict);
    let ended = conflict.now(&status(vec![device("1-1", "stick")]), &none);
    let expected = [
        "stopping virtplug-conflict@alpha-stick.target",
        r"stopping virtplug-conflict@beta-1\x2d1.target",
    ];
    assert_eq!(told(&conflict, &ended), expected);
}

#[test]
fn what_failed_is_told_again_and_only_that() {
    let before = one_attached();
    let machines = list(vec![running("alpha", &[("ua-2", "1-2")])]);
    let now = before.now(&status(vec![device("1-2", "other")]), &machines);
    let told_of = now
        .clone()
        .without(&["alpha-other".to_owned()].into(), &before);
    let again = ["starting virtplug-attached@alpha-other.target"];
    assert_eq!(told(&told_of, &now), again);
}
