//! What the engine knows of machines, for those who ask.

use std::collections::BTreeSet;

use crate::action::{AttachRequest, DetachRequest};
use crate::alias::OwnAlias;
use crate::engine::Engine;
use crate::engine::machine::{Entry, Existence, Live, Machine, Slot, Task};
use crate::machine::{Activity, Hostdev, MachineKey, Uuid};
use crate::order::Pause;
use crate::policy::Policy;
use crate::port::PortPath;
use crate::time::Time;

/// A machine that is configured or was seen: how it is and what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineView<'a> {
    /// The machine.
    pub key: &'a MachineKey,
    /// Its UUID, where known.
    pub uuid: Option<Uuid>,
    /// How it is.
    pub state: MachineState,
    /// Whether the configuration names it.
    pub configured: bool,
    /// How it is paused by hand, if it is.
    pub pause: Option<Pause>,
    /// Whether it has a USB controller; known while it is active.
    pub controller: Option<bool>,
    /// Free USB ports; known while it is active and they can be counted.
    pub free_ports: Option<u32>,
    /// Its USB hostdevs, by the last look.
    pub entries: Vec<EntryView<'a>>,
    /// The ports of present devices that belong to it.
    pub wanted: Vec<&'a PortPath>,
    /// What is under way there.
    pub under_way: Option<UnderWay<'a>>,
}

/// How a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineState {
    /// It could not be looked at, or was not yet.
    Unread,
    /// libvirt knows no such machine.
    Absent,
    /// It is defined and not active.
    Off,
    /// It is starting, saving, migrating or ending.
    Busy,
    /// Somebody paused it.
    Paused,
    /// It runs.
    Running,
}

/// A USB hostdev of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryView<'a> {
    /// The entry as it was read.
    pub hostdev: &'a Hostdev,
    /// Our alias, where it is ours.
    pub own: Option<&'a OwnAlias>,
    /// The port of the present device that it holds.
    pub port: Option<&'a PortPath>,
}

/// A call that was not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay<'a> {
    /// Which.
    pub call: Call<'a>,
    /// Since when.
    pub since: Time,
    /// Whether it takes longer than it should.
    pub overdue: bool,
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call<'a> {
    /// Reads the machine.
    Look,
    /// Attaches a device.
    Attach(&'a AttachRequest),
    /// Detaches an entry.
    Detach(&'a DetachRequest),
    /// Starts or resumes the machine.
    Start,
}

impl Engine {
    /// All machines that are configured, decided on by hand, or known of libvirt, by
    /// connection and name.
    pub fn machines(&self) -> impl Iterator<Item = MachineView<'_>> {
        let configured = self.policy.iter().flat_map(Policy::machines);
        let listed = self.connections.values();
        let listed = listed.flat_map(|connection| connection.machines.keys());
        let known: BTreeSet<&MachineKey> = configured
            .chain(listed)
            .chain(self.machines.keys())
            .chain(self.orders.machines())
            .collect();
        known.into_iter().map(|key| self.view_machine(key))
    }

    /// One of these machines.
    pub fn machine(&self, machine: &MachineKey) -> Option<MachineView<'_>> {
        let policy = self.policy.as_ref();
        let connection = self.connections.get(&machine.uri);
        let kept = || Some(self.machines.get_key_value(machine)?.0);
        let listed = || Some(connection?.machines.get_key_value(machine)?.0);
        let key = policy
            .and_then(|policy| policy.machines().get(machine))
            .or_else(kept)
            .or_else(listed)
            .or_else(|| self.orders.name_of(machine))?;
        Some(self.view_machine(key))
    }

    fn view_machine<'a>(&'a self, key: &'a MachineKey) -> MachineView<'a> {
        let listed = self
            .connections
            .get(&key.uri)
            .and_then(|connection| connection.machines.get(key));
        let state = self.machines.get(key);
        let live = state.and_then(Machine::live);
        let uuid = key.uuid.or(live.map(|live| live.run.uuid));
        let policy = self.policy.as_ref();
        MachineView {
            key,
            uuid: uuid.or(listed.copied()),
            state: match state {
                Some(state) => state_of(state),
                None if listed.is_some() && self.is_up(key) => MachineState::Off,
                None => MachineState::Unread,
            },
            configured: policy.is_some_and(|policy| policy.machines().contains(key)),
            pause: self.orders.pause_of(key),
            controller: live.map(|live| live.ports.controller),
            free_ports: live.and_then(|live| live.ports.free),
            entries: self.entries_of(live),
            wanted: state.into_iter().flat_map(|state| &state.wanted).collect(),
            under_way: state
                .and_then(|state| state.slot.as_ref())
                .map(under_way_of),
        }
    }

    fn entries_of<'a>(&'a self, live: Option<&'a Live>) -> Vec<EntryView<'a>> {
        let entries = live.into_iter().flat_map(|live| &live.entries);
        entries
            .map(|entry| EntryView {
                hostdev: &entry.hostdev,
                own: entry.own.as_ref(),
                port: self.port_of(entry),
            })
            .collect()
    }

    /// The port of the present device that an entry holds. An entry of ours
    /// for another enumeration holds none.
    fn port_of(&self, entry: &Entry) -> Option<&PortPath> {
        let present = self.devices.with_address(entry.occupies()?)?;
        let own = entry.own.as_ref();
        let holds = own.is_none_or(|alias| alias.instance == present.device.instance);
        holds.then_some(&present.device.port)
    }
}

fn state_of(state: &Machine) -> MachineState {
    if !state.current {
        return MachineState::Unread;
    }
    match &state.existence {
        Existence::Unread => MachineState::Unread,
        Existence::Absent => MachineState::Absent,
        Existence::Off => MachineState::Off,
        Existence::Live(live) if live.activity == Activity::Busy => MachineState::Busy,
        Existence::Live(live) if live.paused => MachineState::Paused,
        Existence::Live(_) => MachineState::Running,
    }
}

fn under_way_of(slot: &Slot) -> UnderWay<'_> {
    UnderWay {
        call: match &slot.task {
            Task::Look => Call::Look,
            Task::Attach(_, request) => Call::Attach(request),
            Task::Detach(_, request) => Call::Detach(request),
            Task::Start(_) => Call::Start,
        },
        since: slot.since,
        overdue: slot.overdue,
    }
}
