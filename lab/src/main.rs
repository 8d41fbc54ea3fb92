//! The lab's command line.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line prints"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::demo::Demo;
use lab::payload::Program;
use lab::recipe::Release;
use lab::state::State;
use lab::{Outer, Result, figures, pictures};

/// A nested machine with a real kernel, libvirt and QEMU to try virtplug in
#[derive(Debug, Parser)]
#[command(name = "lab")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the image and the saved state, if their recipe changed
    Build {
        /// Debian release of the outer machine
        #[arg(long, value_enum, default_value_t)]
        release: Release,
    },
    /// Open the outer machine's console, or run a command in it
    Shell {
        /// Debian release of the outer machine
        #[arg(long, value_enum, default_value_t)]
        release: Release,
        /// Run this with a shell instead
        command: Vec<String>,
    },
    /// Show the main job step by step
    Demo {
        /// Do not wait for a key between the steps
        #[arg(long)]
        auto: bool,
    },
    /// Measure reaction, memory and idleness
    Figures,
    /// Measure virtplug beside a bare client and a udev rule
    Compare {
        /// How often each has its turn, of three plugs
        #[arg(long, default_value_t = 8)]
        turns: usize,
    },
    /// Measure virtplug on a host with 30 devices and 10 machines
    Host,
    /// Record what `scripts/pictures.sh` draws
    Pictures {
        /// Where it goes
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Build { release } => State::ready(release, &Program::find()).map(|state| {
            println!("the lab is ready: {}", state.folder.display());
            ExitCode::SUCCESS
        }),
        Command::Shell { release, command } if command.is_empty() => console(release),
        Command::Shell { release, command } => run(release, &command.join(" ")),
        Command::Demo { auto } => Demo::show(auto).map(|()| ExitCode::SUCCESS),
        Command::Figures => figures::print().map(|()| ExitCode::SUCCESS),
        Command::Compare { turns } => figures::compare::print(turns).map(|()| ExitCode::SUCCESS),
        Command::Host => figures::host::print().map(|()| ExitCode::SUCCESS),
        Command::Pictures { folder } => pictures::record(&folder).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("lab: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(release: Release, command: &str) -> Result<ExitCode> {
    let output = Outer::ready(release, "shell")?.run(command)?;
    print!("{}", output.out);
    eprint!("{}", output.err);
    Ok(ExitCode::from(u8::try_from(output.code).unwrap_or(1)))
}

fn console(release: Release) -> Result<ExitCode> {
    eprintln!("the outer machine's console; Enter for a prompt, Ctrl-A X to leave");
    Outer::on_terminal(release, "shell")?.wait()?;
    Ok(ExitCode::SUCCESS)
}
