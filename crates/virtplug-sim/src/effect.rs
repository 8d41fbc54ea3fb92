//! Effects: what a server does for a call, and what befalls the call meanwhile.

use virtplug_core::{AttachRequest, CallError, MachineKey};

use crate::agenda::{Due, Ghost};
use crate::call::{Call, Task};
use crate::fault::Fault;
use crate::machine::{Author, Doing};
use crate::server::Server;
use crate::tally;
use crate::usage::Usage;
use crate::world::World;

/// The longest time, in milliseconds, after which a request that nobody waits for any more lands.
pub(crate) const LATEST_LANDING: u64 = 8000;

/// libvirt's codes for what can be wrong with an attach or a detach: internal error,
/// operation failed, system error, no such machine, operation invalid, not
/// supported, timed out, no such device.
const REFUSALS: [i32; 8] = [1, 9, 38, 42, 55, 67, 68, 99];

fn closed() -> CallError {
    CallError::Libvirt {
        code: 38,
        message: "client socket is closed".into(),
    }
}

impl World {
    /// The server's side of an attach, a detach or a start, with all that can befall it.
    pub(crate) fn act(&mut self, call: &Call) -> Result<(), CallError> {
        if self.is_broken(call) {
            self.may_land(call);
            return Err(closed());
        }
        if self.faults.strikes(Fault::ConnectionLostBefore) {
            self.lose_connection(call);
            self.may_land(call);
            return Err(closed());
        }
        if self.faults.strikes(Fault::CallRefused) {
            let code = *self.random.pick(&REFUSALS);
            tally::hit(&mut self.tally.refusals, code);
            return Err(CallError::Libvirt {
                code,
                message: "refused".into(),
            });
        }
        if self.faults.strikes(Fault::FailedButDone) {
            return Ok(());
        }
        if self.faults.strikes(Fault::LandsLater) {
            self.land_later(call);
            return Err(CallError::Libvirt {
                code: 68,
                message: "timed out".into(),
            });
        }
        let epoch = self.epoch;
        let result = match ghost(call) {
            Some(ghost) => self.request(&ghost, Author::Daemon(epoch)),
            None => Ok(()),
        };
        if self.faults.strikes(Fault::ConnectionLostAfter) {
            self.lose_connection(call);
            return Err(closed());
        }
        if self.faults.strikes(Fault::DoneButFailed) {
            return Err(CallError::Libvirt {
                code: 1,
                message: "internal error".into(),
            });
        }
        result
    }

    /// A request whose answer nobody will get: it may still take effect.
    pub(crate) fn may_land(&mut self, call: &Call) {
        if call.is_sent() && self.random.percent(50) {
            self.land_later(call);
        }
    }

    fn land_later(&mut self, call: &Call) {
        if let Some(ghost) = ghost(call) {
            let at = self.now + self.random.millis(0, LATEST_LANDING);
            self.agenda.book(at, Due::Landing(ghost));
        }
    }

    /// Lets the server do what it was asked for.
    pub(crate) fn request(&mut self, ghost: &Ghost, author: Author) -> Result<(), CallError> {
        let machine = match ghost {
            Ghost::Attach(request) => &request.machine,
            Ghost::Detach(machine, _) | Ghost::Start(machine) => machine,
        };
        let Some(server) = self.servers.get_mut(&machine.uri).filter(|one| one.up) else {
            return Err(closed());
        };
        match ghost {
            Ghost::Start(machine) => return self.start_or_resume(&machine.clone()),
            Ghost::Attach(request) => {
                let notice = server.attach(&self.host, request, author);
                self.see_attach(request, notice.as_ref().err());
                self.announce(&notice?);
            }
            Ghost::Detach(machine, alias) => {
                let run = server.detach(machine, alias, author)?;
                let takes = if self.faults.strikes(Fault::RemovalLate) {
                    self.random.millis(2000, 40_000)
                } else {
                    self.random.latency()
                };
                let at = self.now + takes;
                let due = Due::Removal {
                    machine: machine.clone(),
                    run,
                    alias: alias.to_string(),
                    author,
                };
                self.agenda.book(at, due);
            }
        }
        Ok(())
    }
}

impl World {
    /// What an attach did to the host, and what else is worth counting.
    fn see_attach(&mut self, request: &AttachRequest, error: Option<&CallError>) {
        let instance = request.alias.instance;
        let mut entries = self.servers.values().flat_map(Server::entries);
        let entry = entries.find(|(at, _, entry)| {
            **at == request.machine && entry.own().as_ref() == Some(&request.alias)
        });
        let holds = entry.map(|(_, _, entry)| entry.holds);
        drop(entries);
        match error {
            Some(CallError::Libvirt { code: 55, message }) if message.contains("in use") => {
                self.sight("an entry blocked the number of another device");
            }
            Some(_) => {}
            None if holds == Some(None) => self.sight("an entry came without its device"),
            None if holds == Some(Some(instance)) => {
                // QEMU takes it from the drivers of the host.
                if let Some(port) = self.host.port_of(instance) {
                    self.change_use(&port, Usage::Free);
                }
            }
            None => self.sight("an entry came with another device"),
        }
    }

    /// `virDomainCreate` or `virDomainResume`.
    fn start_or_resume(&mut self, machine: &MachineKey) -> Result<(), CallError> {
        let domains = self.servers.get(&machine.uri).map(|one| &one.domains);
        let run = domains
            .and_then(|domains| domains.get(machine))
            .and_then(|domain| domain.run.as_ref());
        let notice = match run.map(|run| run.doing) {
            None => self.start(machine),
            Some(Doing::Paused) => self.set_doing(machine, Doing::Running),
            Some(Doing::Running | Doing::Busy) => None,
        };
        let Some(notice) = notice else {
            return Err(CallError::Libvirt {
                code: 55,
                message: "the machine cannot be started".into(),
            });
        };
        self.tally.starts += 1;
        self.announce(&notice);
        Ok(())
    }
}

fn ghost(call: &Call) -> Option<Ghost> {
    match &call.task {
        Task::Attach(_, request) => Some(Ghost::Attach(request.clone())),
        Task::Detach(_, request) => Some(Ghost::Detach(
            request.machine.clone(),
            request.alias.clone(),
        )),
        Task::Start(_, machine) => Some(Ghost::Start(machine.clone())),
        _ => None,
    }
}
