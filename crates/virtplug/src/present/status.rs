//! How things stand as a whole.

use virtplug_core::{
    Assignment, ConnectionView, DeviceView, Engine, MachineState, Obstacle, Policy, Refusal,
};
use virtplug_ipc::{Connection, Counts, Paused, Status, VERSION};

use super::device::{device_state, flapping, left, reason};
use super::machine::machine_name;
use super::rule::groups;
use super::{Context, DEAF, millis};
use crate::naming::name;

/// How things stand.
pub(crate) fn status(engine: &Engine, context: Context<'_>) -> Status {
    let problems = problems(engine, context);
    let switched = groups(engine).into_iter().filter(|group| group.switched);
    let owned = engine.devices().filter(is_owned);
    Status {
        version: VERSION,
        daemon: context.daemon.map(str::to_owned),
        healthy: problems.is_empty(),
        problems,
        deaf: context.deaf,
        connections: engine
            .connections()
            .map(|view| connection(&view, context))
            .collect(),
        counts: counts(engine),
        paused: paused(engine),
        switched: switched.collect(),
        devices: owned
            .map(|view| device_state(engine, &view, context))
            .collect(),
    }
}

/// Whether nothing is wrong.
pub(crate) fn is_healthy(engine: &Engine, context: Context<'_>) -> bool {
    problems(engine, context).is_empty()
}

/// Whether a device belongs to somebody or is held by an entry of ours.
fn is_owned(view: &DeviceView<'_>) -> bool {
    *view.assignment != Assignment::Host || view.holders.iter().any(|holder| holder.own)
}

fn connection(view: &ConnectionView<'_>, context: Context<'_>) -> Connection {
    Connection {
        connection: view.uri.to_string(),
        up: view.up,
        listed: view.listed,
        reason: view.reason.map(str::to_owned),
        retry_ms: view.next_try.map(|at| millis(at, context)),
    }
}

fn paused(engine: &Engine) -> Vec<Paused> {
    let orders = engine.orders();
    let all = orders.pause_of_all.iter().map(|pause| Paused {
        machine: None,
        detached: pause.detach,
    });
    let some = orders.pauses.iter().map(|(machine, pause)| Paused {
        machine: Some(machine_name(machine)),
        detached: pause.detach,
    });
    all.chain(some).collect()
}

/// How many devices are how.
pub(crate) fn counts(engine: &Engine) -> Counts {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let summary = engine.summary();
    let runs = engine
        .machines()
        .filter(|view| view.state == MachineState::Running);
    let rules = engine.policy().into_iter().flat_map(Policy::rules);
    Counts {
        devices: number(engine.devices().count()),
        attached: number(summary.attached),
        waiting: number(summary.waiting),
        troubled: number(summary.troubled.len()),
        conflicts: number(summary.conflicts),
        machines: number(engine.machines().count()),
        running: number(runs.count()),
        rules: number(rules.filter(|rule| rule.options.enabled).count()),
    }
}

/// What somebody should look at, a sentence each: the whole first, then each device.
fn problems(engine: &Engine, context: Context<'_>) -> Vec<String> {
    let mut problems: Vec<String> = context
        .reload_trouble
        .map(str::to_owned)
        .into_iter()
        .chain(context.deaf.then(|| DEAF.to_owned()))
        .collect();
    for view in engine.connections() {
        if let Some(reason) = view.reason {
            problems.push(format!(
                "not connected to libvirt at {}: {reason}",
                view.uri
            ));
        }
    }
    for view in engine.machines() {
        if view.under_way.is_some_and(|call| call.overdue) {
            problems.push(format!(
                "libvirt has not answered a call for machine {} for long",
                view.key
            ));
        }
    }
    problems.extend(engine.devices().filter_map(|view| problem(engine, &view)));
    problems
}

/// What is wrong with one device, unless it is told of its connection or machine.
fn problem(engine: &Engine, view: &DeviceView<'_>) -> Option<String> {
    let device = view.device;
    let what = format!(
        "{} ({}:{} {})",
        device.port,
        device.vendor,
        device.product,
        name(device)
    );
    match (view.assignment, &view.obstacle) {
        (Assignment::Conflict(_) | Assignment::Refused(_, Refusal::Ambiguous(_)), _) => Some(
            format!("{what} stays on the host: {}", reason(engine, view)),
        ),
        (_, Some(Obstacle::NoConnection(Some(_)) | Obstacle::CallUnderWay { .. })) => None,
        (Assignment::Machine(grant), Some(obstacle)) if obstacle.is_trouble() => Some(format!(
            "{what} is not in machine {}: {obstacle}",
            grant.machine
        )),
        _ => {
            let told = view.flapping.map(flapping);
            let told = told.or_else(|| view.left_by.map(|machine| left(device, machine)));
            told.map(|told| format!("{what}: {told}"))
        }
    }
}
