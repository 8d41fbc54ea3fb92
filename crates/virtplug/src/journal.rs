//! What the engine reports, as sentences and as journal fields.

mod order;

use std::collections::BTreeSet;
use std::time::Duration;

use tracing::{debug, info, warn};
use virtplug_core::{
    Engine, Fact, MachineKey, Obstacle, OwnAlias, PortPath, Refusal, Report, Tally, Use,
};

use crate::naming::{claims_text, name};

/// Times of one attach, measured from the udev event that led to it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    /// Until the libvirt call.
    pub(crate) reaction: Option<Duration>,
    /// Until libvirt said that the device is there.
    pub(crate) added: Option<Duration>,
}

/// Writes a report to the log.
pub(crate) fn log(engine: &Engine, report: &Report, timing: Option<Timing>) {
    let text = sentence(engine, report);
    match report {
        Report::Attached(machine, alias) => {
            let timing = timing.unwrap_or_default();
            info!(
                event = "attached",
                device = %alias.port,
                machine = %machine,
                alias = %alias,
                reaction_us = timing.reaction.map(micros),
                added_us = timing.added.map(micros),
                "{text}"
            );
        }
        Report::AttachFailed {
            machine,
            alias,
            attempt,
            ..
        } => {
            let (device, event) = (&alias.port, "attach-failed");
            if is_worth_telling(*attempt) {
                warn!(event, %device, %machine, %alias, attempt, "{text}");
            } else {
                debug!(event, %device, %machine, %alias, attempt, "{text}");
            }
        }
        Report::Detached(machine, alias, _) => {
            let (device, event) = (&alias.port, "detached");
            info!(event, %device, %machine, %alias, "{text}");
        }
        Report::DetachFailed {
            machine,
            alias,
            attempt,
            ..
        } => {
            let (device, event) = (&alias.port, "detach-failed");
            if is_worth_telling(*attempt) {
                warn!(event, %device, %machine, %alias, attempt, "{text}");
            } else {
                debug!(event, %device, %machine, %alias, attempt, "{text}");
            }
        }
        Report::InUse { machine, port, .. } => {
            warn!(event = "in-use", device = %port, %machine, "{text}");
        }
        Report::TakenInUse { machine, port, .. } => {
            warn!(event = "taken-in-use", device = %port, %machine, "{text}");
        }
        Report::Held(machine, alias) => {
            let (device, event) = (&alias.port, "hold");
            warn!(event, %device, %machine, %alias, "{text}");
        }
        Report::Ordered(order) => order::log(order, &text),
        Report::HoldEnded { port, .. } => info!(event = "hold-ended", device = %port, "{text}"),
        Report::Flapping { port, .. } => warn!(event = "flapping", device = %port, "{text}"),
        Report::Calmed { port, tally, .. } => info!(
            event = "calm",
            device = %port,
            connects = tally.connects,
            attached = tally.attached,
            detached = tally.detached,
            failed = tally.failed,
            "{text}"
        ),
        Report::Conflict(port, _) | Report::Ambiguous(port, _) => {
            warn!(event = "conflict", device = %port, "{text}");
        }
        Report::Starting(machine, port) => {
            info!(event = "starting", device = %port, %machine, "{text}");
        }
        Report::StartFailed(machine, _) => warn!(event = "start-failed", %machine, "{text}"),
        Report::Connected(uri) => info!(event = "connected", connection = %uri, "{text}"),
        Report::Waiting(uri, _) => warn!(event = "waiting", connection = %uri, "{text}"),
        Report::Overdue(machine) => warn!(event = "call-overdue", %machine, "{text}"),
        Report::LookFailed(_) => warn!(event = "look-failed", "{text}"),
    }
}

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

/// The first tries, then ever fewer of them.
fn is_worth_telling(attempt: u32) -> bool {
    attempt.is_power_of_two()
}

fn times(count: u32) -> String {
    many(count, "time", "times")
}

fn many(count: u32, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
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
fn at(engine: &Engine, port: &PortPath) -> String {
    engine.device(port).map_or_else(
        || port.to_string(),
        |device| {
            let (vendor, product) = (device.vendor, device.product);
            format!("{port} ({vendor}:{product} {})", name(device))
        },
    )
}

#[cfg(test)]
mod tests {
    use virtplug_core::{ConnectionUri, DetachReason, HoldEnd, Tally, Time};

    use super::*;
    use crate::fixture::{machine, world};

    #[test]
    fn every_report_is_a_sentence() {
        let (engine, _) = world(false);
        let alias = OwnAlias::parse("ua-virtplug-1-1-0000000000000002").unwrap();
        let follower = OwnAlias::parse("ua-virtplug-1-1-0000000000000002-f").unwrap();
        let gone = OwnAlias::parse("ua-virtplug-1-2-0000000000000063").unwrap();
        let alpha = machine("alpha");
        let uri = ConnectionUri::default();
        let failed = |retry_ms| Report::AttachFailed {
            machine: alpha.clone(),
            alias: alias.clone(),
            attempt: 3,
            retry_ms,
            error: "USB device 001:002 is in use (libvirt error 55)".into(),
        };
        let mounted = Use::Mounted {
            node: "sdb1".into(),
            at: "/mnt/\u{1b}[1mx".into(),
        };
        let swap = Use::Swap {
            node: "sdb2".into(),
        };
        let opened = Use::Opened {
            node: "video0".into(),
            by: Some("obs".into()),
        };
        let taken = |uses| Report::TakenInUse {
            machine: alpha.clone(),
            port: alias.port.clone(),
            uses,
        };
        let reports = [
            Report::Attached(alpha.clone(), alias.clone()),
            Report::Attached(alpha.clone(), follower),
            failed(Some(1042)),
            failed(None),
            Report::Detached(alpha.clone(), gone.clone(), DetachReason::NewInstance),
            Report::DetachFailed {
                machine: alpha.clone(),
                alias: gone,
                attempt: 1,
                retry_ms: 250,
                error: "timed out (libvirt error 68)".into(),
            },
            Report::InUse {
                machine: alpha.clone(),
                port: alias.port.clone(),
                uses: Fact::Known([mounted.clone(), swap].into()),
            },
            Report::InUse {
                machine: alpha.clone(),
                port: alias.port.clone(),
                uses: Fact::Unknown,
            },
            taken(Fact::Known([mounted].into())),
            taken(Fact::Known([opened].into())),
            taken(Fact::Unknown),
            Report::Held(alpha.clone(), alias.clone()),
            Report::HoldEnded {
                port: "1-9".parse().unwrap(),
                end: HoldEnd::Replaced,
            },
            Report::HoldEnded {
                port: "1-9".parse().unwrap(),
                end: HoldEnd::Unplugged,
            },
            Report::HoldEnded {
                port: alias.port.clone(),
                end: HoldEnd::MachineEnded(alpha.clone()),
            },
            Report::Flapping {
                port: alias.port.clone(),
                pause_ms: 2000,
            },
            Report::Calmed {
                port: alias.port.clone(),
                tally: Tally {
                    since: Time::default(),
                    connects: 57,
                    attached: 6,
                    detached: 5,
                    failed: 1,
                },
                lasted_ms: 64_300,
            },
            Report::Conflict(
                alias.port.clone(),
                engine.policy().unwrap().rules()[..2].to_vec(),
            ),
            Report::Ambiguous(alias.port.clone(), vec!["1-2".parse().unwrap()]),
            Report::Starting(alpha.clone(), alias.port.clone()),
            Report::StartFailed(alpha.clone(), "no such disk (libvirt error 38)".into()),
            Report::Connected(uri.clone()),
            Report::Waiting(uri, "no socket".into()),
            Report::Overdue(alpha),
            Report::LookFailed("machine alpha: no answer".into()),
        ];
        let sentences = reports.map(|report| sentence(&engine, &report));
        insta::assert_snapshot!(sentences.join("\n"));
    }

    #[test]
    fn later_tries_are_told_ever_more_rarely() {
        let told: Vec<u32> = (1..100).filter(|n| is_worth_telling(*n)).collect();
        assert_eq!(told, [1, 2, 4, 8, 16, 32, 64]);
    }
}
