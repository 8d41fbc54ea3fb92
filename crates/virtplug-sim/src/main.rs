//! Runs schedules by seed, many of them, and counts what they went through.

#![forbid(unsafe_code)]

mod command;
mod counts;
mod workers;

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use command::Command;
use virtplug_sim::{Trace, small_world};

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
    if !command.replay.is_empty() {
        return replay(&command.replay);
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

/// Each trace, with what was found or the step that broke it.
fn replay(files: &[PathBuf]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in files {
        let name = file.display();
        let text = match fs::read(file) {
            Ok(bytes) => judge(&bytes),
            Err(error) => Err(format!("cannot be read: {error}")),
        };
        let _ = match text {
            Ok(found) => writeln!(io::stdout(), "{name}: {found}"),
            Err(problem) => {
                code = ExitCode::FAILURE;
                writeln!(io::stderr(), "{name}: {problem}")
            }
        };
    }
    code
}

fn judge(bytes: &[u8]) -> Result<String, String> {
    // What is cut off may be half a character.
    let trace = Trace::read(&String::from_utf8_lossy(bytes)).map_err(|error| error.to_string())?;
    let found = trace.replay().map_err(|broken| broken.to_string())?;
    Ok(found.to_string())
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
