//! Starting a machine because its device was plugged in; never the reverse.

use std::time::Duration;

use super::Engine;
use super::devices::Present;
use super::machine::{Existence, Task};
use crate::action::Action;
use crate::event::Outcome;
use crate::machine::MachineKey;
use crate::port::PortPath;
use crate::report::Report;

/// How long after it was plugged in a device can start its machine.
pub(super) const PLUG_PATIENCE: Duration = Duration::from_secs(60);

impl Engine {
    /// Whether a device was plugged in a moment ago, and after the machine ended:
    /// what was there before starts it no more, whoever gets it meanwhile.
    pub(super) fn may_start(&self, machine: &MachineKey, present: &Present) -> bool {
        let ended = self.ended.get(machine);
        let spent = present.started.contains(machine) && !self.is_starting(machine);
        present.plugged.is_some_and(|at| {
            self.now < at + PLUG_PATIENCE && ended.is_none_or(|ended| at > *ended) && !spent
        })
    }

    fn is_starting(&self, machine: &MachineKey) -> bool {
        let slot = self.machines.get(machine).and_then(|one| one.slot.as_ref());
        slot.is_some_and(|slot| matches!(slot.task, Task::Start(_)))
    }

    /// A run of a machine is over.
    pub(super) fn machine_ended(&mut self, machine: &MachineKey) {
        let now = self.now;
        self.ended.retain(|_, at| now < *at + PLUG_PATIENCE);
        self.ended.insert(machine.clone(), now);
        self.start_is_over(machine);
    }

    /// The device that a machine is to be started or resumed for, if there is one.
    pub(super) fn starter(&self, machine: &MachineKey) -> Option<PortPath> {
        let state = self.machines.get(machine)?;
        if self.orders.pause_of(machine).is_some() {
            return None;
        }
        let idle = match &state.existence {
            Existence::Off => true,
            Existence::Live(live) => live.paused,
            Existence::Unread | Existence::Absent => false,
        };
        if !idle {
            return None;
        }
        let starts = |port: &&PortPath| {
            self.devices.at(port).is_some_and(|present| {
                let grant = present.assignment.grant();
                grant
                    .and_then(|grant| grant.rule())
                    .is_some_and(|rule| rule.options.start_machine)
                    && self.may_start(machine, present)
            })
        };
        state.wanted.iter().find(starts).cloned()
    }

    pub(super) fn start_machine(&mut self, machine: &MachineKey, port: PortPath) {
        let wanted = self.machines.get(machine).map(|state| state.wanted.clone());
        for port in wanted.iter().flatten() {
            if let Some(present) = self.devices.at_mut(port) {
                present.started.insert(machine.clone());
            }
        }
        let op = self.new_op(machine);
        self.start(machine, Task::Start(op));
        self.report(Report::Starting(machine.clone(), port));
        self.actions.push(Action::Start(op, machine.clone()));
    }

    /// The answer to a start. One try is made for each plug.
    pub(super) fn started(&mut self, machine: &MachineKey, outcome: Outcome) {
        if let Err(error) = &outcome.result {
            let error = error.to_string();
            self.report(Report::StartFailed(machine.clone(), error));
        }
        self.start_is_over(machine);
        self.learn(machine, outcome.after);
    }

    /// What is plugged in starts the machine no more.
    pub(super) fn start_is_over(&mut self, machine: &MachineKey) {
        let Some(state) = self.machines.get(machine) else {
            return;
        };
        for port in &state.wanted {
            if let Some(present) = self.devices.at_mut(port) {
                present.plugged = None;
            }
            // A rule that yields may let another machine have it now.
            self.reconsider.insert(port.clone());
        }
        // So may a rule of one that belonged elsewhere when the answer came.
        let watched = self.watched.get(machine).into_iter().flatten();
        self.reconsider.extend(watched.cloned());
    }
}
