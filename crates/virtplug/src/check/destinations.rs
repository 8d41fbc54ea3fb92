//! Which device would go where, as the engine decides it with machines that are
//! only imagined: all run, and all have free USB ports.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

use comfy_table::{ColumnConstraint, Width};
use virtplug_core::{
    Action, Assignment, Device, Engine, Escaped, Event, Giver, Grant, MachineKey, MachineListing,
    MachineRead, Policy, Rule, Time, Uuid,
};

use crate::naming::{name, rule_text, shown};
use crate::rehearsal::{Rehearsal, idle};
use crate::{pass, plan, table};

/// Most events that are fed, so that a hostile list of devices comes to an end.
const MAX_EVENTS: usize = 1_000_000;
/// Most times that the imagined clock is set forward.
const MAX_WAITS: usize = 1_000;
/// Least width of the column of rules, so that `virtplug.toml:1000` is not broken.
const RULE_WIDTH: u16 = 20;

/// The engine after all that it wants is done.
pub(super) fn imagine(policy: Policy, devices: Vec<Device>) -> Engine {
    let mut imagination = Imagination {
        machines: policy.machines().iter().cloned().collect(),
        devices,
        rehearsal: Rehearsal::default(),
        events: [Event::Policy(policy)].into(),
    };
    imagination.events.push_back(imagination.scan());
    let mut engine = Engine::new(0);
    let (mut now, mut waits) = (Time::default(), 0);
    for _ in 0..MAX_EVENTS {
        let event = match imagination.next_event() {
            Some(event) => event,
            None => match engine.next_wakeup() {
                Some(wakeup) if waits < MAX_WAITS && is_waiting(&engine) => {
                    waits += 1;
                    now = now.max(wakeup);
                    Event::Tick
                }
                _ => break,
            },
        };
        let event = imagination.rehearsal.overlay(event);
        for action in engine.handle(now, event) {
            imagination.answer(action);
        }
    }
    engine
}

/// Whether something waits that time alone lets happen.
fn is_waiting(engine: &Engine) -> bool {
    engine
        .devices()
        .any(|view| view.obstacle.as_ref().is_some_and(pass::is_passing))
}

struct Imagination {
    machines: Vec<MachineKey>,
    devices: Vec<Device>,
    rehearsal: Rehearsal,
    events: VecDeque<Event>,
}

impl Imagination {
    fn next_event(&mut self) -> Option<Event> {
        let next = self.events.pop_front();
        next.or_else(|| self.rehearsal.next_answer())
    }

    fn scan(&self) -> Event {
        Event::Devices {
            present: self.devices.clone(),
            unreadable: Vec::new(),
        }
    }

    fn answer(&mut self, action: Action) {
        let answer = match action {
            Action::Connect(uri) => Event::Connected(uri),
            Action::ScanDevices => self.scan(),
            Action::ListMachines(uri) => {
                let of_uri = self.machines.iter().filter(|machine| machine.uri == uri);
                let listed = of_uri.map(|machine| MachineListing {
                    machine: machine.clone(),
                    uuid: machine.uuid.unwrap_or(Uuid([0; 16])),
                    active: true,
                });
                let listed = listed.collect();
                Event::Machines(uri, listed)
            }
            Action::ReadMachine(machine) => {
                let read = MachineRead::Live(idle(&machine));
                Event::MachineRead(machine, read)
            }
            Action::Attach(op, request) => return self.rehearsal.attach(op, request),
            Action::Detach(op, request) => return self.rehearsal.detach(op, request),
            Action::Start(op, machine) => return self.rehearsal.start(op, machine),
            Action::Report(_) | Action::Disconnect(_) => return,
        };
        self.events.push_back(answer);
    }
}

/// A table, and below it why devices that a rule names stay on the host.
pub(super) fn text(engine: &Engine) -> String {
    let header = ["PORT", "ID", "SERIAL", "NAME", "BELONGS TO", "BY RULE"];
    let mut table = table::new(&header);
    let mut reasons = String::new();
    let mut empty = true;
    for view in engine.devices() {
        empty = false;
        let device = view.device;
        table.add_row([
            device.port.to_string(),
            format!("{}:{}", device.vendor, device.product),
            shown(&device.serial),
            name(device),
            match view.assignment {
                // The next column names the rule.
                Assignment::Kept(_) => "host".to_owned(),
                other => belongs(other),
            },
            by_rule(view.assignment),
        ]);
        if let Some((_, reason)) = plan::staying_reason(&view) {
            // Writing to a string does not fail.
            let _ = writeln!(
                reasons,
                "{} stays on the host\n    because {reason}",
                device.port
            );
        }
    }
    if empty {
        return "no USB devices\n".to_owned();
    }
    if let Some(rules) = table.column_mut(header.len() - 1) {
        rules.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(RULE_WIDTH)));
    }
    let mut text = table::render(&table);
    if !reasons.is_empty() {
        text.push('\n');
        text.push_str(&reasons);
    }
    text
}

/// Whom a device belongs to, in a word.
fn belongs(assignment: &Assignment) -> String {
    match assignment {
        Assignment::Host => "host".to_owned(),
        Assignment::Kept(_) => "host (by rule)".to_owned(),
        Assignment::Withheld => "host (by hand)".to_owned(),
        Assignment::Machine(Grant {
            machine,
            giver: Giver::Followed(rule),
        }) => format!("{machine} (follows {})", rule_text(rule)),
        Assignment::Machine(grant) => grant.machine.to_string(),
        Assignment::Spare(_) => "spare".to_owned(),
        Assignment::Conflict(_) => "conflict".to_owned(),
        Assignment::Unknown(..) => "?".to_owned(),
        Assignment::Refused(..) => "refused".to_owned(),
    }
}

fn by_rule(assignment: &Assignment) -> String {
    match assignment {
        Assignment::Machine(grant) | Assignment::Refused(grant, _) => by(grant.rule()),
        Assignment::Unknown(rule) => by(rule.as_ref()),
        Assignment::Kept(rule) | Assignment::Spare(rule) => short(rule),
        Assignment::Host | Assignment::Withheld => "-".to_owned(),
        Assignment::Conflict(rules) => {
            let rules: Vec<String> = rules.iter().map(|rule| short(rule)).collect();
            rules.join(", ")
        }
    }
}

fn by(rule: Option<&Arc<Rule>>) -> String {
    rule.map_or_else(|| "-".to_owned(), |rule| short(rule))
}

/// The name of a rule, or its file and line without the folder.
fn short(rule: &Rule) -> String {
    let origin = || rule.origin.rsplit('/').next().unwrap_or_default();
    let text = rule.name.as_deref().unwrap_or_else(origin);
    Escaped(text).to_string()
}
