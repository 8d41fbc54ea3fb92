//! The commands that only look: `status`, `devices`, `machines`, `rules`,
//! `show` and `explain`. They ask the daemon; without one, or where another
//! configuration or connection is named, they look themselves.

use std::fmt::Display;

use serde::Serialize;
use virtplug_core::{Engine, Policy};
use virtplug_ipc::{Control as _, ControlError, Shown};

use crate::cli::{Look, Sources};
use crate::client::{self, Client, Unreachable, answered};
use crate::exit::Exit;
use crate::output::{message, print, print_json};
use crate::pass::{self, Mode};
use crate::present::{self, Context};
use crate::render::{self, Layout};
use crate::settings;
use crate::world::World;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Query {
    Status,
    Devices,
    /// The devices as a tree.
    Tree,
    Machines,
    Rules,
    Show(String),
    /// A device or a machine, and the machine that the device should be in.
    Explain(String, Option<String>),
}

/// Asks and prints the answer.
pub(crate) async fn run(look: &Look, query: &Query) -> Exit {
    let printer = Printer { json: look.json };
    let answer = if look.sources.are_usual() {
        match client::connect().await {
            Ok(mut client) => ask(&mut client, query, &printer).await,
            Err(Unreachable::NotRunning) => look_around(&look.sources, None, query, &printer).await,
            Err(unreachable) => Err(unreachable.tell()),
        }
    } else {
        let daemon = client::version().await;
        look_around(&look.sources, daemon.as_deref(), query, &printer).await
    };
    answer.err().unwrap_or(Exit::Ok)
}

/// Prints a reply as people or programs want it.
struct Printer {
    json: bool,
}

impl Printer {
    fn print<T: Serialize>(&self, reply: &T, text: impl Fn(&T, Layout) -> String) {
        if self.json {
            print_json(reply);
        } else {
            print(text(reply, Layout::of_terminal()));
        }
    }
}

/// What `show` tells of a device or a machine.
pub(crate) async fn shown(sources: &Sources, name: &str) -> Result<Shown, Exit> {
    if sources.are_usual() {
        match client::connect().await {
            Ok(mut client) => return answered(client.show(name).await),
            Err(Unreachable::NotRunning) => {}
            Err(unreachable) => return Err(unreachable.tell()),
        }
    }
    let (engine, now) = observe(settings::load_or_empty(sources)?).await?;
    let context = Context {
        now,
        daemon: None,
        reload_trouble: None,
        deaf: false,
    };
    present::show(&engine, context, name, []).map_err(|error| client::refused(&error))
}

async fn ask(client: &mut Client, query: &Query, printer: &Printer) -> Result<(), Exit> {
    match query {
        Query::Status => printer.print(&answered(client.status().await)?, render::status),
        Query::Devices => printer.print(&answered(client.devices().await)?, render::devices),
        Query::Tree => printer.print(&answered(client.devices().await)?, render::tree),
        Query::Machines => printer.print(&answered(client.machines().await)?, render::machines),
        Query::Rules => printer.print(&answered(client.rules().await)?, render::rules),
        Query::Show(name) => {
            printer.print(&answered(client.show(name).await)?, render::shown);
        }
        Query::Explain(name, machine) => {
            let explained = client.explain(name, machine.as_deref()).await;
            printer.print(&answered(explained)?, render::explanation);
        }
    }
    Ok(())
}

/// Answers from a look of our own, as no daemon runs, or none that has these sources.
async fn look_around(
    sources: &Sources,
    daemon: Option<&str>,
    query: &Query,
    printer: &Printer,
) -> Result<(), Exit> {
    let policy = settings::load_or_empty(sources)?;
    let (engine, now) = observe(policy).await?;
    let context = Context {
        now,
        daemon,
        reload_trouble: None,
        deaf: false,
    };
    let refused = |error: ControlError| client::refused(&error);
    match query {
        Query::Status => printer.print(&present::status(&engine, context), render::status),
        Query::Devices => printer.print(&present::devices(&engine, context), render::devices),
        Query::Tree => printer.print(&present::devices(&engine, context), render::tree),
        Query::Machines => printer.print(&present::machines(&engine, context), render::machines),
        Query::Rules => printer.print(&present::rules(&engine), render::rules),
        Query::Show(name) => {
            let shown = present::show(&engine, context, name, []).map_err(refused)?;
            printer.print(&shown, render::shown);
        }
        Query::Explain(name, machine) => {
            let explained = present::explain(&engine, context, name, machine.as_deref());
            printer.print(&explained.map_err(refused)?, render::explanation);
        }
    }
    note(match daemon {
        None => "the daemon is not running, so this was read anew",
        Some(_) => "this was read anew, as the daemon may have another configuration",
    });
    for text in pass::notes(&engine) {
        note(text);
    }
    Ok(())
}

fn note(text: impl Display) {
    message(format_args!("note: {text}"));
}

/// Looks at everything once, and changes nothing.
async fn observe(policy: Policy) -> Result<(Engine, virtplug_core::Time), Exit> {
    let failed = |error: String| {
        message(format_args!("error: {error}"));
        Exit::Failed
    };
    let world = World::open().map_err(failed)?;
    let outcome = pass::run(world, policy, Mode::Observed, |_, _| {}).await;
    match outcome.scan_error {
        Some(error) => Err(failed(format!("cannot read the USB devices: {error}"))),
        None => Ok((outcome.engine, outcome.now)),
    }
}
