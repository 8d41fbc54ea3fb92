//! Machines: how they are and what they have.

use virtplug_core::{Call, EntryView, Escaped, MachineKey, MachineState, MachineView, UnderWay};
use virtplug_ipc::{Entry, MachineKind, MachineName};

use super::Context;

/// A machine and where it is.
pub(crate) fn machine_name(machine: &MachineKey) -> MachineName {
    MachineName {
        machine: machine.to_string(),
        connection: machine.uri.to_string(),
    }
}

/// A machine, how it is and what it has.
pub(super) fn machine_state(
    view: &MachineView<'_>,
    context: Context<'_>,
) -> virtplug_ipc::MachineState {
    virtplug_ipc::MachineState {
        machine: machine_name(view.key),
        uuid: view.uuid.map(|uuid| uuid.to_string()),
        state: kind(view.state),
        configured: view.configured,
        paused: view.pause.is_some(),
        controller: view.controller,
        free_ports: view.free_ports,
        entries: view.entries.iter().map(entry).collect(),
        wanted: view.wanted.iter().map(ToString::to_string).collect(),
        under_way: view.under_way.map(|one| under_way(&one, context)),
    }
}

fn kind(state: MachineState) -> MachineKind {
    match state {
        MachineState::Unread => MachineKind::Unknown,
        MachineState::Absent => MachineKind::Absent,
        MachineState::Off => MachineKind::Off,
        MachineState::Busy => MachineKind::Busy,
        MachineState::Paused => MachineKind::Paused,
        MachineState::Running => MachineKind::Running,
    }
}

fn entry(view: &EntryView<'_>) -> Entry {
    let hostdev = view.hostdev;
    let escaped = |text: &Option<String>| text.as_deref().map(|text| Escaped(text).to_string());
    Entry {
        alias: escaped(&hostdev.alias),
        own: view.own.is_some(),
        port: view.port.map(ToString::to_string),
        bus: hostdev.address.map(|address| address.bus.0),
        device: hostdev.address.map(|address| address.device.0),
        missing: hostdev.missing,
        guest_port: escaped(&hostdev.guest_port),
    }
}

/// What is under way, as a sentence.
fn under_way(one: &UnderWay<'_>, context: Context<'_>) -> String {
    let call = match one.call {
        Call::Look => "reading its XML".to_owned(),
        Call::Attach(request) => format!("attaching {}", request.alias.port),
        Call::Detach(request) => {
            format!("detaching {}, as {}", request.alias.port, request.reason)
        }
        Call::Start => "starting it".to_owned(),
    };
    let span = context.now.since(one.since).as_millis();
    let span = format!("{}.{} s", span / 1000, span % 1000 / 100);
    if one.overdue {
        format!("{call}; libvirt has not answered for {span}")
    } else {
        format!("{call} (for {span})")
    }
}
