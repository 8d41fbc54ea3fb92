//! Runs schedules by seed, many of them, and counts what they went through.

#![forbid(unsafe_code)]

mod command;
mod counts;
mod workers;

use std::io::{self, Write as _};
use std::process::ExitCode;

use command::Command;

fn main() -> ExitCode {
    let command = match Command::read(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}\n\n{}", command::USAGE);
            return ExitCode::from(2);
        }
    };
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
