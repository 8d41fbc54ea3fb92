//! Threads that run schedules, each with its own world.

use std::io::{self, IsTerminal as _, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use virtplug_sim::{Plan, Schedule, Tally};

use crate::command::Command;

/// Every so many-th seed has a machine that never answers.
const HUNG: u64 = 10;

/// How much of a history is shown.
const LINES: usize = 200;

/// What came of all schedules.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) schedules: u64,
    pub(crate) tally: Tally,
    /// How each schedule failed that did.
    pub(crate) failures: Vec<String>,
    pub(crate) took: Duration,
}

/// Runs all schedules, or as many as it takes to find a failure.
pub(crate) fn run(command: &Command) -> Outcome {
    let begin = Instant::now();
    let next = AtomicU64::new(0);
    let done = AtomicU64::new(0);
    let failed = AtomicBool::new(false);
    let outcome = Mutex::new(Outcome::default());
    thread::scope(|scope| {
        let worker = || {
            let mut own = Outcome::default();
            while !failed.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= command.schedules {
                    break;
                }
                let seed = command.seed.wrapping_add(number);
                match attempt(command, seed) {
                    Ok(tally) => own.tally.add(&tally),
                    Err(story) => {
                        own.failures.push(story);
                        failed.store(true, Ordering::Relaxed);
                    }
                }
                own.schedules += 1;
                let count = done.fetch_add(1, Ordering::Relaxed) + 1;
                show_progress(command, count, begin);
            }
            if let Ok(mut all) = outcome.lock() {
                all.schedules += own.schedules;
                all.tally.add(&own.tally);
                all.failures.append(&mut own.failures);
            }
        };
        for _ in 0..command.jobs {
            scope.spawn(worker);
        }
    });
    let mut outcome = outcome.into_inner().unwrap_or_default();
    outcome.took = begin.elapsed();
    outcome
}

/// Runs the schedule of a seed; `Err` tells how it fails. A panic is a failure, too.
fn attempt(command: &Command, seed: u64) -> Result<Tally, String> {
    let plan = Plan {
        operations: command.steps,
        hung: seed % HUNG == HUNG - 1,
    };
    let run = |schedule: &Schedule| panic::catch_unwind(AssertUnwindSafe(|| schedule.run()));
    let schedule = plan.schedule(seed);
    let again = format!(
        "virtplug-sim --steps {} --seed {seed} --schedules 1",
        command.steps
    );
    let failure = match run(&schedule) {
        Ok(Ok(tally)) => return Ok(tally),
        Ok(Err(failure)) => failure,
        Err(_) => return Err(format!("I10 no panic: again by {again}")),
    };
    if command.quiet {
        return Err(format!("broken: {}\nagain by: {again}", failure.violation));
    }
    let (smallest, failure) = schedule.shrink(failure);
    let skipped = failure.history.len().saturating_sub(LINES);
    let history: Vec<&str> = failure
        .history
        .iter()
        .skip(skipped)
        .map(String::as_str)
        .collect();
    Err(format!(
        "({skipped} lines)\n{}\nbroken: {}\nsmallest: {smallest:#?}\nagain by: {again}",
        history.join("\n"),
        failure.violation
    ))
}

/// A line that is written over, for somebody who waits.
fn show_progress(command: &Command, count: u64, begin: Instant) {
    if !count.is_multiple_of(500) || !io::stderr().is_terminal() {
        return;
    }
    let rate = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / begin.elapsed().as_secs_f64();
    let _ = write!(
        io::stderr(),
        "\r{count} of {} schedules, {rate:.0} a second ",
        command.schedules
    );
}
