//! The virtplug program: command line and daemon.

#![forbid(unsafe_code)]
#![allow(dead_code, unused_variables, clippy::unimplemented)] // until the control interface is whole

mod apply;
mod check;
mod cli;
mod control;
mod daemon;
mod devices;
mod doctor;
mod edge;
mod exit;
#[cfg(test)]
mod fixture;
mod forget;
mod import;
mod journal;
mod json;
mod learn;
mod log;
mod machine_names;
mod message;
mod naming;
mod output;
mod pass;
mod plan;
mod present;
mod rehearsal;
mod reload;
mod render;
mod schema;
mod service;
mod settings;
mod snippet;
mod steer;
mod table;
mod world;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::edge::error_text;
use crate::exit::Exit;
use crate::world::World;

fn main() -> Exit {
    match run(Cli::parse()) {
        Ok(exit) => exit,
        Err(failure) => {
            output::message(format_args!("error: {failure}"));
            Exit::Failed
        }
    }
}

fn run(cli: Cli) -> Result<Exit, String> {
    // Everybody can check, also where libvirt or the host cannot be read.
    if let Command::Check(args) = &cli.command {
        return Ok(check::run(args));
    }
    if let Command::Snippet(args) = &cli.command {
        return Ok(snippet::run(args));
    }
    if let Command::Import(args) = &cli.command {
        return Ok(import::run(args));
    }
    if let Command::Schema { drop_in } = cli.command {
        return Ok(schema::run(drop_in));
    }
    let world = World::open()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error_text(&error))?;
    let exit = runtime.block_on(async {
        match cli.command {
            Command::Daemon(sources) => {
                log::start();
                daemon::run(world, sources).await
            }
            Command::Check(args) => check::run(&args),
            Command::Devices { sources, json } => devices::run(world, &sources, json).await,
            Command::Plan { sources, json } => plan::run(world, &sources, json).await,
            Command::Apply(sources) => apply::run(world, &sources).await,
            Command::Snippet(args) => snippet::run(&args),
            Command::Import(args) => import::run(&args),
            Command::Schema { drop_in } => schema::run(drop_in),
        }
    });
    // A call that hangs must not keep the program from ending.
    runtime.shutdown_background();
    Ok(exit)
}
