//! Runs schedules by seed, many of them, and counts what they went through.

#![forbid(unsafe_code)]

mod command;
mod counts;
mod workers;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use command::Command;
use virtplug_sim::small_world;

fn main() -> ExitCode {
    let command = match Command::read(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}\n\n{}", command::USAGE);
            return ExitCode::from(2);
        }
    };
    if let Some(depth) = command.depth {
        return explore(depth);
    }
    let outcome = workers::run(&command);
    let text = counts::markdown(&command, &outcome);
    // Who does not read the result does not want it.
    let _ = write!(io::stdout(), "{text}");
    for failure in &outcome.failures {
        let _ = writeln!(io::stderr(), "{failure}");
    }
    if outcome.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Every order of the first things that happen in the small world.
fn explore(depth: usize) -> ExitCode {
    let begin = Instant::now();
    let scenes = small_world();
    let mut count = 0;
    for scene in &scenes {
        match scene.explore(depth) {
            Ok(orders) => count += orders,
            Err(failure) => {
                let _ = writeln!(io::stderr(), "{failure}\n{scene:#?}");
                return ExitCode::FAILURE;
            }
        }
    }
    let _ = writeln!(
        io::stdout(),
        "{count} orders of the first {depth} things in {} scenes, in {} s",
        scenes.len(),
        begin.elapsed().as_secs()
    );
    ExitCode::SUCCESS
}
