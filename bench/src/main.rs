//! What the comparison in docs/PERFORMANCE.md runs beside virtplug on the host:
//! a recorder that takes the times, the same for all, and the least client that
//! could do the work. `lab compare` brings both into the outer machine.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command line prints")]

mod floor;
mod listening;
mod recorder;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures how fast a USB device gets into a libvirt machine
#[derive(Debug, Parser)]
#[command(name = "virtplug-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write down when the kernel, udev and libvirt tell of USB devices
    ///
    /// Prints "ready" when it listens. After each device that libvirt added or
    /// removed it writes what there was since the last one into a named pipe, a
    /// line for each: nanoseconds of the monotonic clock, who told, what.
    Record {
        /// The named pipe
        pipe: PathBuf,
    },
    /// Attach the device at a port to a machine, and detach it when it leaves
    ///
    /// This is the floor: the machine is looked up before, the XML but for the
    /// address is prepared, and nothing is checked. Prints "ready".
    Floor {
        /// Name of the machine
        machine: String,
        /// Port path of the device, such as 2-1
        port: String,
        /// Act on the kernel's event and do not wait for udev
        ///
        /// udev may then give the device node back to the host's own user while
        /// QEMU opens it: faster, and wrong now and then.
        #[arg(long)]
        kernel: bool,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Record { pipe } => recorder::record(&pipe),
        Command::Floor {
            machine,
            port,
            kernel,
        } => floor::run(&machine, &port, kernel),
    }
}
