//! A thousand devices come and go within a second.

// A test fails by a panic.
#![allow(clippy::panic, clippy::unwrap_used)]

use virtplug_core::PortPath;
use virtplug_sim::{Asks, Gadget, Operation, RuleSpec, Schedule, Sockets, machines};

/// Ten buses with a hundred ports each.
fn ports() -> Vec<PortPath> {
    let on_bus = |bus| (1..=100).map(move |port| format!("{bus}-{port}").parse().unwrap());
    (1..=10).flat_map(on_bus).collect()
}

/// A rule by port for every tenth device; the others belong to nobody.
fn storm(seed: u64, stay: impl Fn(usize) -> bool) -> Schedule {
    let machine = machines().remove(0);
    let mut schedule = Schedule {
        seed,
        operations: vec![
            Operation::SetSockets(machine.clone(), Sockets::Untold),
            Operation::Start(machine.clone()),
            Operation::Wait(5000),
        ],
        ..Schedule::default()
    };
    for (number, port) in ports().into_iter().enumerate() {
        if number % 10 == 0 {
            let asks = Asks::Port(port.clone());
            schedule.rules.push(RuleSpec::plain(machine.clone(), asks));
        }
        schedule
            .operations
            .push(Operation::Plug(port, Gadget::StickA));
        if number % 2 == 1 {
            schedule.operations.push(Operation::Wait(1));
        }
    }
    for (number, port) in ports().into_iter().enumerate() {
        if !stay(number) {
            schedule.operations.push(Operation::Unplug(port));
        }
        if number % 2 == 0 {
            schedule.operations.push(Operation::Wait(1));
        }
    }
    schedule
}

/// Whether all is as it should be in the end, and nothing is left of what went,
/// is what a run checks.
#[test]
fn a_thousand_devices_that_come_and_go_leave_nothing_behind() {
    let tally = storm(1, |_| false)
        .run()
        .unwrap_or_else(|f| panic!("{}", f.violation));
    assert!(tally.events >= 1000, "{tally:?}");
}

#[test]
fn of_a_thousand_devices_those_that_stay_are_all_attached() {
    let tally = storm(2, |number| number % 20 == 0)
        .run()
        .unwrap_or_else(|f| panic!("{}", f.violation));
    assert!(tally.attaches >= 50, "{tally:?}");
}
