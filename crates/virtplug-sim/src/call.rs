//! Calls: from the engine's request to the answer in the daemon's queue, step
//! by step, so that anything can happen in between.

use std::collections::BTreeSet;
use std::time::Duration;

use virtplug_core::{
    AttachRequest, CallError, ConnectionUri, DetachRequest, Event, Fact, MachineKey, MachineRead,
    OpId, Outcome,
};

use crate::agenda::{Due, Letter};
use crate::fault::Fault;
use crate::tally;
use crate::world::World;

/// What is to be done.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    Open(u64),
    List,
    Look(MachineKey),
    Attach(OpId, AttachRequest),
    Detach(OpId, DetachRequest),
    Start(OpId, MachineKey),
}

/// How far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The daemon reads the device once more.
    Check,
    /// The server does what it was asked for.
    Act,
    /// The machine is read again.
    After,
    /// The device is read again.
    Present,
}

/// A call under way.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) task: Task,
    pub(crate) uri: ConnectionUri,
    /// The connection that it was begun on.
    pub(crate) generation: Option<u64>,
    stage: Stage,
    /// Counts the appointments; only the last one is kept.
    turn: u64,
    result: Result<(), CallError>,
    after: MachineRead,
}

impl Call {
    /// The machine that it is for.
    pub(crate) fn machine(&self) -> Option<&MachineKey> {
        match &self.task {
            Task::Open(_) | Task::List => None,
            Task::Look(machine) | Task::Start(_, machine) => Some(machine),
            Task::Attach(_, request) => Some(&request.machine),
            Task::Detach(_, request) => Some(&request.machine),
        }
    }

    fn name(&self) -> &'static str {
        match &self.task {
            Task::Open(_) => "connect",
            Task::List => "list",
            Task::Look(_) => "look",
            Task::Attach(..) => "attach",
            Task::Detach(..) => "detach",
            Task::Start(..) => "start",
        }
    }

    /// Whether the server got it and did not do it yet.
    pub(crate) fn is_sent(&self) -> bool {
        self.generation.is_some() && self.stage == Stage::Act
    }
}

impl World {
    pub(crate) fn begin_call(&mut self, uri: &ConnectionUri, task: Task) {
        let Some(daemon) = &mut self.daemon else {
            return;
        };
        let link = daemon.links.get(uri).filter(|link| link.open);
        let generation = link.map(|link| link.generation);
        self.calls_begun += 1;
        let stage = match task {
            Task::Attach(..) => Stage::Check,
            _ => Stage::Act,
        };
        let call = Call {
            task,
            uri: uri.clone(),
            generation,
            stage,
            turn: 0,
            result: Ok(()),
            after: MachineRead::Failed("not read".into()),
        };
        let id = self.calls_begun;
        daemon.calls.insert(id, call);
        let takes = self.random.latency();
        self.put_off(id, takes);
    }

    /// Lets a call go on after that time.
    fn put_off(&mut self, id: u64, takes: Duration) {
        let at = self.now + takes;
        if let Some(daemon) = &mut self.daemon
            && let Some(call) = daemon.calls.get_mut(&id)
        {
            call.turn += 1;
            let due = Due::Call {
                epoch: daemon.epoch,
                call: id,
                turn: call.turn,
            };
            self.agenda.book(at, due);
        }
    }

    /// Lets calls that wait for minutes go on: all, or those of a connection that broke.
    pub(crate) fn hurry_calls(&mut self, broken: Option<u64>) {
        let Some(daemon) = &self.daemon else {
            return;
        };
        let waiting: Vec<u64> = daemon
            .calls
            .iter()
            .filter(|(_, call)| broken.is_none() || call.generation == broken)
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            let takes = self.random.latency();
            self.put_off(id, takes);
        }
    }

    /// A call gets to its next stage.
    pub(crate) fn step_call(&mut self, id: u64, turn: u64) {
        let Some(daemon) = &mut self.daemon else {
            return;
        };
        if daemon.calls.get(&id).is_none_or(|call| call.turn != turn) {
            return;
        }
        let Some(mut call) = daemon.calls.remove(&id) else {
            return;
        };
        let stuck = self.hung.is_some() && call.machine() == self.hung.as_ref();
        let hangs = self.faults.strikes(Fault::Hangs);
        if call.stage == Stage::Act && (stuck || hangs) && !self.is_broken(&call) {
            if let Some(daemon) = &mut self.daemon {
                daemon.calls.insert(id, call);
            }
            if !stuck {
                let takes = self.random.millis(60_000, 400_000);
                self.put_off(id, takes);
            }
            return;
        }
        let letter = match call.task.clone() {
            Task::Open(generation) => Some(self.open(&call.uri, generation)),
            Task::List => Some(Letter::Event(self.list(&call))),
            Task::Look(machine) => {
                let read = self.look(&call, &machine);
                Some(Letter::Event(Event::MachineRead(machine, read)))
            }
            Task::Attach(op, request) => self.step_attach(&mut call, op, &request),
            Task::Detach(op, request) => self.step_call_to(&mut call, op, &request.machine),
            Task::Start(op, machine) => self.step_call_to(&mut call, op, &machine),
        };
        let takes = self.random.latency();
        if let Some(letter) = letter {
            return self.answer(letter);
        }
        if let Some(daemon) = &mut self.daemon {
            daemon.calls.insert(id, call);
        }
        self.put_off(id, takes);
    }

    fn answer(&mut self, letter: Letter) {
        let takes = if self.faults.strikes(Fault::AnswerLate) {
            self.random.millis(2000, 60_000)
        } else {
            self.random.latency()
        };
        let at = self.now + takes;
        if let Some(daemon) = &self.daemon {
            let epoch = daemon.epoch;
            self.agenda.book(at, Due::Letter { epoch, letter });
        }
    }

    pub(crate) fn is_broken(&self, call: &Call) -> bool {
        let session = self.sessions.get(&call.uri);
        !matches!(call.task, Task::Open(_))
            && (call.generation.is_none() || session != call.generation.as_ref())
    }

    fn open(&mut self, uri: &ConnectionUri, generation: u64) -> Letter {
        let up = self.servers.get(uri).is_some_and(|server| server.up);
        let opens = up && !self.faults.strikes(Fault::OpenRefused);
        let link = self
            .daemon
            .as_ref()
            .and_then(|daemon| daemon.links.get(uri));
        let wanted = link.is_some_and(|link| link.generation == generation);
        let result = if opens {
            if wanted {
                self.sessions.insert(uri.clone(), generation);
                if self.faults.strikes(Fault::ConnectionLostAfter) {
                    tally::hit(&mut self.tally.losses, "connect");
                    self.break_session(uri);
                }
            }
            Ok(())
        } else {
            Err("connection refused".into())
        };
        Letter::Opened {
            uri: uri.clone(),
            generation,
            result,
        }
    }

    /// The connection breaks in the midst of a call.
    pub(crate) fn lose_connection(&mut self, call: &Call) {
        tally::hit(&mut self.tally.losses, call.name());
        self.break_session(&call.uri);
    }

    /// The connection breaks while something is read; the answer is lost.
    fn breaks_in_reading(&mut self, call: &Call) -> bool {
        let breaks = !self.is_broken(call) && self.faults.strikes(Fault::ConnectionLostBefore);
        if breaks {
            self.lose_connection(call);
        }
        breaks
    }

    fn list(&mut self, call: &Call) -> Event {
        let uri = call.uri.clone();
        self.breaks_in_reading(call);
        let fails = self.faults.strikes(Fault::ListFails);
        let server = self.servers.get(&uri);
        match server.filter(|_| !fails && !self.is_broken(call)) {
            Some(server) => Event::Machines(uri, server.list()),
            None => Event::ListFailed(uri, "cannot list".into()),
        }
    }

    fn look(&mut self, call: &Call, machine: &MachineKey) -> MachineRead {
        if self.is_broken(call) || self.breaks_in_reading(call) {
            return MachineRead::Failed("client socket is closed".into());
        }
        if self.faults.strikes(Fault::LookFails) {
            return MachineRead::Failed("cannot read".into());
        }
        let server = self.servers.get(&call.uri);
        server.map_or(MachineRead::Absent, |server| server.look(machine))
    }

    fn step_attach(
        &mut self,
        call: &mut Call,
        op: OpId,
        request: &AttachRequest,
    ) -> Option<Letter> {
        match call.stage {
            Stage::Check => {
                call.result = self.check(call, request);
                call.stage = if call.result.is_ok() {
                    Stage::Act
                } else {
                    Stage::After
                };
            }
            Stage::Act => {
                call.result = self.act(call);
                call.stage = Stage::After;
            }
            Stage::After => {
                call.after = self.look(call, &request.machine);
                call.stage = Stage::Present;
            }
            Stage::Present => {
                let outcome = Outcome {
                    result: call.result.clone(),
                    after: call.after.clone(),
                    instance_present: self.is_present(request),
                };
                return Some(Letter::Event(Event::Done(op, outcome)));
            }
        }
        None
    }

    /// What the daemon reads right before an attach.
    fn check(&mut self, call: &Call, request: &AttachRequest) -> Result<(), CallError> {
        if self.is_present(request) != Fact::Known(true) {
            return Err(CallError::InstanceChanged);
        }
        if request.allow_in_use || self.is_broken(call) {
            return Ok(());
        }
        if self.faults.strikes(Fault::UseUnreadable) {
            return Err(CallError::InUse(BTreeSet::new()));
        }
        let plugged = self.host.with_instance(request.alias.instance);
        match plugged.map(|plugged| plugged.usage) {
            Some(usage) if usage.refuses() => {
                self.sight("a use was seen right before the call");
                Err(CallError::InUse(usage.uses()))
            }
            _ => Ok(()),
        }
    }

    /// A detach or a start: nothing of a device is read.
    fn step_call_to(&mut self, call: &mut Call, op: OpId, machine: &MachineKey) -> Option<Letter> {
        if call.stage == Stage::Act {
            call.result = self.act(call);
            call.stage = Stage::After;
            return None;
        }
        let outcome = Outcome {
            result: call.result.clone(),
            after: self.look(call, machine),
            instance_present: Fact::Unknown,
        };
        Some(Letter::Event(Event::Done(op, outcome)))
    }

    fn is_present(&mut self, request: &AttachRequest) -> Fact<bool> {
        if self.faults.strikes(Fault::CheckUnreadable) {
            return Fact::Unknown;
        }
        let there = self.host.at(&request.alias.port);
        Fact::Known(there.is_some_and(|plugged| plugged.instance == request.alias.instance))
    }
}
