//! A machine leaves with its devices and comes back: its entries name devices
//! that were enumerated anew meanwhile.

// A test fails by a panic.
#![allow(clippy::panic, clippy::unwrap_used)]

use virtplug_core::PortPath;
use virtplug_sim::{Asks, Gadget, Operation, RuleSpec, Schedule, Tally, machines};

const STALE: &str = "a machine came with a stale entry of ours";

/// A machine with a device migrates away, something happens to the device at its
/// port, and the machine comes back. That all is right in the end is what a run checks.
fn migrate(meanwhile: impl Fn(PortPath) -> Vec<Operation>) -> Tally {
    let machine = machines().remove(0);
    let port: PortPath = "1-1".parse().unwrap();
    let mut operations = vec![
        Operation::Start(machine.clone()),
        Operation::Plug(port.clone(), Gadget::StickA),
        Operation::Wait(20_000),
        Operation::MigrateAway(machine.clone()),
        Operation::Wait(20_000),
    ];
    operations.extend(meanwhile(port));
    operations.extend([
        Operation::Wait(20_000),
        Operation::MigrateBack(machine.clone()),
        Operation::Wait(20_000),
    ]);
    let schedule = Schedule {
        rules: vec![RuleSpec::plain(machine, Asks::Serial(Gadget::StickA))],
        operations,
        ..Schedule::default()
    };
    schedule.run().unwrap_or_else(|failure| panic!("{failure}"))
}

fn stale(tally: &Tally) -> u64 {
    tally.sights.get(STALE).map_or(0, |count| count.hits)
}

#[test]
fn a_machine_that_returns_with_a_stale_entry_gets_its_device_anew() {
    let tally = migrate(|port| {
        vec![
            Operation::Unplug(port.clone()),
            Operation::Plug(port, Gadget::StickA),
        ]
    });
    assert_eq!(stale(&tally), 1);
    assert_eq!((tally.attaches, tally.detaches), (2, 1));
}

/// The XML looks right then, and only the instance in the alias tells.
#[test]
fn a_machine_that_returns_to_a_reset_device_with_the_same_number_gets_it_anew() {
    let tally = migrate(|port| vec![Operation::ResetSameNumber(port)]);
    assert_eq!(stale(&tally), 1);
    assert_eq!((tally.attaches, tally.detaches), (2, 1));
}

#[test]
fn a_machine_that_returns_to_its_device_keeps_it() {
    let tally = migrate(|_| Vec::new());
    assert_eq!(stale(&tally), 0);
    assert_eq!((tally.attaches, tally.detaches), (1, 0));
}

#[test]
fn a_machine_that_returns_without_its_device_loses_the_entry() {
    let tally = migrate(|port| vec![Operation::Unplug(port)]);
    assert_eq!(stale(&tally), 1);
    assert_eq!((tally.attaches, tally.detaches), (1, 1));
}
