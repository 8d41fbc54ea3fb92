//! History: events and actions in short, for those who read a failure.

use std::fmt::Write as _;
use std::sync::Arc;

use virtplug_core::{Action, Device, Event, MachineRead, Outcome, Rule};

fn device(device: &Device) -> String {
    let unknown = match (device.processed, device.serial.known().is_some()) {
        (true, true) => "",
        (false, true) => ", unprocessed",
        (_, false) => ", serial unknown",
    };
    let used = match device.in_use.known() {
        Some(uses) if uses.is_empty() => "",
        Some(_) => ", in use",
        None => ", use unknown",
    };
    format!(
        "{} at {} instance {}{unknown}{used}",
        device.port, device.address, device.instance
    )
}

fn read(read: &MachineRead) -> String {
    let MachineRead::Live(live) = read else {
        return format!("{read:?}");
    };
    let entries: Vec<String> = live
        .hostdevs
        .iter()
        .map(|one| {
            format!(
                "{} {}{}",
                one.alias.as_deref().unwrap_or("-"),
                one.address
                    .map_or("-".into(), |address| address.to_string()),
                if one.missing { " missing" } else { "" }
            )
        })
        .collect();
    format!(
        "run {} {:?}{} free {:?} [{}]",
        live.run.id,
        live.activity,
        if live.paused { " paused" } else { "" },
        live.ports.free,
        entries.join(", ")
    )
}

fn outcome(outcome: &Outcome) -> String {
    let result = match &outcome.result {
        Ok(()) => "ok".into(),
        Err(error) => error.to_string(),
    };
    let present = &outcome.instance_present;
    format!("{result}; present {present:?}; {}", read(&outcome.after))
}

fn rule(rule: &Arc<Rule>) -> String {
    let options = &rule.options;
    let switches = [
        ("disabled", !options.enabled),
        ("yields", options.yields),
        ("preempts", options.preempts),
        ("follow", options.follow.is_some()),
        ("start", options.start_machine),
        ("guest port", options.guest_port.is_some()),
        ("allow in use", options.allow_in_use),
    ];
    // Writing to a string does not fail.
    let mut text = format!("{} <- {}", rule.owner, rule.origin);
    for (name, _) in switches.into_iter().filter(|(_, on)| *on) {
        let _ = write!(text, ", {name}");
    }
    if let Some(group) = &options.group {
        let _ = write!(text, ", {group}");
    }
    if options.priority != 0 {
        let _ = write!(text, ", priority {}", options.priority);
    }
    if let Some(count) = options.count {
        let _ = write!(text, ", count {count}");
    }
    text
}

pub(crate) fn event(event: &Event) -> String {
    match event {
        Event::Policy(policy) => {
            let rules: Vec<String> = policy.rules().iter().map(rule).collect();
            format!("policy {rules:?}")
        }
        Event::Devices {
            present,
            unreadable,
        } => {
            let present: Vec<String> = present.iter().map(device).collect();
            let unreadable: Vec<String> = unreadable.iter().map(ToString::to_string).collect();
            format!("all devices {present:?}, unreadable {unreadable:?}")
        }
        Event::Device(one) => format!("device {}", device(one)),
        Event::DeviceGone(port) => format!("nothing at {port}"),
        Event::DeviceUnreadable(port) => format!("unreadable {port}"),
        Event::MachineRead(machine, found) => {
            format!("{machine} of {} is {}", machine.uri, read(found))
        }
        Event::Done(op, result) => format!("call {op}: {}", outcome(result)),
        Event::Machines(uri, lines) => {
            let lines: Vec<String> = lines
                .iter()
                .map(|line| format!("{}{}", line.machine, if line.active { "*" } else { "" }))
                .collect();
            format!("machines of {uri}: {}", lines.join(" "))
        }
        Event::MachineChanged(machine) => format!("{machine} of {} changed", machine.uri),
        Event::HostdevChanged(machine, alias) => format!("{machine}: {alias} changed"),
        other => format!("{other:?}"),
    }
}

pub(crate) fn action(action: &Action) -> String {
    match action {
        Action::ReadMachine(machine) => format!("look at {machine} of {}", machine.uri),
        Action::Start(op, machine) => format!("call {op}: start {machine}"),
        Action::Report(report) => format!("report {report:?}"),
        Action::Attach(op, request) => format!(
            "call {op}: attach {} to {} by {}",
            request.alias, request.machine, request.address
        ),
        Action::Detach(op, request) => format!(
            "call {op}: detach {} from {}: {}",
            request.alias, request.machine, request.reason
        ),
        other => format!("{other:?}"),
    }
}
