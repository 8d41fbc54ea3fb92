//! `virtplug machines`.

use std::collections::BTreeSet;

use virtplug_ipc::{MachineKind, MachineList, MachineState};

use super::words::state_word;
use super::{Layout, Tone};
use crate::table::Grid;

/// All machines, how they are and what they have.
pub(crate) fn machines(list: &MachineList, layout: Layout) -> String {
    if list.machines.is_empty() {
        return "no machines are known: libvirt has none and the configuration names none\n"
            .to_owned();
    }
    let connections: BTreeSet<&str> = list
        .machines
        .iter()
        .map(|machine| machine.machine.connection.as_str())
        .collect();
    let several = connections.len() > 1;
    let mut header = vec!["NAME", "STATE", "DEVICES", "FREE PORTS", "NOTE"];
    if several {
        header.insert(1, "CONNECTION");
    }
    let mut grid = Grid::new(&header);
    for machine in &list.machines {
        let tone = tone(machine);
        let name = if machine.configured {
            Tone::Plain
        } else {
            Tone::Dim
        };
        let free = machine.free_ports.map(|ports| ports.to_string());
        let connection = several.then(|| (name, machine.machine.connection.clone()));
        let mut row = vec![(name, machine.machine.machine.clone())];
        row.extend(connection);
        row.extend([
            (tone, state_word(machine.state).to_owned()),
            (name, devices(machine)),
            (name, free.unwrap_or_else(|| "-".to_owned())),
            (note_tone(machine), note(machine)),
        ]);
        grid.row(row);
    }
    grid.without_empty(&["NOTE"]).render(layout.width)
}

fn tone(machine: &MachineState) -> Tone {
    match machine.state {
        MachineKind::Running if machine.configured => Tone::Good,
        MachineKind::Running | MachineKind::Off => Tone::Dim,
        MachineKind::Paused | MachineKind::Busy | MachineKind::Unknown => Tone::Waiting,
        MachineKind::Absent => Tone::Bad,
    }
}

/// How many entries it has, and how many devices it lacks.
pub(crate) fn devices(machine: &MachineState) -> String {
    let own = machine.entries.iter().filter(|entry| entry.own).count();
    let foreign = machine.entries.len() - own;
    let missing = machine
        .wanted
        .iter()
        .filter(|port| {
            let has = |entry: &virtplug_ipc::Entry| entry.port.as_ref() == Some(port);
            !machine.entries.iter().any(has)
        })
        .count();
    let parts: Vec<String> = [(own, "own"), (foreign, "foreign"), (missing, "to come")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if parts.is_empty() {
        return "-".to_owned();
    }
    parts.join(", ")
}

/// Whether somebody should look at it.
fn note_tone(machine: &MachineState) -> Tone {
    if lacks_controller(machine) || machine.state == MachineKind::Absent {
        Tone::Bad
    } else if machine.paused {
        Tone::Waiting
    } else {
        Tone::Plain
    }
}

fn lacks_controller(machine: &MachineState) -> bool {
    machine.configured && machine.controller == Some(false)
}

/// What is to be known of it.
pub(crate) fn note(machine: &MachineState) -> String {
    let mut notes = Vec::new();
    if lacks_controller(machine) {
        notes.push("no USB controller");
    }
    if machine.state == MachineKind::Absent {
        notes.push("libvirt knows no such machine");
    }
    if machine.paused {
        notes.push("paused");
    }
    notes.extend(machine.under_way.as_deref());
    if !machine.configured {
        notes.push("not in the configuration");
    }
    if notes.is_empty() {
        return "-".to_owned();
    }
    notes.join("; ")
}
