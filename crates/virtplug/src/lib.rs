//! The virtplug program: command line and daemon. A library only so that the
//! fuzzer can reach what reads foreign text.

#![forbid(unsafe_code)]

mod apply;
mod check;
mod cli;
mod client;
mod completion;
mod confinement;
mod control;
mod daemon;
mod doctor;
mod edge;
mod exit;
#[cfg(any(test, feature = "fuzz"))]
mod fixture;
mod forget;
mod hooks;
mod import;
mod journal;
mod learn;
mod log;
mod machine_names;
mod memory;
mod message;
mod metrics;
mod monitor;
mod naming;
mod node;
mod output;
mod pass;
mod plan;
mod present;
mod query;
mod rebind;
mod recorder;
mod rehearsal;
mod reload;
mod render;
mod schema;
mod scope;
mod service;
mod settings;
mod snippet;
mod steer;
mod steering;
mod table;
mod watch;
mod world;

use std::ffi::OsString;

use clap::{CommandFactory as _, Parser as _};
use clap_complete::CompleteEnv;
use virtplug_core::Escaped;

use crate::cli::{Cli, Command, DaemonArgs};
use crate::edge::error_text;
use crate::query::Query;
use crate::recorder::TraceFile;
use crate::scope::Scope;
use crate::steer::{Request, Target};
use crate::world::World;

#[cfg(feature = "fuzz")]
pub use control::fuzz;
pub use exit::Exit;

/// Does what the command line says.
pub fn main() -> Exit {
    // Answers a shell that asks for completions, and ends then.
    CompleteEnv::with_factory(Cli::command)
        .var(completion::VARIABLE)
        .complete();
    let cli = command_line();
    output::color(cli.color);
    match run(cli) {
        Ok(exit) => exit,
        Err(failure) => {
            output::message(format_args!("error: {failure}"));
            Exit::Failed
        }
    }
}

/// What was typed. A mistake in it is told with the arguments escaped: they may
/// be names of devices.
fn command_line() -> Cli {
    let error = match Cli::try_parse() {
        Ok(cli) => return cli,
        Err(error) => error,
    };
    let escape = |argument: OsString| Escaped(&argument.to_string_lossy()).to_string();
    let escaped = std::env::args_os().map(escape);
    let plain = error.use_stderr().then(|| Cli::try_parse_from(escaped));
    // The same mistake, unless the escapes made another one of it.
    let plain = plain.and_then(Result::err);
    plain.unwrap_or(error).exit()
}

fn run(cli: Cli) -> Result<Exit, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Of the threads that wait for calls: the runtime itself is this thread.
        .thread_name("vp-call")
        .build()
        .map_err(|error| error_text(&error))?;
    let exit = runtime.block_on(command(cli.command));
    // A call that hangs must not keep the program from ending.
    runtime.shutdown_background();
    exit
}

async fn command(command: Command) -> Result<Exit, String> {
    Ok(match command {
        Command::Daemon(DaemonArgs {
            sources,
            user,
            record,
        }) => {
            log::start();
            let sources = sources.of_daemon(if user { Scope::User } else { Scope::System });
            memory::take_small_pages();
            // Before the rights to make files are given up.
            let trace = record.as_deref().and_then(TraceFile::create);
            // Before any thread is started, as each takes over what its maker may do.
            confinement::begin(&sources);
            let world = World::open()?;
            daemon::run(world, sources, trace).await
        }
        Command::Check(args) => check::run(&args),
        Command::Status(look) => query::run(&look, &Query::Status).await,
        Command::Devices { look, tree: false } => query::run(&look, &Query::Devices).await,
        Command::Devices { look, tree: true } => query::run(&look, &Query::Tree).await,
        Command::Machines(look) => query::run(&look, &Query::Machines).await,
        Command::Rules(look) => query::run(&look, &Query::Rules).await,
        Command::Show { name, look } => query::run(&look, &Query::Show(name)).await,
        Command::Explain {
            name,
            machine,
            look,
        } => query::run(&look, &Query::Explain(name, machine)).await,
        Command::Plan { sources, json } => plan::run(World::open()?, &sources, json).await,
        Command::Apply(sources) => apply::run(World::open()?, &sources).await,
        Command::Attach {
            device,
            domain,
            allow_in_use,
            wait,
            steer,
        } => steering::attach(&steer, &device, domain, allow_in_use, wait).await,
        Command::Detach { device, steer } => steering::detach(&steer, &device).await,
        Command::AttachAll { machine, steer } => {
            steering::run(&steer, Request::AttachAll { machine }.into()).await
        }
        Command::DetachAll { machine, steer } => {
            steering::run(&steer, Request::DetachAll { machine }.into()).await
        }
        Command::Release { device, json, .. } => {
            steering::run_there(Request::Release { device }, json).await
        }
        Command::Switch {
            group,
            target,
            json,
            ..
        } => {
            let target = match target {
                None => Target::Rules,
                Some(target) if target == "host" => Target::Host,
                Some(target) => Target::Machine(target),
            };
            steering::run_there(Request::Switch { group, target }, json).await
        }
        Command::Pause {
            machine,
            detach,
            json,
        } => steering::run_there(Request::Pause { machine, detach }, json).await,
        Command::Resume { machine, json } => {
            steering::run_there(Request::Resume { machine }, json).await
        }
        Command::Monitor(args) => monitor::run(&args).await,
        Command::Metrics(args) => metrics::command::run(&args).await,
        Command::Hooks(args) => hooks::run(&args).await,
        Command::Watch => watch::supply::run().await,
        Command::Learn(args) => learn::run(World::open()?, &args).await,
        Command::Forget(args) => forget::run(&args).await,
        Command::Doctor(args) => doctor::run(World::open()?, &args).await,
        Command::Completions { shell } => completion::run(shell),
        Command::Rebind { device, look } => rebind::run(&look, &device).await,
        Command::Snippet(args) => snippet::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Schema(args) => schema::run(&args),
    })
}
