//! Devices that claim to be the same one, and devices that change what they are.

use super::bench::{Bench, again, rule, serial};
use crate::testing::device;
use crate::{Assignment, ClassCode, Fact, Interfaces, Matcher, Refusal, Report, Rule};

/// Who is refused as somebody else claims the same serial number, and the others' ports.
fn ambiguous(bench: &Bench) -> Vec<String> {
    let refused = bench.engine.devices().filter_map(|view| {
        let Assignment::Refused(_, Refusal::Ambiguous(ports)) = view.assignment else {
            return None;
        };
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        Some(format!("{}: {}", view.device.port, ports.join(" ")))
    });
    refused.collect()
}

fn told(bench: &Bench) -> usize {
    let told = |report: &&Report| matches!(report, Report::Ambiguous(..));
    bench.reports.iter().filter(told).count()
}

fn at_port(serial: &str, port: &str, owner: &str) -> Rule {
    let matcher = Matcher {
        serial: Some(serial.into()),
        port: Some(port.into()),
        ..Matcher::default()
    };
    rule(matcher, owner)
}

#[test]
fn of_two_that_were_there_at_the_start_nobody_is_given() {
    let mut bench = Bench::unstarted();
    for (port, number) in [("1-1", 5), ("1-2", 6)] {
        let stick = device(port, number, "A");
        bench.devices.insert(stick.port.clone(), stick);
    }
    let present = bench.devices.values().cloned().collect();
    bench.load(vec![serial("A", "vm")]);
    bench.tell(crate::Event::Devices {
        present,
        unreadable: Vec::new(),
    });
    bench.start("vm");
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(ambiguous(&bench), ["1-1: 1-2", "1-2: 1-1"]);
    assert_eq!((told(&bench), bench.engine.summary().conflicts), (2, 2));
    bench.unplug("1-1");
    assert_eq!(bench.run(), ["attach 1-2:6 to vm"]);
    assert_eq!(bench.engine.next_wakeup(), None);
}

#[test]
fn an_impostor_neither_gets_in_nor_takes_the_real_device_out() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.plug(device("1-2", 6, "A"));
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(ambiguous(&bench), ["1-2: 1-1"]);
    assert_eq!(bench.entries("vm"), ["1-1:5"]);
    // Nor after a restart of the daemon, which sees both at once.
    bench.restart(vec![serial("A", "vm")]);
    bench.pass_seconds(10);
    assert_eq!(bench.waiting(), [""; 0]);
    assert_eq!(ambiguous(&bench), ["1-2: 1-1"]);
    // A reset makes it as unknown as the other.
    bench.plug(again(&device("1-1", 5, "A")));
    bench.pass_seconds(10);
    assert_eq!(
        bench.run(),
        ["detach 1-1 from vm: the device was reset or plugged in again"]
    );
    assert_eq!(ambiguous(&bench), ["1-1: 1-2", "1-2: 1-1"]);
    bench.unplug("1-2");
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
}

/// An attach is under way when the impostor comes: what is attached stays.
#[test]
fn an_attach_under_way_counts_once_it_is_done() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.waiting(), ["attach 1-1:5 to vm"]);
    bench.plug(device("1-2", 6, "A"));
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(bench.entries("vm"), ["1-1:5"]);
    assert_eq!(ambiguous(&bench), ["1-2: 1-1"]);
}

#[test]
fn a_rule_with_a_port_decides() {
    let mut bench = Bench::new(vec![at_port("A", "1-1", "vm")]);
    bench.start("vm");
    bench.plug(device("1-2", 6, "A"));
    bench.plug(device("1-1", 5, "A"));
    assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
    assert_eq!(ambiguous(&bench), [""; 0]);
    bench.load(vec![at_port("A", "1-2", "vm"), serial("A", "other")]);
    bench.start("other");
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from vm: the device may not be attached any more",
            "attach 1-2:6 to vm"
        ]
    );
}

#[test]
fn rules_that_do_not_ask_for_the_serial_number_are_not_concerned() {
    let stick = device("1-1", 5, "A");
    let matcher = Matcher {
        vendor: Some(stick.vendor.to_string().as_str().into()),
        product: Some(stick.product.to_string().as_str().into()),
        ..Matcher::default()
    };
    let mut pool = serial("B", "vm");
    pool.options.count = std::num::NonZeroU32::new(2);
    let mut bench = Bench::new(vec![rule(matcher, "vm"), pool]);
    bench.start("vm");
    bench.plug(stick);
    bench.plug(device("1-2", 6, "A"));
    bench.plug(device("1-3", 7, "B"));
    bench.plug(device("1-4", 8, "B"));
    assert_eq!(bench.run().len(), 4);
    assert_eq!(ambiguous(&bench), [""; 0]);
}

/// Plugged in at another port, and that was read before the old port.
#[test]
fn a_device_that_moved_is_given_once_the_old_port_is_known_to_be_empty() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    bench.plug(device("1-1", 5, "A"));
    bench.run();
    bench.plug(device("1-2", 6, "A"));
    assert_eq!(bench.waiting(), [""; 0]);
    bench.unplug("1-1");
    assert_eq!(
        bench.run(),
        [
            "detach 1-1 from vm: the device was unplugged",
            "attach 1-2:6 to vm"
        ]
    );
}

#[test]
fn many_that_claim_to_be_one_cost_one_call() {
    let mut bench = Bench::new(vec![serial("A", "vm")]);
    bench.start("vm");
    for number in 1..=120 {
        let port = format!("1-{}.{}", number / 12 + 1, number % 12 + 1);
        bench.plug(device(&port, number, "A"));
    }
    // The first is under way when the second comes.
    assert_eq!(bench.run().len(), 1);
    assert_eq!(ambiguous(&bench).len(), 119);
}

fn kind(class: u8) -> Fact<std::collections::BTreeSet<ClassCode>> {
    Fact::Known([ClassCode::new(class, 1, 1)].into())
}

/// What only lets storage in.
fn storage(owner: &str) -> Rule {
    let mut storage = serial("A", owner);
    storage.matcher.interfaces = Some(Interfaces {
        only: vec!["08".parse().unwrap()],
        ..Interfaces::default()
    });
    storage
}

#[test]
fn what_was_storage_and_comes_back_as_a_keyboard_stays_out() {
    let mut follow = storage("vm");
    follow.options.follow = Some(std::time::Duration::from_secs(10));
    for rules in [vec![storage("vm")], vec![follow]] {
        let mut bench = Bench::new(rules);
        bench.start("vm");
        let mut stick = device("1-1", 5, "A");
        stick.interfaces = kind(8);
        bench.plug(stick.clone());
        assert_eq!(bench.run(), ["attach 1-1:5 to vm"]);
        let mut keyboard = again(&stick);
        keyboard.interfaces = kind(3);
        bench.plug(keyboard);
        assert_eq!(
            bench.run(),
            ["detach 1-1 from vm: the device was reset or plugged in again"]
        );
        bench.pass_seconds(20);
        assert_eq!(bench.waiting(), [""; 0]);
    }
}

#[test]
fn a_successor_of_the_same_kind_follows_whatever_it_is_called() {
    let mut follow = storage("vm");
    follow.options.follow = Some(std::time::Duration::from_secs(10));
    let mut bench = Bench::new(vec![follow]);
    bench.start("vm");
    let mut stick = device("1-1", 5, "A");
    stick.interfaces = kind(8);
    bench.plug(stick.clone());
    bench.run();
    bench.unplug("1-1");
    bench.run();
    let mut other = device("1-1", 6, "B");
    other.interfaces = Fact::Unknown;
    bench.plug(other.clone());
    assert_eq!(bench.waiting(), [""; 0]);
    other.interfaces = kind(8);
    bench.plug(other);
    assert_eq!(bench.run(), ["attach 1-1:6 to vm"]);
}
