//! Random schedules never break an invariant.
//!
//! `VIRTPLUG_SIM_CASES=N` runs N times as many. A failure prints the smallest
//! schedule that was found, and its history.

mod strategy;

use std::env;

use proptest::test_runner::{
    Config, FileFailurePersistence, TestCaseError, TestError, TestRunner,
};
use virtplug_sim::Schedule;

fn cases(usual: u32) -> u32 {
    let factor = env::var("VIRTPLUG_SIM_CASES").ok();
    let factor = factor.and_then(|text| text.parse::<u32>().ok()).unwrap_or(1);
    usual.saturating_mul(factor)
}

fn run(usual: u32, most: usize) {
    let config = Config {
        cases: cases(usual),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let strategy = strategy::schedule(most);
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
        return "it did not happen again; a schedule decides everything, so this is a defect".into();
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
    run(1500, 25);
}

#[test]
fn long_schedules_keep_every_invariant() {
    run(200, 150);
}
