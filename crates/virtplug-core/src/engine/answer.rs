//! Answers to calls. Success and failure are judged by the look that follows
//! the call; libvirt's answer only explains.

use super::Engine;
use super::machine::{Attempts, DETACH_PATIENCE, Live, Task};
use crate::action::{AttachRequest, DetachRequest, OpId};
use crate::event::{CallError, Outcome};
use crate::fact::Fact;
use crate::machine::MachineKey;
use crate::report::Report;
use crate::retry::CALL_DELAY_CAP;

impl Engine {
    pub(super) fn done(&mut self, op: OpId, outcome: Outcome) {
        let Some(machine) = self.ops.remove(&op) else {
            return;
        };
        let state = self.machines.get_mut(&machine);
        match state
            .and_then(|state| state.slot.take())
            .map(|slot| slot.task)
        {
            Some(Task::Attach(_, request)) => self.attached(&machine, request, outcome),
            Some(Task::Detach(_, request)) => self.detached(&machine, &request, outcome),
            Some(Task::Start(_)) => self.started(&machine, outcome),
            Some(Task::Look) | None => {}
        }
    }

    fn attached(&mut self, machine: &MachineKey, request: AttachRequest, outcome: Outcome) {
        let instance = request.alias.instance;
        let result = match outcome.result {
            Err(CallError::InUse(uses)) if !request.allow_in_use => {
                self.attach_resolved(machine);
                self.learn(machine, outcome.after);
                self.refused_by_call(instance, uses);
                return;
            }
            result => result,
        };
        if let Err(CallError::InstanceChanged) = result {
            self.attach_resolved(machine);
        }
        self.learn(machine, outcome.after);
        if result.is_err() || outcome.instance_present != Fact::Known(true) {
            // What we know of the devices may be old.
            self.scan();
        }
        let Some(state) = self.machines.get_mut(machine) else {
            return;
        };
        let live = state.live();
        let entry = live.and_then(|live| live.entry(&request.alias));
        if state.current && live.is_none() {
            return;
        }
        if state.current && entry.is_some_and(|entry| !entry.missing) {
            return;
        }
        let error = match result {
            Err(error) => error.to_string(),
            Ok(()) if entry.is_some() => "libvirt attached it without finding the device".into(),
            Ok(()) => "libvirt said done, but the machine does not have it".into(),
        };
        let stuck = live.filter(|_| state.current).and_then(Live::stuck);
        let present = self.devices.with_instance(instance);
        if present.is_none_or(|present| present.assignment.machine() != Some(machine)) {
            return;
        }
        let tries = state
            .attempts
            .entry(instance)
            .or_insert_with(Attempts::default);
        let pause = tries
            .backoff
            .fail(self.now, CALL_DELAY_CAP, &mut self.jitter);
        tries.error.clone_from(&error);
        tries.stuck = stuck;
        let attempt = tries.backoff.failures();
        self.report(Report::AttachFailed {
            machine: machine.clone(),
            alias: request.alias,
            attempt,
            retry_ms: stuck
                .is_none()
                .then(|| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)),
            error,
        });
    }

    fn detached(&mut self, machine: &MachineKey, request: &DetachRequest, outcome: Outcome) {
        let state = self.machines.get_mut(machine);
        if let Some(leaving) = state.and_then(|state| state.leaving.get_mut(&request.alias)) {
            leaving.last = self.now;
        }
        self.learn(machine, outcome.after);
        let Some(state) = self.machines.get_mut(machine) else {
            return;
        };
        let gone = state
            .live()
            .is_none_or(|live| live.entry(&request.alias).is_none());
        if state.current && gone {
            return;
        }
        let Some(leaving) = state.leaving.get_mut(&request.alias) else {
            return;
        };
        match outcome.result {
            // QEMU confirms by an event; until then there is nothing to repeat.
            Ok(()) => {
                leaving
                    .backoff
                    .fail(self.now, CALL_DELAY_CAP, &mut self.jitter);
                let patience = self.now + DETACH_PATIENCE;
                leaving
                    .backoff
                    .wait_until(patience.max(leaving.backoff.until()));
            }
            Err(error) => {
                let pause = leaving
                    .backoff
                    .fail(self.now, CALL_DELAY_CAP, &mut self.jitter);
                let attempt = leaving.backoff.failures();
                self.report(Report::DetachFailed {
                    machine: machine.clone(),
                    alias: request.alias.clone(),
                    attempt,
                    retry_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    error: error.to_string(),
                });
            }
        }
    }
}
