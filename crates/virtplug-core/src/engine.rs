//! The engine: events in, actions out.
//!
//! What to do follows from what is wished (rules and holds) and what is (the
//! last looks at devices and machines), never from the history of events.
//! An event marks the machines that it may concern, and each marked machine is
//! settled one step at a time: the next step follows from the answer.

mod answer;
mod connection;
mod departures;
mod device_events;
mod devices;
mod disks;
mod flapping;
mod guard;
mod holds;
mod link;
mod look;
mod machine;
mod orders;
mod placement;
mod pools;
mod settle;
mod situation;
mod starting;
mod switches;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use machine::Stuck;
pub use view::{
    Call, ConnectionView, DeviceView, EntryView, Holder, MachineState, MachineView, Summary,
    UnderWay,
};

use crate::action::{Action, OpId};
use crate::alias::OwnAlias;
use crate::event::Event;
use crate::flap::Flaps;
use crate::id::HostAddress;
use crate::machine::{ConnectionUri, MachineKey};
use crate::order::Orders;
use crate::policy::Policy;
use crate::port::PortPath;
use crate::report::Report;
use crate::retry::{Jitter, RateLimit};
use crate::time::Time;

use connection::Connection;
use departures::Departures;
use devices::Devices;
use disks::ByDisk;
use holds::Lost;
use machine::Machine;
use pools::Pools;
use switches::Switched;

/// How long a device may wait for udev. A device that udev never processes is
/// attached after that.
const UDEV_PATIENCE: Duration = Duration::from_secs(10);

/// Decides what is attached where. Opens no file, reads no clock.
#[derive(Debug)]
pub struct Engine {
    now: Time,
    /// `None` until the first configuration; nothing is done before.
    policy: Option<Policy>,
    devices: Devices,
    connections: BTreeMap<ConnectionUri, Connection>,
    machines: BTreeMap<MachineKey, Machine>,
    /// Who holds an address, by the last looks at the machines.
    occupants: BTreeMap<HostAddress, Vec<Occupant>>,
    /// Machines with an entry of ours that names a port, by the last looks.
    entries_of: BTreeMap<PortPath, BTreeSet<MachineKey>>,
    /// Disks of machines, by the last looks at them.
    machine_disks: ByDisk<MachineKey>,
    /// Addresses that an attach was asked for, until its machine was looked at
    /// again. The call may hit whatever instance has the address by then.
    attaching: BTreeMap<HostAddress, MachineKey>,
    /// What successors of devices that left inherit.
    departures: Departures,
    /// What somebody decided by hand. Devices that somebody detached without
    /// us stay out as long as the instance lives and the machine runs.
    orders: Orders,
    /// Held devices that left a moment ago, by their port.
    lost: BTreeMap<PortPath, Lost>,
    /// Rules that have another owner than the configuration says.
    switched: Switched,
    /// Devices that rules of a group concern.
    grouped: BTreeMap<String, BTreeSet<PortPath>>,
    /// Places of rules that give at most so many devices.
    pools: Pools,
    /// Devices whose assignment depends on whether a machine runs.
    watched: BTreeMap<MachineKey, BTreeSet<PortPath>>,
    /// When machines ended, the last minute.
    ended: BTreeMap<MachineKey, Time>,
    /// Devices to decide on anew.
    reconsider: BTreeSet<PortPath>,
    flaps: Flaps,
    rate: RateLimit,
    jitter: Jitter,
    timers: BTreeSet<(Time, Wake)>,
    dirty: BTreeSet<MachineKey>,
    actions: Vec<Action>,
    /// Which machine a call belongs to, until it is answered.
    ops: BTreeMap<OpId, MachineKey>,
    next_op: u64,
}

/// A hostdev that keeps others from an address.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Occupant {
    machine: MachineKey,
    own: Option<OwnAlias>,
}

/// What a timer wakes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Wake {
    Connection(ConnectionUri),
    Machine(MachineKey),
    Devices,
    Pools,
    Plug(PortPath),
    Calm(PortPath),
    Holds,
}

impl Engine {
    /// An engine that knows nothing. `seed` varies the jitter of its pauses.
    pub fn new(seed: u64) -> Self {
        Self {
            now: Time::default(),
            policy: None,
            devices: Devices::default(),
            connections: BTreeMap::new(),
            machines: BTreeMap::new(),
            occupants: BTreeMap::new(),
            entries_of: BTreeMap::new(),
            machine_disks: ByDisk::default(),
            attaching: BTreeMap::new(),
            departures: Departures::default(),
            orders: Orders::default(),
            lost: BTreeMap::new(),
            switched: Switched::default(),
            grouped: BTreeMap::new(),
            pools: Pools::default(),
            watched: BTreeMap::new(),
            ended: BTreeMap::new(),
            reconsider: BTreeSet::new(),
            flaps: Flaps::default(),
            rate: RateLimit::new(),
            jitter: Jitter::new(seed),
            timers: BTreeSet::new(),
            dirty: BTreeSet::new(),
            actions: Vec::new(),
            ops: BTreeMap::new(),
            next_op: 1,
        }
    }

    /// Takes one event and gives what is to be done, in this order.
    pub fn handle(&mut self, now: Time, event: Event) -> Vec<Action> {
        self.now = self.now.max(now);
        self.rate.refill(self.now);
        self.end_lost_holds();
        match event {
            Event::Policy(policy) => self.adopt(policy),
            Event::Devices {
                present,
                unreadable,
            } => self.take_scan(present, unreadable),
            Event::Device(device) => self.take_device(device),
            Event::DeviceUnreadable(port) => self.devices.mark_unreadable(port),
            Event::DeviceGone(port) => self.lose_device(&port),
            Event::ScanFailed(reason) => self.scan_failed(&reason),
            Event::Connected(uri) => self.connected(&uri),
            Event::Disconnected(uri, reason) => self.disconnected(&uri, reason),
            Event::Machines(uri, listing) => self.take_list(&uri, &listing),
            Event::ListFailed(uri, reason) => self.list_failed(&uri, &reason),
            // Also while a call is under way: its own look may have come before the change.
            Event::MachineChanged(machine) | Event::HostdevChanged(machine, _) => {
                self.look_again(&machine);
            }
            Event::MachineRead(machine, read) => self.looked(&machine, read),
            Event::Order(order) => self.ordered(order),
            Event::Restore(orders) => self.restore(orders),
            Event::Done(op, outcome) => self.done(op, outcome),
            Event::Tick => {}
        }
        self.end_lost_holds();
        self.ring_timers();
        while let Some(port) = self.reconsider.pop_first() {
            self.assign(&port);
        }
        while let Some(machine) = self.dirty.pop_first() {
            self.settle(&machine);
        }
        self.plan_look_at_devices();
        std::mem::take(&mut self.actions)
    }

    /// When the engine wants `Event::Tick`, if time alone can bring something.
    pub fn next_wakeup(&self) -> Option<Time> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The configuration in force.
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// What was decided by hand and is in force.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    fn ring_timers(&mut self) {
        while let Some((at, _)) = self.timers.first()
            && *at <= self.now
        {
            match self.timers.pop_first() {
                Some((_, Wake::Connection(uri))) => {
                    if let Some(connection) = self.connections.get_mut(&uri) {
                        connection.wake = None;
                    }
                    self.drive(&uri);
                }
                Some((_, Wake::Machine(machine))) => {
                    if let Some(state) = self.machines.get_mut(&machine) {
                        state.wake = None;
                    }
                    self.dirty.insert(machine);
                }
                Some((_, Wake::Devices)) => {
                    self.devices.look_now();
                    self.scan();
                }
                Some((_, Wake::Pools)) => self.pools_expired(),
                Some((_, Wake::Plug(port))) => {
                    self.reconsider.insert(port);
                }
                Some((_, Wake::Calm(port))) => self.see_calm(port),
                // Holds were looked at when the time was told.
                Some((_, Wake::Holds)) | None => {}
            }
        }
    }

    fn report(&mut self, report: Report) {
        if !self.is_counted(&report) {
            self.actions.push(Action::Report(report));
        }
    }

    fn new_op(&mut self, machine: &MachineKey) -> OpId {
        let op = OpId(self.next_op);
        self.next_op += 1;
        self.ops.insert(op, machine.clone());
        op
    }

    /// The machine's state; a machine that was not heard of gets one.
    fn machine_mut(&mut self, machine: &MachineKey) -> &mut Machine {
        self.machines.entry(machine.clone()).or_default()
    }
}
