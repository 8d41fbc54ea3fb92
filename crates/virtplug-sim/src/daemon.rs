//! The daemon: the engine, and the edge that performs what it asks for.

use std::collections::BTreeMap;

use virtplug_core::{Action, ConnectionUri, Engine, Event, Report};

use crate::agenda::{Due, Letter};
use crate::call::{Call, Task};
use crate::fault::Fault;
use crate::invariant::{self, Violation};
use crate::mirror::Mirror;
use crate::monitor::Monitor;
use crate::server::Notice;
use crate::tally;
use crate::trace::Trace;
use crate::world::World;

/// A connection of the daemon, or the attempt to open it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) generation: u64,
    pub(crate) open: bool,
}

/// A running daemon. What it knows ends with it.
#[derive(Debug)]
pub(crate) struct Daemon {
    /// Which one since the world began.
    pub(crate) epoch: u64,
    pub(crate) engine: Engine,
    pub(crate) mirror: Mirror,
    pub(crate) monitor: Monitor,
    pub(crate) links: BTreeMap<ConnectionUri, Link>,
    pub(crate) calls: BTreeMap<u64, Call>,
}

impl World {
    /// Starts the daemon with the configuration as it is on disk.
    pub(crate) fn start_daemon(&mut self) -> Result<(), Violation> {
        if self.daemon.is_some() {
            return Ok(());
        }
        self.epoch += 1;
        let epoch = self.epoch;
        self.note(|| "the daemon starts".into());
        let seed = self.random.next();
        if let Some(traces) = &mut self.traces {
            traces.push(Trace::new(seed));
        }
        self.daemon = Some(Daemon {
            epoch,
            engine: Engine::new(seed),
            mirror: Mirror::default(),
            monitor: Monitor::new(),
            links: BTreeMap::new(),
            calls: BTreeMap::new(),
        });
        // The monitor scans when it starts, asked or not.
        self.wake_monitor();
        let orders = self.orders.clone();
        self.feed(Event::Restore(orders))?;
        let policy = self.policy.clone();
        self.feed(Event::Policy(policy))
    }

    /// Kills the daemon. Requests that were sent may still take effect.
    pub(crate) fn kill_daemon(&mut self) {
        let Some(daemon) = self.daemon.take() else {
            return;
        };
        self.note(|| "the daemon is killed".into());
        self.agenda.forget_epoch(daemon.epoch);
        self.sessions.clear();
        for call in daemon.calls.into_values() {
            self.may_land(&call);
        }
    }

    /// The daemon takes a letter out of its queue.
    pub(crate) fn read_letter(&mut self, letter: Letter) -> Result<(), Violation> {
        let Some(daemon) = &mut self.daemon else {
            return Ok(());
        };
        let is_current = |uri: &ConnectionUri, generation: u64, daemon: &Daemon| {
            daemon
                .links
                .get(uri)
                .is_some_and(|link| link.generation == generation)
        };
        let event = match letter {
            Letter::Event(event) => event,
            Letter::Opened {
                uri,
                generation,
                result,
            } => {
                if !is_current(&uri, generation, daemon) {
                    return Ok(());
                }
                match result {
                    Ok(()) => {
                        daemon.links.insert(
                            uri.clone(),
                            Link {
                                generation,
                                open: true,
                            },
                        );
                        Event::Connected(uri)
                    }
                    Err(reason) => {
                        daemon.links.remove(&uri);
                        Event::Disconnected(uri, reason)
                    }
                }
            }
            Letter::Notice {
                uri,
                generation,
                notice,
            } => {
                if !is_current(&uri, generation, daemon) {
                    return Ok(());
                }
                match notice {
                    Notice::Machine(machine) => Event::MachineChanged(machine),
                    Notice::Hostdev(machine, alias) => Event::HostdevChanged(machine, alias),
                }
            }
            Letter::Closed { uri, generation } => {
                if !is_current(&uri, generation, daemon) {
                    return Ok(());
                }
                daemon.links.remove(&uri);
                Event::Disconnected(uri, "end of file".into())
            }
        };
        self.feed(event)
    }

    /// Gives an event to the engine, checks what it makes of it and performs that.
    pub(crate) fn feed(&mut self, event: Event) -> Result<(), Violation> {
        let now = self.now;
        if event != Event::Tick {
            self.note(|| format!("  -> {}", crate::history::event(&event)));
        }
        let Some(daemon) = &mut self.daemon else {
            return Ok(());
        };
        daemon.mirror.told(now, &event);
        let mut trace = self.traces.as_mut().and_then(|traces| traces.last_mut());
        if let Some(trace) = &mut trace {
            trace.told(now, event.clone());
        }
        let actions = daemon.engine.handle(now, event);
        if let Some(trace) = trace {
            trace.asked(&actions);
        }
        daemon.mirror.believe(daemon.engine.orders());
        if self.orders != *daemon.engine.orders() {
            self.orders = daemon.engine.orders().clone();
        }
        self.tally.events += 1;
        for action in actions {
            self.note(|| format!("  <- {}", crate::history::action(&action)));
            let Some(daemon) = &mut self.daemon else {
                return Ok(());
            };
            invariant::check_action(&daemon.mirror, now, &action)?;
            daemon.mirror.asked(now, &action);
            let kind = step_name(&action);
            self.perform(action);
            if let Some(kind) = kind
                && self.faults.strikes(Fault::DaemonDies)
            {
                tally::hit(&mut self.tally.deaths, kind);
                self.kill_daemon();
                let at = self.now + self.random.millis(50, 3000);
                self.agenda.book(at, Due::Restart);
                return Ok(());
            }
        }
        Ok(())
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect(uri) => {
                self.generation += 1;
                let generation = self.generation;
                if let Some(daemon) = &mut self.daemon {
                    let link = Link {
                        generation,
                        open: false,
                    };
                    daemon.links.insert(uri.clone(), link);
                }
                self.begin_call(&uri, Task::Open(generation));
            }
            Action::Disconnect(uri) => {
                if let Some(daemon) = &mut self.daemon {
                    daemon.links.remove(&uri);
                }
                self.end_session(&uri);
            }
            Action::ScanDevices => {
                if let Some(daemon) = &mut self.daemon {
                    daemon.monitor.everything = true;
                }
                self.wake_monitor();
            }
            Action::ListMachines(uri) => self.begin_call(&uri, Task::List),
            Action::ReadMachine(machine) => {
                self.begin_call(&machine.uri.clone(), Task::Look(machine));
            }
            Action::Attach(op, request) => {
                self.tally.attaches += 1;
                self.begin_call(&request.machine.uri.clone(), Task::Attach(op, request));
            }
            Action::Detach(op, request) => {
                self.tally.detaches += 1;
                self.begin_call(&request.machine.uri.clone(), Task::Detach(op, request));
            }
            Action::Start(op, machine) => {
                self.begin_call(&machine.uri.clone(), Task::Start(op, machine));
            }
            Action::Report(Report::Ordered(_)) => self.tally.orders += 1,
            Action::Report(report) => {
                if let Some(what) = remarkable(&report) {
                    self.sight(what);
                }
            }
        }
    }
}

/// Reports that show what a run got into.
fn remarkable(report: &Report) -> Option<&'static str> {
    Some(match report {
        Report::InUse { .. } => "the guard refused a device",
        Report::TakenInUse { .. } => "a device was taken although it was in use",
        Report::Ambiguous(..) => "several devices claimed one serial number",
        Report::Flapping { .. } => "a port flapped, or did so longer",
        Report::Calmed { .. } => "a port that flapped was calm again",
        Report::Held(..) => "a device stayed out as somebody detached it",
        Report::Overdue(_) => "a call was overdue",
        _ => return None,
    })
}

/// What an action that does something is called.
fn step_name(action: &Action) -> Option<&'static str> {
    Some(match action {
        Action::Connect(_) => "connect",
        Action::Disconnect(_) => "disconnect",
        Action::ScanDevices => "scan",
        Action::ListMachines(_) => "list",
        Action::ReadMachine(_) => "look",
        Action::Attach(..) => "attach",
        Action::Detach(..) => "detach",
        Action::Start(..) => "start",
        Action::Report(_) => return None,
    })
}
