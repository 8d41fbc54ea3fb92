//! The commands that change something by hand. They go through the daemon;
//! `attach`, `detach` and their `-all` forms also act without one.

use std::time::Duration;

use virtplug_core::Engine;
use virtplug_ipc::{Change, Changes, Control as _, ControlError};

use crate::cli::{DeviceArg, Look, Sources, Steer};
use crate::client::{self, Client, Unreachable};
use crate::exit::Exit;
use crate::output::{message, print, print_json};
use crate::pass::{self, Mode};
use crate::query::{self, Query};
use crate::render::{self, Layout};
use crate::steer::{Request, Target};
use crate::world::World;
use crate::{plan, settings};

/// What is asked for, with what it takes to do it.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) request: Request,
    /// What the device must have.
    pub(crate) numbers: Numbers,
    /// Keeps trying for that long.
    pub(crate) wait: Option<Duration>,
}

impl From<Request> for Task {
    fn from(request: Request) -> Self {
        Self {
            request,
            numbers: Numbers::default(),
            wait: None,
        }
    }
}

/// `virtplug attach`.
pub(crate) async fn attach(
    steer: &Steer,
    device: &DeviceArg,
    machine: Option<String>,
    allow_in_use: bool,
    wait: Option<Duration>,
) -> Exit {
    let task = Task {
        numbers: device.into(),
        request: Request::Attach {
            device: device_text(device),
            machine,
            allow_in_use,
        },
        wait,
    };
    run(steer, task).await
}

/// `virtplug detach`.
pub(crate) async fn detach(steer: &Steer, device: &DeviceArg) -> Exit {
    let request = Request::Detach {
        device: device_text(device),
    };
    let task = Task {
        numbers: device.into(),
        ..request.into()
    };
    run(steer, task).await
}

/// What only a daemon can do: there must be one.
pub(crate) async fn run_there(request: Request, json: bool) -> Exit {
    let done = match client::connect().await {
        Ok(mut client) => order(&mut client, &request.into()).await,
        Err(unreachable) => Err(unreachable.tell()),
    };
    finish(done, json)
}

/// Attaches or detaches: through the daemon, or directly where none runs or
/// another configuration or connection is named.
pub(crate) async fn run(steer: &Steer, task: Task) -> Exit {
    let done = if steer.dry_run {
        rehearse(steer, &task).await
    } else if steer.sources.are_usual() {
        match client::connect().await {
            Ok(mut client) => order(&mut client, &task).await,
            Err(Unreachable::NotRunning) => alone(&steer.sources, &task).await,
            Err(unreachable) => Err(unreachable.tell()),
        }
    } else {
        alone(&steer.sources, &task).await
    };
    let names: Vec<String> = done
        .iter()
        .flat_map(|changes| &changes.changes)
        .map(|change| change.device.port.clone())
        .collect();
    let exit = finish(done, steer.json);
    if steer.verbose > 0 && !steer.dry_run && !steer.json {
        for name in names {
            let look = Look {
                sources: steer.sources.clone(),
                json: false,
            };
            query::run(&look, &Query::Explain(name, None)).await;
        }
    }
    exit
}

fn finish(done: Result<Changes, Exit>, json: bool) -> Exit {
    let changes = match done {
        Ok(changes) => changes,
        Err(exit) => return exit,
    };
    if json {
        print_json(&changes);
    } else {
        print(render::changes(&changes, Layout::of_terminal()));
    }
    if changes.are_done() {
        Exit::Ok
    } else {
        Exit::Failed
    }
}

/// Asks the daemon.
async fn order(client: &mut Client, task: &Task) -> Result<Changes, Exit> {
    if task.wait.is_none() {
        has_numbers(client, &task.request, task.numbers).await?;
    }
    client::answered(call(client, &task.request, task.wait).await)
}

async fn call(
    client: &mut Client,
    request: &Request,
    wait: Option<Duration>,
) -> zlink::Result<Result<Changes, ControlError>> {
    let wait = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    match request {
        Request::Attach {
            device,
            machine,
            allow_in_use,
        } => {
            let allow_in_use = allow_in_use.then_some(true);
            let machine = machine.as_deref();
            client.attach(device, machine, allow_in_use, wait).await
        }
        Request::Detach { device } => client.detach(device, wait).await,
        Request::AttachAll { machine } => client.attach_all(machine.as_deref(), wait).await,
        Request::DetachAll { machine } => client.detach_all(machine.as_deref(), wait).await,
        Request::Release { device } => client.release(device.as_deref(), wait).await,
        Request::Switch { group, target } => {
            let (machine, to_host) = match target {
                Target::Machine(machine) => (Some(machine.as_str()), false),
                Target::Host => (None, true),
                Target::Rules => (None, false),
            };
            client.switch(group, machine, to_host, wait).await
        }
        Request::Pause { machine, detach } => client.pause(machine.as_deref(), *detach, wait).await,
        Request::Resume { machine } => client.resume(machine.as_deref(), wait).await,
    }
}

/// Acts directly, with the same engine; nothing else than what was asked for is done.
async fn alone(sources: &Sources, task: &Task) -> Result<Changes, Exit> {
    if task.wait.is_some() {
        message(
            "note: without the daemon nothing waits for a device or a machine that is not there",
        );
    }
    let steered = steered(sources, task, Mode::Real).await?;
    message("note: the daemon is not running, so nobody keeps this up");
    Ok(steered.changes)
}

/// Shows what would be attached and detached.
async fn rehearse(steer: &Steer, task: &Task) -> Result<Changes, Exit> {
    let steered = steered(&steer.sources, task, Mode::Rehearsed).await?;
    for line in plan::lines(&steered.engine, &steered.steps) {
        message(format_args!("would {line}"));
    }
    if steered.steps.is_empty() {
        message("nothing would be attached or detached");
    }
    if steer.verbose > 0 {
        for change in &steered.changes.changes {
            message(reason(&steered.engine, change));
        }
    }
    let changes = steered.changes.changes.into_iter().map(|change| Change {
        result: format!("would be as follows: {}", change.result),
        ..change
    });
    Ok(Changes {
        changes: changes.collect(),
        ..steered.changes
    })
}

/// Why a device goes where it goes.
fn reason(engine: &Engine, change: &Change) -> String {
    let port = change.device.port.parse().ok();
    let view = port.and_then(|port| engine.device_view(&port));
    let why = view.and_then(|view| plan::staying_reason(&view).map(|(_, reason)| reason));
    match why {
        Some(why) => format!("{}: {why}", change.device.port),
        None => format!("{}: nothing stands against it", change.device.port),
    }
}

async fn steered(sources: &Sources, task: &Task, mode: Mode) -> Result<pass::Steered, Exit> {
    let policy = settings::load_or_empty(sources)?;
    let world = World::open().map_err(|error| {
        message(format_args!("error: {error}"));
        Exit::Failed
    })?;
    pass::steer(world, policy, mode, &task.request, task.numbers)
        .await
        .map_err(|error| client::refused(&error))
}

/// The device that the arguments name: by itself, or by bus and device number.
fn device_text(device: &DeviceArg) -> String {
    device.device.clone().unwrap_or_else(|| {
        let bus = device.busnum.unwrap_or_default();
        let number = device.devnum.unwrap_or_default();
        format!("address={bus}:{number}")
    })
}

/// Whether the device that was named has the numbers that were given beside.
async fn has_numbers(client: &mut Client, request: &Request, numbers: Numbers) -> Result<(), Exit> {
    let (Request::Attach { device: name, .. } | Request::Detach { device: name }) = request else {
        return Ok(());
    };
    if numbers == Numbers::default() {
        return Ok(());
    }
    let shown = client::answered(client.show(name).await)?;
    let device = shown.device.as_ref().map(|shown| &shown.device);
    device.map_or(Ok(()), |device| {
        let fits = numbers.fit(device.bus, device.device);
        fits.map_err(|error| client::refused(&error))
    })
}

/// Bus and device number as far as they were given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    bus: Option<u16>,
    device: Option<u8>,
}

impl From<&DeviceArg> for Numbers {
    fn from(given: &DeviceArg) -> Self {
        Self {
            bus: given.busnum,
            device: given.devnum,
        }
    }
}

impl Numbers {
    /// Whether a device's numbers are these.
    pub(crate) fn fit(self, bus: u16, device: u8) -> Result<(), ControlError> {
        let bus_fits = self.bus.is_none_or(|wanted| wanted == bus);
        let device_fits = self.device.is_none_or(|wanted| wanted == device);
        if bus_fits && device_fits {
            return Ok(());
        }
        Err(ControlError::NoSuchDevice {
            message: format!(
                "the device is {bus}:{device} now, which is not what --busnum and --devnum say; it may \
                 have been plugged in again"
            ),
        })
    }
}
