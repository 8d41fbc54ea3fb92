//! Calls that are only imagined, so that a plan is made by the engine itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use virtplug_core::{
    Activity, AttachRequest, DetachRequest, Event, Fact, GuestPorts, Hostdev, LiveMachine,
    MachineKey, MachineRead, OpId, Outcome, RunId, Uuid,
};

/// A call that a real pass would make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Attach(AttachRequest),
    Detach(DetachRequest),
    Start(MachineKey),
}

/// Machines as they would be, and the answers that the engine waits for.
#[derive(Debug, Default)]
pub(crate) struct Rehearsal {
    machines: BTreeMap<MachineKey, LiveMachine>,
    answers: VecDeque<Event>,
    steps: Vec<Step>,
}

impl Rehearsal {
    /// Notes how a machine really is; after that its imagined state counts.
    pub(crate) fn overlay(&mut self, event: Event) -> Event {
        match event {
            Event::MachineRead(machine, MachineRead::Off) => {
                // It may have been started in the imagination.
                let live = self.machines.get(&machine).cloned();
                let read = live.map_or(MachineRead::Off, MachineRead::Live);
                Event::MachineRead(machine, read)
            }
            Event::MachineRead(machine, MachineRead::Live(live)) => {
                let live = self.machines.entry(machine.clone()).or_insert(live).clone();
                Event::MachineRead(machine, MachineRead::Live(live))
            }
            other => other,
        }
    }

    pub(crate) fn attach(&mut self, op: OpId, request: AttachRequest) {
        if let Some(live) = self.machines.get_mut(&request.machine) {
            live.hostdevs.push(Hostdev {
                alias: Some(request.alias.to_string()),
                ids: Some((request.vendor, request.product)),
                address: Some(request.address),
                missing: false,
                guest_port: request.guest_port.as_ref().map(ToString::to_string),
            });
            live.ports.used.extend(request.guest_port.clone());
        }
        self.answer(op, &request.machine);
        self.steps.push(Step::Attach(request));
    }

    pub(crate) fn detach(&mut self, op: OpId, request: DetachRequest) {
        if let Some(live) = self.machines.get_mut(&request.machine) {
            live.hostdevs
                .retain(|hostdev| hostdev.own_alias().as_ref() != Some(&request.alias));
        }
        self.answer(op, &request.machine);
        self.steps.push(Step::Detach(request));
    }

    /// A machine that is paused goes on; one that is off has none of our
    /// entries after its start, and room enough as far as anybody knows.
    pub(crate) fn start(&mut self, op: OpId, machine: MachineKey) {
        self.machines
            .entry(machine.clone())
            .and_modify(|live| live.paused = false)
            .or_insert_with(|| idle(&machine));
        self.answer(op, &machine);
        self.steps.push(Step::Start(machine));
    }

    fn answer(&mut self, op: OpId, machine: &MachineKey) {
        let after = self
            .machines
            .get(machine)
            .map_or(MachineRead::Off, |live| MachineRead::Live(live.clone()));
        let outcome = Outcome {
            result: Ok(()),
            after,
            instance_present: Fact::Known(true),
        };
        self.answers.push_back(Event::Done(op, outcome));
    }

    /// The next imagined answer.
    pub(crate) fn next_answer(&mut self) -> Option<Event> {
        self.answers.pop_front()
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

/// A machine that runs, without devices and with room enough.
pub(crate) fn idle(machine: &MachineKey) -> LiveMachine {
    LiveMachine {
        disks: BTreeSet::new(),
        run: RunId {
            uuid: machine.uuid.unwrap_or(Uuid([0; 16])),
            id: u32::MAX,
        },
        activity: Activity::Ready,
        paused: false,
        hostdevs: Vec::new(),
        ports: GuestPorts {
            controller: true,
            free: None,
            used: BTreeSet::new(),
        },
    }
}
