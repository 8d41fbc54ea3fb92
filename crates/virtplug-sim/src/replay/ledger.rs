//! All that a trace has told of the world so far.

use std::collections::{BTreeMap, BTreeSet};

use virtplug_core::{
    Action, AttachRequest, ConnectionUri, Device, Event, InstanceId, LiveMachine, MachineKey,
    MachineRead, OpId, OwnAlias, PortPath, RunId, Time, TraceStep,
};

/// A call that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Attach(AttachRequest),
    Detach,
    Start,
}

/// What was seen of a machine.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How it was when it was last seen running, if that was its last look.
    pub(super) live: Option<LiveMachine>,
    /// The last run that was seen on this connection.
    pub(super) last_run: Option<RunId>,
    /// All entries that this daemon asked for, as it last did.
    pub(super) asked: BTreeMap<OwnAlias, AttachRequest>,
}

/// What is known from the steps before.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) now: Time,
    /// When this daemon was told the first thing.
    pub(super) began: Option<Time>,
    pub(super) calls: BTreeMap<OpId, (MachineKey, Asked)>,
    pub(super) looks: BTreeMap<MachineKey, usize>,
    pub(super) lists: BTreeMap<ConnectionUri, usize>,
    pub(super) opening: BTreeSet<ConnectionUri>,
    pub(super) up: BTreeSet<ConnectionUri>,
    pub(super) devices: BTreeMap<PortPath, Device>,
    /// Instances that are not there any more.
    pub(super) gone: BTreeSet<InstanceId>,
    pub(super) machines: BTreeMap<MachineKey, Seen>,
}

/// The look at a machine that an event brings.
pub(super) fn look<'e>(
    ledger: &'e Ledger,
    event: &'e Event,
) -> Option<(&'e MachineKey, &'e MachineRead)> {
    match event {
        Event::MachineRead(machine, read) => Some((machine, read)),
        Event::Done(op, outcome) => {
            let (machine, _) = ledger.calls.get(op)?;
            Some((machine, &outcome.after))
        }
        _ => None,
    }
}

/// The running machine that an event shows.
pub(super) fn live<'e>(
    ledger: &'e Ledger,
    event: &'e Event,
) -> Option<(&'e MachineKey, &'e LiveMachine)> {
    match look(ledger, event)? {
        (machine, MachineRead::Live(live)) => Some((machine, live)),
        _ => None,
    }
}

/// The devices that an event shows.
pub(super) fn devices(event: &Event) -> &[Device] {
    match event {
        Event::Devices { present, .. } => present,
        Event::Device(device) => std::slice::from_ref(device),
        _ => &[],
    }
}

impl Ledger {
    /// How a machine was when it was last looked at, if that was the same run.
    pub(super) fn before(&self, machine: &MachineKey, run: RunId) -> Option<&LiveMachine> {
        let live = self.machines.get(machine)?.live.as_ref();
        live.filter(|live| live.run == run)
    }

    /// Takes a step in, after it was judged.
    pub(super) fn take(&mut self, step: &TraceStep) {
        self.began.get_or_insert(step.at);
        self.now = step.at;
        self.hear(&step.event);
        for action in &step.actions {
            self.ask(action);
        }
    }

    fn hear(&mut self, event: &Event) {
        if let Some((machine, read)) = look(self, event) {
            let (machine, read) = (machine.clone(), read.clone());
            self.see(machine, &read);
        }
        match event {
            Event::Devices {
                present,
                unreadable,
            } => {
                let there = |port: &PortPath| {
                    unreadable.contains(port) || present.iter().any(|one| one.port == *port)
                };
                let left: Vec<PortPath> = self
                    .devices
                    .keys()
                    .filter(|port| !there(port))
                    .cloned()
                    .collect();
                for port in left {
                    self.lose(&port);
                }
                for device in present {
                    self.find(device);
                }
            }
            Event::Device(device) => self.find(device),
            Event::DeviceGone(port) => self.lose(port),
            Event::Connected(uri) => {
                self.opening.remove(uri);
                self.up.insert(uri.clone());
            }
            Event::Disconnected(uri, _) => {
                self.opening.remove(uri);
                self.close(uri);
            }
            Event::Machines(uri, _) | Event::ListFailed(uri, _) => {
                self.lists.entry(uri.clone()).and_modify(less);
            }
            Event::MachineRead(machine, _) => {
                self.looks.entry(machine.clone()).and_modify(less);
            }
            Event::Done(op, _) => {
                self.calls.remove(op);
            }
            _ => {}
        }
    }

    fn ask(&mut self, action: &Action) {
        match action {
            Action::Connect(uri) => {
                self.opening.insert(uri.clone());
            }
            Action::Disconnect(uri) => {
                self.opening.remove(uri);
                self.close(uri);
            }
            Action::ListMachines(uri) => *self.lists.entry(uri.clone()).or_default() += 1,
            Action::ReadMachine(machine) => *self.looks.entry(machine.clone()).or_default() += 1,
            Action::Attach(op, request) => {
                let seen = self.machines.entry(request.machine.clone()).or_default();
                seen.asked.insert(request.alias.clone(), request.clone());
                let call = (request.machine.clone(), Asked::Attach(request.clone()));
                self.calls.insert(*op, call);
            }
            Action::Detach(op, request) => {
                self.calls
                    .insert(*op, (request.machine.clone(), Asked::Detach));
            }
            Action::Start(op, machine) => {
                self.calls.insert(*op, (machine.clone(), Asked::Start));
            }
            Action::ScanDevices | Action::Report(_) => {}
        }
    }

    fn see(&mut self, machine: MachineKey, read: &MachineRead) {
        let seen = self.machines.entry(machine).or_default();
        match read {
            MachineRead::Live(live) => {
                seen.last_run = Some(live.run);
                seen.live = Some(live.clone());
            }
            MachineRead::Off | MachineRead::Absent => seen.live = None,
            MachineRead::Failed(_) => {}
        }
    }

    /// libvirtd may be another one when it is reached again, and count runs anew.
    fn close(&mut self, uri: &ConnectionUri) {
        self.up.remove(uri);
        for (machine, seen) in &mut self.machines {
            if machine.uri == *uri {
                seen.last_run = None;
            }
        }
    }

    fn find(&mut self, device: &Device) {
        if let Some(before) = self.devices.get(&device.port)
            && before.instance != device.instance
        {
            self.lose(&device.port);
        }
        self.devices.insert(device.port.clone(), device.clone());
    }

    fn lose(&mut self, port: &PortPath) {
        if let Some(gone) = self.devices.remove(port) {
            self.gone.insert(gone.instance);
        }
    }
}

fn less(count: &mut usize) {
    *count = count.saturating_sub(1);
}
