//! `virtplug status`.

use virtplug_ipc::{Connection, Counts, DeviceState, Group, Paused, Status};

use super::page::Page;
use super::words::{belongs_to, list, name, next_try, obstacle_text, or_dash, place, tone};
use super::{Layout, Tone};
use crate::naming::counted;
use crate::table::Grid;

/// How things stand: health first, then what is not as usual, then the devices.
pub(crate) fn status(status: &Status, layout: Layout) -> String {
    let mut page = Page::new(layout);
    let (tone, line) = health(status);
    page.say(tone, 0, &line);
    for problem in &status.problems {
        page.mark(Tone::Bad, 0, "-", problem);
    }
    for line in unusual(status) {
        page.say(Tone::Waiting, 0, &line);
    }
    if status.daemon.is_none() {
        page.say(
            Tone::Waiting,
            0,
            "no daemon runs: nothing is attached by itself (`systemctl start virtplug`)",
        );
    }
    page.gap();
    if status.devices.is_empty() {
        page.say(Tone::Plain, 0, nothing(&status.counts));
    } else {
        page.table(&table(&status.devices));
    }
    page.done()
}

/// The first line of the status.
pub(crate) fn health(status: &Status) -> (Tone, String) {
    let counts = &status.counts;
    let (tone, word) = if status.healthy {
        (Tone::Good, "healthy".to_owned())
    } else if status.problems.is_empty() {
        (Tone::Bad, "not healthy".to_owned())
    } else {
        (Tone::Bad, counted(status.problems.len(), "problem"))
    };
    let mut parts = vec![format!("{} attached", counts.attached)];
    for (count, what) in [(counts.waiting, "waiting"), (counts.troubled, "kept out")] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if counts.conflicts > 0 {
        let conflicts = usize::try_from(counts.conflicts).unwrap_or(usize::MAX);
        parts.push(counted(conflicts, "conflict"));
    }
    (tone, format!("{word}: {}", parts.join(", ")))
}

/// Connections that are down, what is paused and what is switched, a sentence each.
pub(crate) fn unusual(status: &Status) -> Vec<String> {
    let lost = status.connections.iter().filter(|one| !one.up);
    let lost = lost.filter_map(|one| down(one, &status.problems));
    lost.chain(status.paused.iter().map(paused))
        .chain(status.switched.iter().map(switched))
        .collect()
}

/// A connection that is down, as far as no problem tells of it.
fn down(connection: &Connection, problems: &[String]) -> Option<String> {
    let uri = &connection.connection;
    let next = next_try(connection.retry_ms);
    if problems.iter().any(|problem| problem.contains(uri)) {
        let next = next.strip_prefix("; ")?;
        return Some(format!("not connected to {uri}: {next}"));
    }
    Some(match &connection.reason {
        Some(reason) => format!("not connected to {uri}: {reason}{next}"),
        None => format!("not connected to {uri} yet{next}"),
    })
}

fn paused(paused: &Paused) -> String {
    let (what, end) = match &paused.machine {
        Some(machine) => (
            format!("machine {}", machine.machine),
            format!("`virtplug resume {}` ends that", machine.machine),
        ),
        None => (
            "all machines".to_owned(),
            "`virtplug resume` ends that".to_owned(),
        ),
    };
    let devices = if paused.detached {
        ", its devices were given back to the host"
    } else {
        ""
    };
    format!("paused: {what}{devices}; {end}")
}

fn switched(group: &Group) -> String {
    let to = match &group.machine {
        Some(machine) => format!("machine {}", machine.machine),
        None => "the host".to_owned(),
    };
    format!(
        "switched: group {} to {to} (devices: {}); `virtplug release --all` ends that",
        group.group,
        list(&group.devices)
    )
}

/// What to do where no device belongs to anybody.
fn nothing(counts: &Counts) -> &'static str {
    if counts.rules == 0 {
        "there are no rules yet: `virtplug learn` writes one for a device that you plug in"
    } else {
        "no rule names a device that is plugged in; `virtplug devices` lists what is"
    }
}

fn table(devices: &[DeviceState]) -> Grid {
    let mut grid = Grid::new(&["DEVICE", "SERIAL", "BELONGS TO", "IS IN"]);
    for state in devices {
        let device = &state.device;
        let tone = tone(state);
        grid.row([
            (Tone::Plain, format!("{} {}", device.port, name(device))),
            (Tone::Plain, or_dash(device.serial.as_deref())),
            (tone, belongs_to(&state.belongs)),
            (tone, place(state)),
        ]);
        if let Some(why) = why(state) {
            grid.under(tone, &why);
        }
    }
    grid.without_empty(&["SERIAL"])
}

/// Why a device is not in a machine that a rule names for it.
pub(crate) fn why(state: &DeviceState) -> Option<String> {
    use virtplug_ipc::BelongsKind::{Conflict, Host, Kept, Machine, Refused, Spare, Unknown};
    match (&state.obstacle, state.belongs.kind) {
        (Some(obstacle), _) => Some(obstacle_text(obstacle)),
        (None, Conflict | Spare | Unknown | Refused) => Some(state.belongs.reason.clone()),
        (None, Host | Kept | Machine) => None,
    }
}
