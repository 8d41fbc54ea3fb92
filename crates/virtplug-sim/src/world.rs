//! The world: host, libvirt servers, daemon, and a clock that only runs when
//! something is due.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use virtplug_core::{ConnectionUri, InstanceId, MachineKey, Orders, Policy, Time};

use crate::agenda::{Agenda, Appointment, Due, Lane, Letter};
use crate::call::Call;
use crate::daemon::Daemon;
use crate::fault::{Fault, Faults};
use crate::host::Host;
use crate::invariant::{self, Violation};
use crate::machine::{Author, Doing, Entry};
use crate::random::Random;
use crate::server::{Notice, Server};
use crate::tally::{self, Tally};
use crate::trace::Trace;

/// How long everything may take to come to rest: the longest pause of a port
/// that flaps is five minutes, and it may begin at the last moment.
const REST: Duration = Duration::from_secs(20 * 60);

/// How many things may happen until then.
const REST_STEPS: u64 = 20_000;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) random: Random,
    pub(crate) faults: Faults,
    pub(crate) agenda: Agenda,
    pub(crate) host: Host,
    pub(crate) servers: BTreeMap<ConnectionUri, Server>,
    /// The connection that each server talks to, by its generation.
    pub(crate) sessions: BTreeMap<ConnectionUri, u64>,
    pub(crate) daemon: Option<Daemon>,
    /// The machine whose calls never come back.
    pub(crate) hung: Option<MachineKey>,
    /// The configuration on disk.
    pub(crate) policy: Policy,
    /// What the daemon noted of what somebody ordered.
    pub(crate) orders: Orders,
    /// What somebody else took out of a run of a machine.
    pub(crate) taken_out: BTreeSet<(MachineKey, u64, InstanceId)>,
    pub(crate) epoch: u64,
    pub(crate) generation: u64,
    pub(crate) calls_begun: u64,
    pub(crate) runs_begun: u64,
    pub(crate) tally: Tally,
    /// Events for the engine after which everything was checked.
    pub(crate) checked: u64,
    pub(crate) history: Option<Vec<String>>,
    /// What each daemon was told, where that is kept.
    pub(crate) traces: Option<Vec<Trace>>,
}

impl World {
    /// Writes a line of history, where one is kept.
    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(history) = &mut self.history {
            let seconds = self.now.since(Time::default()).as_secs_f64();
            history.push(format!("{seconds:10.3}  {}", line()));
        }
    }

    /// Counts something that came about.
    pub(crate) fn sight(&mut self, what: &'static str) {
        tally::hit(&mut self.tally.sights, what);
    }

    fn next_due(&self) -> Option<Time> {
        let wakeup = self
            .daemon
            .as_ref()
            .and_then(|daemon| daemon.engine.next_wakeup());
        self.agenda.next().into_iter().chain(wakeup).min()
    }

    /// Lets time pass and everything happen that comes due.
    pub(crate) fn pass(&mut self, span: Duration) -> Result<(), Violation> {
        let end = self.now + span;
        while self.next_due().is_some_and(|due| due <= end) {
            self.step()?;
        }
        self.now = end;
        Ok(())
    }

    /// Lets the next thing happen, and checks everything after it.
    fn step(&mut self) -> Result<(), Violation> {
        let Some(at) = self.next_due() else {
            return Ok(());
        };
        self.now = self.now.max(at);
        self.tally.steps += 1;
        if self.wakes() {
            self.feed(virtplug_core::Event::Tick)?;
        } else if let Some(due) = self.agenda.take() {
            self.happen(due)?;
        }
        invariant::check_state(self)
    }

    /// Lets something happen before or after its time, and checks everything after it.
    pub(crate) fn step_out_of_turn(&mut self, which: Appointment) -> Result<(), Violation> {
        self.now = self.now.max(which.0);
        self.tally.steps += 1;
        // What the engine wanted to do meanwhile comes first.
        while self.wakes() {
            self.feed(virtplug_core::Event::Tick)?;
            invariant::check_state(self)?;
        }
        if let Some(due) = self.agenda.take_out(which) {
            self.happen(due)?;
        }
        invariant::check_state(self)
    }

    /// Whether the engine asked to be woken by now.
    fn wakes(&self) -> bool {
        let next = self
            .daemon
            .as_ref()
            .and_then(|one| one.engine.next_wakeup());
        next.is_some_and(|next| next <= self.now)
    }

    fn happen(&mut self, due: Due) -> Result<(), Violation> {
        let current = self.daemon.as_ref().map(|daemon| daemon.epoch);
        match due {
            Due::Processed(port) => self.processed(port),
            Due::Monitor { epoch } if Some(epoch) == current => self.look_at_devices(),
            Due::UseSeen { epoch, port } if Some(epoch) == current => self.use_seen(port),
            Due::Letter { epoch, letter } if Some(epoch) == current => {
                return self.read_letter(letter);
            }
            Due::Call { epoch, call, turn } if Some(epoch) == current => self.step_call(call, turn),
            Due::Monitor { .. } | Due::UseSeen { .. } | Due::Letter { .. } | Due::Call { .. } => {}
            Due::Removal {
                machine,
                run,
                alias,
                author,
            } => self.remove(&machine, run, &alias, author),
            Due::Landing(ghost) => {
                let result = self.request(&ghost, Author::Ghost);
                self.note(|| format!("a lost request lands: {ghost:?} {result:?}"));
            }
            Due::Restart => return self.start_daemon(),
            Due::Break { uri, generation } => {
                if self.sessions.get(&uri) == Some(&generation) {
                    self.break_session(&uri);
                }
            }
        }
        Ok(())
    }

    /// QEMU lets a device go, or does not.
    fn remove(&mut self, machine: &MachineKey, run: u64, alias: &str, author: Author) {
        let fails = self.faults.strikes(Fault::RemovalFails);
        let Some(server) = self.servers.get_mut(&machine.uri).filter(|one| one.up) else {
            return;
        };
        let Some((notice, entry)) = server.finish_removal(machine, run, alias, fails) else {
            return;
        };
        if !fails {
            self.note(|| format!("QEMU of {machine} let {alias} go"));
            self.blame(author, machine, run, &entry);
            if let Some(instance) = entry.holds {
                self.host.give_back(instance, true);
            }
        }
        if !self.faults.strikes(Fault::RemovedEventLost) {
            self.announce(&notice);
        }
    }

    /// Notes that somebody took an entry out whom the daemon that runs now does
    /// not know of: an earlier daemon, or a request that came back from the dead.
    fn blame(&mut self, author: Author, machine: &MachineKey, run: u64, entry: &Entry) {
        if let (true, Some(instance)) = (author != Author::Daemon(self.epoch), entry.holds) {
            self.taken_out.insert((machine.clone(), run, instance));
        }
    }

    /// libvirt tells those who are connected.
    pub(crate) fn announce(&mut self, notice: &Notice) {
        let uri = notice.machine().uri.clone();
        let Some(generation) = self.sessions.get(&uri).copied() else {
            return;
        };
        if self.servers.get(&uri).is_none_or(|server| !server.up) {
            return;
        }
        if self.faults.strikes(Fault::LibvirtEventLost) {
            let at = self.now + self.random.millis(2000, 40_000);
            self.agenda.book(at, Due::Break { uri, generation });
            return;
        }
        let times = 1 + usize::from(self.faults.strikes(Fault::LibvirtEventDoubled));
        for _ in 0..times {
            let takes = if self.faults.strikes(Fault::LibvirtEventLate) {
                self.random.millis(2000, 30_000)
            } else {
                self.random.latency()
            };
            let letter = Letter::Notice {
                uri: uri.clone(),
                generation,
                notice: notice.clone(),
            };
            if self.faults.strikes(Fault::LibvirtEventOvertakes) {
                self.send(Duration::ZERO, letter);
            } else {
                self.send_by_connection(&uri, generation, takes, letter);
            }
        }
    }

    fn send(&mut self, takes: Duration, letter: Letter) {
        let at = self.now + takes;
        if let Some(daemon) = &self.daemon {
            let epoch = daemon.epoch;
            self.agenda.book(at, Due::Letter { epoch, letter });
        }
    }

    fn send_by_connection(
        &mut self,
        uri: &ConnectionUri,
        generation: u64,
        takes: Duration,
        letter: Letter,
    ) {
        let at = self.now + takes;
        if let Some(daemon) = &self.daemon {
            let epoch = daemon.epoch;
            let lane = Lane::Connection(uri.clone(), generation);
            self.agenda
                .book_in_line(lane, at, Due::Letter { epoch, letter });
        }
    }

    /// A connection ends without the daemon's doing.
    pub(crate) fn break_session(&mut self, uri: &ConnectionUri) {
        let Some(generation) = self.end_session(uri) else {
            return;
        };
        self.note(|| format!("the connection to {uri} breaks"));
        let takes = self.random.latency();
        let letter = Letter::Closed {
            uri: uri.clone(),
            generation,
        };
        self.send_by_connection(uri, generation, takes, letter);
    }

    /// The server has no connection any more; calls on it come back.
    pub(crate) fn end_session(&mut self, uri: &ConnectionUri) -> Option<u64> {
        let generation = self.sessions.remove(uri)?;
        self.hurry_calls(Some(generation));
        Some(generation)
    }

    /// Ends all faults and lets everything come to rest, then checks that all
    /// is as it should be.
    pub(crate) fn rest(&mut self) -> Result<(), Violation> {
        self.note(|| "all faults end".into());
        self.faults.calm();
        self.start_daemon()?;
        let uris: Vec<ConnectionUri> = self.servers.keys().cloned().collect();
        for uri in uris {
            self.start_server(&uri);
        }
        self.end_work();
        self.hurry_calls(None);
        self.process_all();
        let end = self.now + REST;
        let last_step = self.tally.steps + REST_STEPS;
        while let Some(due) = self.next_due() {
            let late = due > end;
            if late && self.hung.is_some() && !self.calls_beside_the_hung() {
                // What the hung machine holds, and nobody can see, is tried for ever.
                break;
            }
            if late && self.hung.is_none() || self.tally.steps > last_step {
                return Err(Violation {
                    invariant: "I5 everything comes to rest",
                    text: format!("the next is due at {due:?}: {:?}", self.agenda),
                });
            }
            self.step()?;
        }
        invariant::check_rest(self)
    }

    /// Whether a call is under way that will be answered.
    fn calls_beside_the_hung(&self) -> bool {
        let calls = self.daemon.iter().flat_map(|daemon| daemon.calls.values());
        let mut machines = calls.map(Call::machine);
        machines.any(|machine| machine != self.hung.as_ref())
    }

    /// Machines end what keeps them busy.
    fn end_work(&mut self) {
        let mut notices = Vec::new();
        for server in self.servers.values_mut() {
            for (machine, domain) in &mut server.domains {
                if let Some(run) = &mut domain.run
                    && run.doing == Doing::Busy
                {
                    run.doing = Doing::Running;
                    notices.push(Notice::Machine(machine.clone()));
                }
            }
        }
        for notice in notices {
            self.announce(&notice);
        }
    }

    /// udev gets done with every device.
    fn process_all(&mut self) {
        for port in self.host.ports() {
            if self.host.at(&port).is_some_and(|one| !one.processed) {
                self.uevent(&port);
            }
        }
    }

    /// libvirtd comes up.
    pub(crate) fn start_server(&mut self, uri: &ConnectionUri) {
        let Some(server) = self.servers.get_mut(uri).filter(|server| !server.up) else {
            return;
        };
        for (machine, run, entry) in server.restart() {
            if let Some(author) = entry.leaving {
                self.blame(author, &machine, run, &entry);
            }
        }
        self.note(|| format!("libvirtd of {uri} comes up"));
    }
}
