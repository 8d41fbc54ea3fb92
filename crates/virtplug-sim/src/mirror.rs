//! What the engine was told and has asked for, written down by somebody else.
//!
//! The mirror is simple-minded on purpose: no index, no shared code with the
//! engine. The invariants compare the engine's actions with it.

mod around;
mod device;
mod fault;
mod first_look;
mod flapping;
mod guard;
mod machine;
mod orders;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use virtplug_core::{
    Action, CallError, ConnectionUri, Device, Event, HostAddress, InstanceId, MachineKey,
    MachineRead, OpId, Orders, Outcome, OwnAlias, Policy, PortPath, Report, Time,
};

use crate::wish::{Followed, Wish};
pub(crate) use around::{Around, fits, following};
pub(crate) use device::FOLLOW;
use first_look::FirstLook;
pub(crate) use flapping::Arrivals;
pub(crate) use machine::Known;
use orders::Fresh;

/// A call that the engine waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Look,
    Attach(OpId, OwnAlias),
    Detach(OpId, OwnAlias),
    Start(OpId),
}

/// A device that left its port.
#[derive(Debug)]
pub(crate) struct Departure {
    at: Time,
    /// Whom what comes now may follow.
    followed: Vec<Followed>,
}

/// The engine's knowledge, as far as it can have any.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    /// The configuration as it was told.
    pub(crate) given: Option<Policy>,
    /// The same, with the rules of groups that have another owner.
    pub(crate) policy: Option<Policy>,
    /// What is in force by hand; not what somebody detached elsewhere.
    pub(crate) orders: Orders,
    /// Held devices that left, and when.
    pub(crate) lost: BTreeMap<InstanceId, (Time, Device)>,
    fresh: Option<Fresh>,
    /// Whether a scan of all devices was told.
    pub(crate) complete: bool,
    pub(crate) devices: BTreeMap<PortPath, Device>,
    pub(crate) unreadable: BTreeSet<PortPath>,
    /// When instances appeared at a port.
    pub(crate) arrivals: BTreeMap<PortPath, Arrivals>,
    pub(crate) up: BTreeSet<ConnectionUri>,
    /// What of a connection is to be looked at before anything is attached.
    first_looks: BTreeMap<ConnectionUri, FirstLook>,
    pub(crate) opening: BTreeSet<ConnectionUri>,
    pub(crate) listing: BTreeSet<ConnectionUri>,
    pub(crate) scans: u32,
    pub(crate) machines: BTreeMap<MachineKey, Known>,
    pub(crate) in_flight: BTreeMap<MachineKey, Asked>,
    /// Attaches whose outcome was not seen yet.
    pub(crate) unresolved: BTreeMap<MachineKey, HostAddress>,
    /// The time of the last event.
    pub(crate) now: Time,
    pub(crate) departures: BTreeMap<PortPath, Departure>,
    /// Whom instances may follow.
    pub(crate) follows: BTreeMap<InstanceId, Vec<Followed>>,
    /// When instances were plugged in that are in no machine since.
    pub(crate) plugs: BTreeMap<InstanceId, Time>,
    /// Machines that were started for a plug, or ended since.
    pub(crate) spent: BTreeSet<(InstanceId, MachineKey)>,
    /// For whom a start is about to be asked for.
    starting_for: Option<(InstanceId, MachineKey)>,
    /// Ports whose device could not be read by the first scan.
    pub(crate) there_before: BTreeSet<PortPath>,
    /// Machines that came into the policy; what was known of them may be forgotten.
    pub(crate) unsure: BTreeSet<MachineKey>,
    /// What was in a machine when that had more than its rules may give.
    pub(crate) excess: BTreeSet<(MachineKey, InstanceId)>,
    /// When attaches were asked for, the last ten seconds.
    pub(crate) attaches: VecDeque<Time>,
}

impl Mirror {
    pub(crate) fn device_of(&self, instance: InstanceId) -> Option<&Device> {
        self.devices.values().find(|one| one.instance == instance)
    }

    /// Where an instance belongs; `None` if it is not known to be there.
    pub(crate) fn wish(&self, instance: InstanceId) -> Option<Wish> {
        let device = self.device_of(instance)?;
        let around = Around {
            mirror: self,
            device,
        };
        Some(Wish::of(self.policy.as_ref()?, device, &around))
    }

    /// Notes what the engine is told.
    pub(crate) fn told(&mut self, now: Time, event: &Event) {
        let named = self.named();
        self.drop_lost(now);
        self.take(now, event);
        self.now = now;
        self.drop_lost(now);
        self.drop_gone();
        let new: Vec<MachineKey> = self.named().difference(&named).cloned().collect();
        self.unsure.extend(new);
        // Who is known again after an order is judged anew at its next occasion.
        self.recall(!matches!(event, Event::Order(_)));
        self.forgive_others();
        self.find_excess();
    }

    /// Whether machines of a connection are to be looked at before anything is attached.
    pub(crate) fn awaits_first_look(&self, now: Time, uri: &ConnectionUri) -> bool {
        let first = self.first_looks.get(uri);
        first.is_some_and(|first| first.is_pending(now))
    }

    fn take(&mut self, now: Time, event: &Event) {
        match event {
            Event::Policy(policy) => self.adopt(policy),
            Event::Devices {
                present,
                unreadable,
            } => {
                self.scans = self.scans.saturating_sub(1);
                let first = !self.complete;
                let seen: BTreeSet<&PortPath> = present
                    .iter()
                    .map(|one| &one.port)
                    .chain(unreadable)
                    .collect();
                let lost: BTreeSet<PortPath> = self
                    .devices
                    .keys()
                    .chain(&self.unreadable)
                    .filter(|port| !seen.contains(port))
                    .cloned()
                    .collect();
                let replaced = self.replaced(present);
                let there_before = self.there_before.clone();
                self.lose(now, lost.iter().chain(&replaced));
                self.there_before = there_before.difference(&lost).cloned().collect();
                for device in present {
                    self.see(now, device);
                }
                self.unreadable.extend(unreadable.iter().cloned());
                self.complete = true;
                if first {
                    self.there_before.extend(unreadable.iter().cloned());
                }
            }
            Event::Device(device) => self.see(now, device),
            Event::DeviceUnreadable(port) => {
                self.unreadable.insert(port.clone());
            }
            Event::DeviceGone(port) => self.lose(now, [port]),
            Event::ScanFailed(_) => self.scans = self.scans.saturating_sub(1),
            Event::Order(order) => self.order(order),
            Event::Restore(orders) => self.restore(orders),
            Event::Connected(uri) => {
                self.opening.remove(uri);
                self.up.insert(uri.clone());
                self.first_looks.insert(uri.clone(), FirstLook::new(now));
            }
            Event::Disconnected(uri, _) => {
                self.opening.remove(uri);
                self.up.remove(uri);
                for (_, known) in self.machines.iter_mut().filter(|(key, _)| key.uri == *uri) {
                    known.current = false;
                    known.watched = false;
                }
            }
            Event::Machines(uri, listing) => {
                self.listing.remove(uri);
                if let Some(first) = self.first_looks.get_mut(uri) {
                    first.listed(listing);
                }
            }
            Event::ListFailed(uri, _) => {
                self.listing.remove(uri);
            }
            Event::MachineRead(machine, read) => {
                self.in_flight.remove(machine);
                self.learn(now, machine, read);
            }
            Event::Done(op, outcome) => self.done(now, *op, outcome),
            Event::MachineChanged(_) | Event::HostdevChanged(..) | Event::Tick => {}
        }
    }

    /// Notes what the engine asks for.
    pub(crate) fn asked(&mut self, now: Time, action: &Action) {
        match action {
            Action::Connect(uri) => {
                self.opening.insert(uri.clone());
            }
            Action::Disconnect(uri) => {
                self.opening.remove(uri);
                self.up.remove(uri);
                self.listing.remove(uri);
                self.machines.retain(|machine, _| machine.uri != *uri);
            }
            Action::ScanDevices => self.scans += 1,
            Action::ListMachines(uri) => {
                self.listing.insert(uri.clone());
            }
            Action::ReadMachine(machine) => {
                self.in_flight.insert(machine.clone(), Asked::Look);
            }
            Action::Attach(op, request) => {
                let machine = request.machine.clone();
                let alias = request.alias.clone();
                if let Some(arrivals) = self.arrivals.get_mut(&alias.port) {
                    arrivals.tried();
                }
                self.unresolved.insert(machine.clone(), request.address);
                self.in_flight
                    .insert(machine.clone(), Asked::Attach(*op, alias));
                self.attaches.push_back(now);
                self.attaches
                    .retain(|at| now.since(*at) <= Duration::from_secs(10));
            }
            Action::Detach(op, request) => {
                let alias = request.alias.clone();
                let known = self.machines.entry(request.machine.clone()).or_default();
                known.detach_asked(now, &alias);
                self.in_flight
                    .insert(request.machine.clone(), Asked::Detach(*op, alias));
            }
            Action::Start(op, machine) => {
                self.spent.extend(self.starting_for.take());
                // What may have been a spare then has its try still.
                for instance in self.starters(now, machine) {
                    let wish = self.wish(instance);
                    if wish.is_some_and(|wish| wish.is_machine(machine)) {
                        self.spent.insert((instance, machine.clone()));
                    }
                }
                self.in_flight.insert(machine.clone(), Asked::Start(*op));
            }
            Action::Report(Report::Calmed { port, .. }) => {
                if let Some(arrivals) = self.arrivals.get_mut(port) {
                    arrivals.begin_anew();
                }
            }
            Action::Report(Report::Starting(machine, port)) => {
                if let Some(device) = self.devices.get(port) {
                    let instance = device.instance;
                    self.starting_for = Some((instance, machine.clone()));
                }
            }
            Action::Report(_) => {}
        }
    }

    fn done(&mut self, now: Time, op: OpId, outcome: &Outcome) {
        let found = self.in_flight.iter().find(
            |(_, asked)| matches!(asked, Asked::Attach(of, _) | Asked::Detach(of, _) | Asked::Start(of) if *of == op),
        );
        let Some((machine, asked)) = found.map(|(machine, asked)| (machine.clone(), asked.clone()))
        else {
            return;
        };
        self.in_flight.remove(&machine);
        if matches!(
            outcome.result,
            Err(CallError::InstanceChanged | CallError::InUse(_))
        ) {
            // Nothing was called.
            self.unresolved.remove(&machine);
        }
        // Of what was given to somebody else meanwhile no failure counts, even
        // if the answer tells that this is over.
        let belonged = matches!(&asked, Asked::Attach(_, alias)
            if self.wish(alias.instance).is_some_and(|wish| wish.is_machine(&machine)));
        if let Asked::Detach(_, alias) = &asked {
            let known = self.machines.entry(machine.clone()).or_default();
            known.detach_answered(now, alias);
        }
        self.learn(now, &machine, &outcome.after);
        let known = self.machines.entry(machine.clone()).or_default();
        match asked {
            Asked::Attach(_, alias) if matches!(outcome.result, Err(CallError::InUse(_))) => {
                self.refused_by_call(&alias, outcome);
            }
            Asked::Attach(_, alias) => {
                known.tried.insert(alias.instance);
                if belonged && !known.has_good(&alias) {
                    known.attach_failed(now, alias.instance);
                }
            }
            _ => {}
        }
    }

    fn learn(&mut self, now: Time, machine: &MachineKey, read: &MachineRead) {
        let up = self.up.contains(&machine.uri);
        let belongs: BTreeSet<InstanceId> = self
            .devices
            .values()
            .map(|device| device.instance)
            .filter(|instance| {
                self.wish(*instance)
                    .is_some_and(|wish| wish.is_machine(machine))
            })
            .collect();
        let known = self.machines.entry(machine.clone()).or_default();
        if matches!(read, MachineRead::Failed(_)) {
            known.current = false;
            return;
        }
        known.current = up;
        if let Some(first) = self.first_looks.get_mut(&machine.uri) {
            first.looked(machine);
        }
        self.unresolved.remove(machine);
        let run = known.live().map(|live| live.run);
        known.learn(now, read, &belongs);
        self.end_with(machine, read);
        let known = self.machines.entry(machine.clone()).or_default();
        let ended = run.is_some() && run != known.live().map(|live| live.run);
        for (alias, hostdev) in known.own() {
            if !hostdev.missing {
                self.plugs.remove(&alias.instance);
            }
        }
        if ended {
            let present = self.devices.values().map(|device| device.instance);
            let spent = present.map(|instance| (instance, machine.clone()));
            self.spent.extend(spent);
        }
        self.unsure.remove(machine);
    }
}
