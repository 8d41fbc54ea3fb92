//! What the engine reports, as sentences for people.

use std::collections::BTreeSet;

use virtplug_core::{
    Engine, Fact, MachineKey, Obstacle, OwnAlias, PortPath, Refusal, Report, Tally, Use,
};

use super::order;
use crate::naming::{claims_text, name};

/// A report as a sentence for people.
pub(crate) fn sentence(engine: &Engine, report: &Report) -> String {
    match report {
        Report::Attached(machine, alias) => {
            let why = if alias.followed {
                ", as it follows another device at its port"
            } else {
                ""
            };
            format!(
                "attached {} to machine {machine}{why}",
                device(engine, alias)
            )
        }
        Report::AttachFailed {
            machine,
            alias,
            attempt,
            retry_ms,
            error,
        } => {
            let next = retry_ms.map_or_else(
                || "waiting for a change of the machine".to_owned(),
                |pause| format!("trying again in {}", seconds(pause)),
            );
            format!(
                "could not attach {} to machine {machine} (try {attempt}): {error}; {next}",
                device(engine, alias)
            )
        }
        Report::Detached(machine, alias, reason) => format!(
            "detached {} from machine {machine}: {reason}",
            device(engine, alias)
        ),
        Report::DetachFailed {
            machine,
            alias,
            attempt,
            retry_ms,
            error,
        } => format!(
            "could not detach {} from machine {machine} (try {attempt}): {error}; trying again in {}",
            device(engine, alias),
            seconds(*retry_ms)
        ),
        Report::InUse {
            machine,
            port,
            uses,
        } => format!(
            "{} stays out of machine {machine}: {}",
            at(engine, port),
            Obstacle::InUse(uses.clone())
        ),
        Report::TakenInUse {
            machine,
            port,
            uses,
        } => taken(&at(engine, port), machine, uses),
        Report::Held(machine, alias) => format!(
            "somebody detached {} from machine {machine}; it stays out until it is plugged in again or the machine starts anew",
            device(engine, alias)
        ),
        Report::Ordered(order) => order::sentence(engine, order),
        Report::HoldEnded { port, end } => format!(
            "what was decided by hand of {} is over, as {end}; the rules decide again",
            at(engine, port)
        ),
        Report::Flapping { port, pause_ms } => format!(
            "port {port} connects and disconnects too often; attaching when it is quiet for {}",
            seconds(*pause_ms)
        ),
        Report::Calmed {
            port,
            tally,
            lasted_ms,
        } => calmed(port, tally, *lasted_ms),
        Report::Conflict(port, rules) => format!(
            "{port} stays on the host, as equally strong rules give it to several owners: {}; \
             give one of them a higher `priority`",
            claims_text(rules)
        ),
        Report::Ambiguous(port, others) => format!(
            "{} stays on the host, as {}",
            at(engine, port),
            Refusal::Ambiguous(others.clone())
        ),
        Report::Starting(machine, port) => {
            format!("starting machine {machine}, as its device was plugged in at {port}")
        }
        Report::StartFailed(machine, reason) => format!(
            "could not start machine {machine}: {reason}; plug its device in again to try again"
        ),
        Report::Connected(uri) => format!("connected to {uri}"),
        Report::Waiting(uri, reason) => format!("waiting for libvirt at {uri}: {reason}"),
        Report::Overdue(machine) => format!(
            "libvirt has not answered a call for machine {machine} for long; other machines are not concerned"
        ),
        Report::LookFailed(what) => format!("could not look at {what}"),
    }
}

/// What a port did while it flapped.
fn calmed(port: &PortPath, tally: &Tally, lasted_ms: u64) -> String {
    format!(
        "port {port} is calm again; within {} it connected {}, with {}, {} and {}",
        seconds(lasted_ms),
        times(tally.connects),
        many(tally.attached, "attach", "attaches"),
        many(tally.detached, "detach", "detaches"),
        many(tally.failed, "failed call", "failed calls"),
    )
}

/// That a device is taken from the host while the host uses it, and why it may be.
fn taken(device: &str, machine: &MachineKey, uses: &Fact<BTreeSet<Use>>) -> String {
    let Fact::Known(uses) = uses else {
        return format!(
            "taking {device} for machine {machine} as `allow-in-use` says, though it cannot be \
             read whether the host uses it"
        );
    };
    let words: Vec<String> = uses.iter().map(ToString::to_string).collect();
    let allowed = if uses.iter().any(Use::refuses) {
        " as `allow-in-use` says"
    } else {
        ""
    };
    format!(
        "taking {device} for machine {machine}{allowed}, though the host uses it: {}",
        words.join(", ")
    )
}

fn times(count: u32) -> String {
    many(count, "time", "times")
}

fn many(count: u32, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

/// Port and, while it is plugged in, id and name.
fn device(engine: &Engine, alias: &OwnAlias) -> String {
    let port: &PortPath = &alias.port;
    match engine.device(port) {
        Some(device) if device.instance == alias.instance => at(engine, port),
        _ => port.to_string(),
    }
}

/// A port with id and name of what is there.
pub(super) fn at(engine: &Engine, port: &PortPath) -> String {
    engine.device(port).map_or_else(
        || port.to_string(),
        |device| {
            let (vendor, product) = (device.vendor, device.product);
            format!("{port} ({vendor}:{product} {})", name(device))
        },
    )
}
