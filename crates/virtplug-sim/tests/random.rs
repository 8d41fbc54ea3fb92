//! Random schedules never break an invariant.
//!
//! Usually the schedules are the same in every run, so that a failure is one of
//! the change at hand. `VIRTPLUG_SIM_CASES=N` runs N times as many and others in
//! each run (`PROPTEST_RNG_SEED=S` for the same ones). A failure prints the
//! smallest schedule that was found, and its history.

// A test fails by a panic.
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

mod strategy;

use std::env;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{
    Config, FileFailurePersistence, RngSeed, TestCaseError, TestError, TestRunner,
};
use virtplug_sim::{Fault, Gadget, Operation, Schedule, Tally, invariants, ports};

/// How many times as many schedules as usual are asked for, if they are.
fn factor() -> Option<u32> {
    env::var("VIRTPLUG_SIM_CASES").ok()?.parse().ok()
}

fn run(usual: u32, strategy: impl Strategy<Value = Schedule>) {
    let mut config = Config {
        cases: usual.saturating_mul(factor().unwrap_or(1)),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    if factor().is_none() {
        config.rng_seed = RngSeed::Fixed(0);
    }
    let outcome = TestRunner::new(config).run(&strategy, |schedule: Schedule| {
        let outcome = schedule.run().map(drop);
        outcome.map_err(|failure| TestCaseError::fail(failure.violation.to_string()))
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(_, smallest)) => panic!("{}", story(&smallest)),
        Err(error) => panic!("{error}"),
    }
}

/// The end of what happened, and the schedule that made it happen.
fn story(schedule: &Schedule) -> String {
    const LINES: usize = 150;
    let Err(failure) = schedule.run() else {
        return "it did not happen again; a schedule decides everything, so this is a defect"
            .into();
    };
    let skipped = failure.history.len().saturating_sub(LINES);
    let history = failure.history[skipped..].join("\n");
    format!(
        "\n({skipped} lines)\n{history}\nbroken: {}\n{schedule:?}",
        failure.violation
    )
}

#[test]
fn short_schedules_keep_every_invariant() {
    run(1500, strategy::schedule(25));
}

#[test]
fn long_schedules_keep_every_invariant() {
    run(150, strategy::schedule(150));
}

#[test]
fn a_hung_machine_delays_no_other() {
    run(400, strategy::schedule_with_a_hung_machine(40));
}

fn some_schedules(count: usize, most: usize) -> Vec<Schedule> {
    let mut runner = TestRunner::deterministic();
    let strategy = strategy::schedule(most);
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

#[test]
fn a_schedule_runs_the_same_way_always() {
    for schedule in some_schedules(20, 60) {
        assert_eq!(schedule.run().unwrap(), schedule.run().unwrap());
    }
}

/// A fault that never strikes proves nothing.
#[test]
fn every_class_of_faults_strikes() {
    let mut tally = Tally::default();
    for schedule in some_schedules(150, 100) {
        tally.add(&schedule.run().unwrap());
    }
    for fault in Fault::ALL {
        let count = tally.faults.get(&fault).copied().unwrap_or(0);
        assert!(count > 5, "{fault} struck {count} times");
    }
    assert!(tally.attaches > 200 && tally.detaches > 100, "{tally:?}");
    assert!(tally.orders > 200, "{tally:?}");
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
    let mut schedule = some_schedules(1, 2).remove(0);
    let machine = virtplug_sim::machines().remove(0);
    schedule.weather.clear();
    schedule.rules = vec![virtplug_sim::RuleSpec::plain(
        machine.clone(),
        virtplug_sim::Asks::Serial(Gadget::StickA),
    )];
    schedule.operations = vec![Operation::Start(machine)];
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
