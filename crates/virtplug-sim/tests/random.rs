//! Random schedules never break an invariant.
//!
//! The schedules are the same in every run, so that a failure is one of the
//! change at hand; many more run by `cargo run --profile sim -p virtplug-sim`. A
//! failure prints the smallest schedule that was found, and its history.

// A test fails by a panic.
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

use virtplug_sim::{
    Asks, Fault, Gadget, Operation, Plan, RuleSpec, Schedule, Tally, invariants, machines, ports,
};

fn plan(operations: usize) -> Plan {
    Plan {
        operations,
        hung: false,
    }
}

/// Runs the schedules of that many seeds.
fn run(plan: Plan, count: u64) -> Tally {
    let mut tally = Tally::default();
    for seed in 0..count {
        let schedule = plan.schedule(seed);
        match schedule.run() {
            Ok(one) => tally.add(&one),
            Err(failure) => panic!("seed {seed}\n{}", story(schedule, failure)),
        }
    }
    tally
}

/// The end of what happened, and the smallest schedule that makes it happen.
fn story(schedule: Schedule, failure: Box<virtplug_sim::Failure>) -> String {
    const LINES: usize = 150;
    let (smallest, failure) = schedule.shrink(failure);
    let skipped = failure.history.len().saturating_sub(LINES);
    let history = failure.history[skipped..].join("\n");
    format!(
        "({skipped} lines)\n{history}\nbroken: {}\n{smallest:#?}",
        failure.violation
    )
}

#[test]
fn short_schedules_keep_every_invariant() {
    run(plan(25), 1500);
}

/// A fault that never strikes proves nothing.
#[test]
fn long_schedules_keep_every_invariant_and_every_fault_strikes() {
    let tally = run(plan(150), 150);
    for fault in Fault::ALL {
        let count = tally.faults.get(&fault).copied().unwrap_or_default();
        assert!(count.hits > 5, "{fault} struck {} times", count.hits);
    }
    assert!(tally.attaches > 200 && tally.detaches > 100, "{tally:?}");
    assert!(tally.orders > 200, "{tally:?}");
    for action in ["attach", "connect", "detach", "list", "look", "scan"] {
        assert!(tally.deaths.contains_key(action), "{:?}", tally.deaths);
    }
}

#[test]
fn a_hung_machine_delays_no_other() {
    let hung = Plan {
        hung: true,
        ..plan(40)
    };
    run(hung, 400);
}

#[test]
fn a_schedule_runs_the_same_way_always() {
    for seed in 0..20 {
        let run = || plan(60).schedule(seed).run().unwrap();
        assert_eq!(run(), run());
    }
}

#[test]
fn invariants_have_names_of_their_own() {
    let mut names = invariants();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), invariants().len());
}

/// A long life leaves nothing behind: the size of the engine is checked at the end.
#[test]
fn a_thousand_replugs_leave_nothing_behind() {
    let machine = machines().remove(0);
    let mut schedule = Schedule {
        rules: vec![RuleSpec::plain(
            machine.clone(),
            Asks::Serial(Gadget::StickA),
        )],
        operations: vec![Operation::Start(machine)],
        ..Schedule::default()
    };
    for port in ports().iter().cycle().take(1000) {
        schedule.operations.extend([
            Operation::Plug(port.clone(), Gadget::StickA),
            Operation::Wait(40),
            Operation::Unplug(port.clone()),
            Operation::Wait(15),
        ]);
    }
    if let Err(failure) = schedule.run() {
        panic!("{}", failure.violation);
    }
}
