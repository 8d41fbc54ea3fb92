//! What the daemon counts for those who watch over many hosts. It is fed where the
//! engine is told something and where it asks for something; nothing is written and
//! nothing wakes up until somebody asks.

pub(crate) mod command;
mod gather;
mod histogram;
mod http;
mod name;
mod reason;
#[cfg(test)]
mod tests;
mod textfile;

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use virtplug_core::{Action, AttachRequest, CallError, Engine, Event, MachineKey, OpId, Report};

use self::histogram::Histogram;
#[cfg(test)]
pub(crate) use self::name::Name;
use self::reason::Reason;

/// Machines that have numbers of their own; further ones share theirs, so that no
/// number of machines makes too much for who collects this.
const MOST_MACHINES: usize = 200;

/// Bounds, in seconds, of the time from an event of udev to the call.
const REACTION: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Bounds, in seconds, of the time that a call takes.
const DURATION: &[f64] = &[
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// What is asked of libvirt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    Attach,
    Detach,
    Start,
}

impl Call {
    const ALL: [Self; 3] = [Self::Attach, Self::Detach, Self::Start];

    fn word(self) -> &'static str {
        match self {
            Self::Attach => "attach",
            Self::Detach => "detach",
            Self::Start => "start",
        }
    }
}

/// What was counted of one machine.
#[derive(Debug, Clone, Copy, Default)]
struct OfMachine {
    attaches: u64,
    detaches: u64,
    starts: u64,
    /// Attaches that repeat one that failed.
    retries: u64,
}

impl OfMachine {
    fn calls(&self, call: Call) -> u64 {
        match call {
            Call::Attach => self.attaches,
            Call::Detach => self.detaches,
            Call::Start => self.starts,
        }
    }
}

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    started: SystemTime,
    machines: BTreeMap<MachineKey, OfMachine>,
    /// Of all machines beyond those.
    further: OfMachine,
    failures: BTreeMap<(Call, Reason), u64>,
    durations: BTreeMap<Call, Histogram>,
    reactions: Histogram,
    by_rules: u64,
    by_serial: u64,
    in_use: u64,
    overruns: u64,
    /// Calls that are not answered.
    under_way: BTreeMap<OpId, (Call, Instant)>,
}

impl Default for Metrics {
    fn default() -> Self {
        let duration = |call| (call, Histogram::new(DURATION));
        Self {
            started: SystemTime::now(),
            machines: BTreeMap::new(),
            further: OfMachine::default(),
            failures: BTreeMap::new(),
            durations: Call::ALL.into_iter().map(duration).collect(),
            reactions: Histogram::new(REACTION),
            by_rules: 0,
            by_serial: 0,
            in_use: 0,
            overruns: 0,
            under_way: BTreeMap::new(),
        }
    }
}

impl Metrics {
    /// The engine is told this.
    pub(crate) fn told(&mut self, event: &Event, now: Instant) {
        let Event::Done(op, outcome) = event else {
            return;
        };
        let Some((call, since)) = self.under_way.remove(op) else {
            return;
        };
        match &outcome.result {
            // Nothing was called then.
            Err(error @ (CallError::InstanceChanged | CallError::InUse(_))) => {
                self.fail(call, error);
            }
            result => {
                if let Some(durations) = self.durations.get_mut(&call) {
                    durations.add(now.duration_since(since));
                }
                if let Err(error) = result {
                    self.fail(call, error);
                }
            }
        }
    }

    fn fail(&mut self, call: Call, error: &CallError) {
        *self.failures.entry((call, Reason::of(error))).or_default() += 1;
    }

    /// The engine asks for this.
    pub(crate) fn asked(&mut self, engine: &Engine, action: &Action, now: Instant) {
        let (op, call) = match action {
            Action::Attach(op, request) => {
                let repeats = repeats(engine, request);
                let machine = self.machine(&request.machine);
                machine.attaches += 1;
                machine.retries += u64::from(repeats);
                (*op, Call::Attach)
            }
            Action::Detach(op, request) => {
                self.machine(&request.machine).detaches += 1;
                (*op, Call::Detach)
            }
            Action::Start(op, machine) => {
                self.machine(machine).starts += 1;
                (*op, Call::Start)
            }
            Action::Report(report) => {
                self.reported(report);
                return;
            }
            _ => return,
        };
        self.under_way.insert(op, (call, now));
    }

    fn reported(&mut self, report: &Report) {
        match report {
            Report::Conflict(..) => self.by_rules += 1,
            Report::Ambiguous(..) => self.by_serial += 1,
            Report::InUse { .. } => self.in_use += 1,
            _ => {}
        }
    }

    /// The call for an attach is about to be made, that long after the event of udev.
    pub(crate) fn reacted(&mut self, after: Duration) {
        self.reactions.add(after);
    }

    /// udev sent more than fits.
    pub(crate) fn overrun(&mut self) {
        self.overruns += 1;
    }

    fn machine(&mut self, machine: &MachineKey) -> &mut OfMachine {
        let full = self.machines.len() >= MOST_MACHINES;
        if full && !self.machines.contains_key(machine) {
            return &mut self.further;
        }
        self.machines.entry(machine.clone()).or_default()
    }
}

/// Whether the last try to attach this device there failed.
fn repeats(engine: &Engine, request: &AttachRequest) -> bool {
    let view = engine.device_view(&request.alias.port);
    view.is_some_and(|view| {
        view.assignment.machine() == Some(&request.machine)
            && view.device.instance == request.alias.instance
            && view.failures > 0
    })
}
