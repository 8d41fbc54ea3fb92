//! `virtplug learn`: from a device to the rule for it.

use std::time::Duration;

use virtplug_config::edit::{self, Change, EditError};
use virtplug_core::{Device, Escaped, Policy, select};
use virtplug_ipc::Control as _;
use virtplug_udev::{Host, Presence};

use self::args::LearnArgs;
use self::arrival::Arrivals;
use self::console::{Console, Input, Terminal, Voice, confirm};
pub(crate) use self::failure::Failure;
use self::json::Learned;
use self::machines::Machines;
use crate::client::{self, Unreachable};
use crate::edge::error_text;
use crate::exit::Exit;
use crate::output::{message, print_json};
use crate::scope::Scope;
use crate::world::World;

pub(crate) mod args;
mod arrival;
pub(crate) mod console;
mod failure;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod json;
mod machines;
mod proposal;
#[cfg(test)]
mod tests;
pub(crate) mod text;

/// How long udev is waited for until a device is taken as it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// That a device may look different later.
const UNPROCESSED: &str = "note: udev is not done with this device; it is taken as it is";

/// Waits for a device or takes the one that is named, and adds a rule for it.
pub(crate) async fn run(world: World, args: &LearnArgs) -> Exit {
    let voice = Voice::of(args.json);
    match learn(world, args, voice).await {
        Ok(Agreed { change, report }) => {
            let (written, exit) = match &change {
                Some(change) => write(change, voice).await,
                None => (false, Exit::Ok),
            };
            if let Some(mut report) = report {
                report.written = written;
                print_json(&report);
            }
            exit
        }
        Err(failure) => failure.tell(),
    }
}

/// Writes a change that was agreed to, and has the daemon know of it. Whether
/// it was written, and how the command ends.
pub(crate) async fn write(change: &Change, voice: Voice) -> (bool, Exit) {
    if let Err(error) = change.write() {
        return (false, Failure::from(error).tell());
    }
    voice.say(&format!(
        "{}: written\n",
        Escaped(&change.path().to_string_lossy())
    ));
    (true, after_write(voice).await)
}

/// Has the daemon know of a change that was written.
async fn after_write(voice: Voice) -> Exit {
    match client::connect().await {
        Ok(mut client) => match client::answered(client.reload().await) {
            Ok(()) => {
                voice.say("the daemon has it\n");
                Exit::Ok
            }
            Err(exit) => exit,
        },
        Err(Unreachable::NotRunning) => {
            voice.say("the daemon is not running; it will have it when it starts\n");
            Exit::Ok
        }
        Err(unreachable) => unreachable.tell(),
    }
}

/// Refuses where nobody could be asked and nothing says what the answer is.
pub(crate) fn check_consent(interactive: bool, yes: bool, dry_run: bool) -> Result<(), Failure> {
    if interactive || yes || dry_run {
        return Ok(());
    }
    Err(Failure::Usage(
        "there is no terminal to ask on; --yes does it without asking, --dry-run only shows it"
            .to_owned(),
    ))
}

/// What the dialogue came to.
#[derive(Debug, Default)]
struct Agreed {
    /// What is to be written.
    change: Option<Change>,
    /// What is printed with `--json`.
    report: Option<Learned>,
}

async fn learn(world: World, args: &LearnArgs, voice: Voice) -> Result<Agreed, Failure> {
    let terminal = Terminal::open(voice);
    // JSON without a yes only shows.
    check_consent(
        terminal.is_interactive(),
        args.yes,
        args.dry_run || args.json,
    )?;
    let policy = policy(args)?;
    let configured = args.machine.as_ref().is_some_and(|name| {
        policy
            .machines()
            .iter()
            .any(|machine| machine.name() == name)
    });
    let machines = if configured {
        Machines::configured(&policy)
    } else {
        let (machines, problems) = Machines::find(&policy, world.events).await;
        for problem in problems {
            message(format_args!("note: {problem}"));
        }
        machines
    };
    let args = args.clone();
    let work = move || talk(terminal, &world.host, &machines, &args);
    let talking = tokio::task::spawn_blocking(work);
    tokio::select! {
        done = talking => done.map_err(|error| Failure::Other(error.to_string()))?,
        _ = tokio::signal::ctrl_c() => {
            voice.say("\n");
            Err(Failure::Ended)
        }
    }
}

fn policy(args: &LearnArgs) -> Result<Policy, Failure> {
    match virtplug_config::load(&args.config, &Scope::of_caller().options()) {
        Ok(loaded) => Ok(loaded.policy),
        Err(error) if error.is_missing() => Ok(Policy::new([], Vec::new())),
        Err(error) => Err(EditError::Wrong(error).into()),
    }
}

fn talk(
    mut terminal: Terminal,
    host: &Host,
    machines: &Machines,
    args: &LearnArgs,
) -> Result<Agreed, Failure> {
    let machine = machine(&mut terminal, machines, args)?;
    let (device, arrivals) = if let Some(text) = &args.device {
        named(host, text)?
    } else {
        terminal
            .watch(host)
            .map_err(|error| Failure::Other(error_text(&error)))?;
        wait(&mut terminal)?
    };
    let connect = machines.connect(&machine);
    agree(&mut terminal, (&machine, connect), &device, &arrivals, args)
}

fn machine(
    console: &mut impl Console,
    machines: &Machines,
    args: &LearnArgs,
) -> Result<String, Failure> {
    let Some(name) = &args.machine else {
        return machines.pick(console);
    };
    let (name, note) = machines.named(name);
    if let Some(note) = note {
        console.say(&format!("note: {note}\n"));
    }
    Ok(name)
}

/// The device that the command line names, once udev is done with it.
fn named(host: &Host, text: &str) -> Result<(Device, Arrivals), Failure> {
    const STEP: Duration = Duration::from_millis(100);
    let scan = host
        .scan()
        .map_err(|error| Failure::Other(error_text(&error)))?;
    let arrivals = Arrivals::of(scan.devices);
    let present = arrivals.devices();
    let offered = present.iter().filter(|device| !device.is_hub());
    let mut device = select(text, offered, |_| None)
        .map_err(|error| Failure::Other(error.to_string()))?
        .clone();
    let mut waited = Duration::ZERO;
    while !device.processed && waited < PATIENCE {
        std::thread::sleep(STEP);
        waited += STEP;
        if let Presence::Present(again) = host.read(&device.port) {
            device = *again;
        }
    }
    if !device.processed {
        message(UNPROCESSED);
    }
    Ok((device, arrivals))
}

/// Waits for a device to be plugged in or to be picked.
fn wait(console: &mut impl Console) -> Result<(Device, Arrivals), Failure> {
    let mut arrivals = Arrivals::default();
    loop {
        let patience = arrivals.is_pending().then_some(PATIENCE);
        match console.next(patience) {
            Input::Host(change) => {
                let first = !arrivals.is_settled();
                let new = match arrivals.see(change) {
                    Ok(new) => new,
                    Err(reason) if first => return Err(unread(&reason)),
                    // The next event leads to another look.
                    Err(_) => None,
                };
                if let Some(device) = new {
                    return Ok((device, arrivals));
                }
                if first && arrivals.is_settled() {
                    invite(console);
                }
            }
            Input::Late => {
                if let Some(device) = arrivals.overdue() {
                    console.say(&format!("{UNPROCESSED}\n"));
                    return Ok((device, arrivals));
                }
            }
            Input::Line(_) => {
                let picked = pick(console, &mut arrivals)?;
                // One may have come while the list was shown.
                if let Some(device) = picked.or_else(|| arrivals.ready()) {
                    return Ok((device, arrivals));
                }
                invite(console);
            }
            // The device may still come.
            Input::End => {}
            Input::Deaf(reason) => return Err(unread(&reason)),
            Input::Over => return Err(Failure::Ended),
        }
    }
}

fn unread(reason: &str) -> Failure {
    let reason = Escaped(reason);
    Failure::Other(format!("cannot watch the USB devices: {reason}"))
}

fn invite(console: &mut impl Console) {
    console.say("Plug the device in");
    if console.is_interactive() {
        console.say(", or press Enter to pick one that is plugged in");
    }
    console.say("; Ctrl-C ends this.\n");
}

/// Has the user pick a device that is plugged in.
fn pick(console: &mut impl Console, arrivals: &mut Arrivals) -> Result<Option<Device>, Failure> {
    let mut devices = arrivals.devices();
    devices.retain(|device| !device.is_hub());
    if devices.is_empty() {
        console.say("no USB device is plugged in\n");
        return Ok(None);
    }
    console.say(&text::list(&devices));
    console.say("Which one? Nothing goes on waiting: ");
    loop {
        match console.next(None) {
            Input::Host(change) => drop(arrivals.see(change)),
            Input::Late => {}
            Input::End | Input::Over => return Ok(None),
            Input::Deaf(reason) => return Err(unread(&reason)),
            Input::Line(answer) => {
                let answer = answer.trim();
                if answer.is_empty() {
                    return Ok(None);
                }
                let number = answer.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                if let Some(device) = number.and_then(|number| devices.get(number)) {
                    return Ok(Some(device.clone()));
                }
                console.say(&format!("give a number from 1 to {}: ", devices.len()));
            }
        }
    }
}

/// Shows what is found and proposed, and asks whether to write it. The machine
/// comes with its connection, where that is known.
fn agree(
    console: &mut impl Console,
    (machine, connect): (&str, Option<&str>),
    device: &Device,
    arrivals: &Arrivals,
    args: &LearnArgs,
) -> Result<Agreed, Failure> {
    if !args.json {
        console.say(&format!(
            "\n{}\n{}\n",
            text::title(device),
            text::identity(device)
        ));
    }
    let present = arrivals.devices();
    let mut proposal =
        proposal::propose(device, &present, args.match_by).map_err(Failure::Other)?;
    proposal.rule.name.clone_from(&args.name);
    let report = |proposal, change| {
        let device = crate::present::device(device);
        Some(Learned::new(device, machine, proposal, change))
    };
    let change = match edit::add(
        &args.config,
        &Scope::of_caller().options(),
        machine,
        connect,
        &proposal.rule,
    ) {
        Ok(change) => change,
        Err(EditError::Repeated { origin }) if args.json => {
            let report = report(proposal, Err(Escaped(&origin).to_string()));
            return Ok(Agreed {
                change: None,
                report,
            });
        }
        Err(error @ EditError::Repeated { .. }) => {
            console.say(&format!("{error}; nothing is to be done\n"));
            return Ok(Agreed::default());
        }
        Err(error) => return Err(error.into()),
    };
    if args.json {
        proposal
            .warnings
            .extend(text::warnings(device, arrivals.around(), &change));
        let report = report(proposal, Ok(&change));
        return Ok(Agreed {
            change: (args.yes && !args.dry_run).then_some(change),
            report,
        });
    }
    console.say(&text::change(device, arrivals.around(), &proposal, &change));
    if args.dry_run {
        return Ok(Agreed::default());
    }
    if args.yes || confirm(console, "\nAdd it?") {
        return Ok(Agreed {
            change: Some(change),
            report: None,
        });
    }
    console.say("nothing was changed\n");
    Ok(Agreed::default())
}
