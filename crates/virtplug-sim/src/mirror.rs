//! What the engine was told and has asked for, written down by somebody else.
//!
//! The mirror is simple-minded on purpose: no index, no shared code with the
//! engine. The invariants compare the engine's actions with it.

mod machine;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use virtplug_core::{
    Action, CallError, ConnectionUri, Device, Event, Fact, HostAddress, InstanceId, MachineKey,
    MachineRead, OpId, Outcome, OwnAlias, Policy, PortPath, Time,
};

use crate::wish::Wish;
pub(crate) use machine::Known;

/// A call that the engine waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Look,
    Attach(OpId, OwnAlias),
    Detach(OpId, OwnAlias),
}

/// The engine's knowledge, as far as it can have any.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    pub(crate) policy: Option<Policy>,
    /// Whether a scan of all devices was told.
    pub(crate) complete: bool,
    pub(crate) devices: BTreeMap<PortPath, Device>,
    pub(crate) unreadable: BTreeSet<PortPath>,
    /// When instances appeared at a port.
    pub(crate) arrivals: BTreeMap<PortPath, VecDeque<Time>>,
    pub(crate) up: BTreeSet<ConnectionUri>,
    pub(crate) opening: BTreeSet<ConnectionUri>,
    pub(crate) listing: BTreeSet<ConnectionUri>,
    pub(crate) scans: u32,
    pub(crate) machines: BTreeMap<MachineKey, Known>,
    pub(crate) in_flight: BTreeMap<MachineKey, Asked>,
    /// Attaches whose outcome was not seen yet.
    pub(crate) unresolved: BTreeMap<MachineKey, HostAddress>,
    /// When attaches were asked for, the last second.
    pub(crate) attaches: VecDeque<Time>,
}

impl Mirror {
    pub(crate) fn device_of(&self, instance: InstanceId) -> Option<&Device> {
        self.devices.values().find(|one| one.instance == instance)
    }

    /// Where an instance belongs; `None` if it is not known to be there.
    pub(crate) fn wish(&self, instance: InstanceId) -> Option<Wish> {
        let device = self.device_of(instance)?;
        Some(Wish::of(self.policy.as_ref()?, device))
    }

    /// Whether an instance is known not to be there.
    pub(crate) fn is_gone(&self, alias: &OwnAlias) -> bool {
        self.complete
            && self.device_of(alias.instance).is_none()
            && !self.unreadable.contains(&alias.port)
    }

    /// Why an entry of ours must go, if it must.
    pub(crate) fn fault(
        &self,
        machine: &MachineKey,
        alias: &OwnAlias,
        hostdev: &virtplug_core::Hostdev,
    ) -> Option<&'static str> {
        if hostdev.missing {
            return Some("missing");
        }
        let Some(device) = self.device_of(alias.instance) else {
            return self.is_gone(alias).then_some("its instance is gone");
        };
        if hostdev.address != Some(device.address) {
            return Some("it has another address");
        }
        match self.wish(alias.instance)? {
            Wish::Unknown => None,
            wish if wish.is_machine(machine) => None,
            _ => Some("it does not belong there"),
        }
    }

    /// Notes what the engine is told.
    pub(crate) fn told(&mut self, now: Time, event: &Event) {
        match event {
            Event::Policy(policy) => {
                self.policy = Some(policy.clone());
                self.machines.values_mut().for_each(Known::forgive_all);
            }
            Event::Devices {
                present,
                unreadable,
            } => {
                self.scans = self.scans.saturating_sub(1);
                self.complete = true;
                let seen: BTreeSet<&PortPath> = present
                    .iter()
                    .map(|one| &one.port)
                    .chain(unreadable)
                    .collect();
                let lost: Vec<PortPath> = self
                    .devices
                    .keys()
                    .chain(&self.unreadable)
                    .filter(|port| !seen.contains(port))
                    .cloned()
                    .collect();
                for port in &lost {
                    self.lose(port);
                }
                for device in present {
                    self.see(now, device);
                }
                self.unreadable.extend(unreadable.iter().cloned());
            }
            Event::Device(device) => self.see(now, device),
            Event::DeviceUnreadable(port) => {
                self.unreadable.insert(port.clone());
            }
            Event::DeviceGone(port) => self.lose(port),
            Event::ScanFailed(_) => self.scans = self.scans.saturating_sub(1),
            Event::Connected(uri) => {
                self.opening.remove(uri);
                self.up.insert(uri.clone());
            }
            Event::Disconnected(uri, _) => {
                self.opening.remove(uri);
                self.up.remove(uri);
                for (_, known) in self.machines.iter_mut().filter(|(key, _)| key.uri == *uri) {
                    known.current = false;
                    known.watched = false;
                }
            }
            Event::Machines(uri, _) | Event::ListFailed(uri, _) => {
                self.listing.remove(uri);
            }
            Event::MachineRead(machine, read) => {
                self.in_flight.remove(machine);
                self.learn(machine, read);
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
            // No rule of this world starts its machine.
            Action::Start(..) | Action::Report(_) => {}
        }
    }

    fn see(&mut self, now: Time, device: &Device) {
        self.unreadable.remove(&device.port);
        let mut device = device.clone();
        let before = self.devices.remove(&device.port);
        let same = before.filter(|one| one.instance == device.instance);
        if let Some(before) = &same {
            // What was known of this instance stays known.
            if device.serial == Fact::Unknown {
                device.serial = before.serial.clone();
            }
            if device.udev == Fact::Unknown {
                device.udev = before.udev.clone();
            }
            device.processed |= before.processed;
        } else {
            let arrivals = self.arrivals.entry(device.port.clone()).or_default();
            arrivals.push_back(now);
            if arrivals.len() > 6 {
                arrivals.pop_front();
            }
        }
        if same.as_ref() != Some(&device) {
            for known in self.machines.values_mut() {
                known.forgive(device.instance);
            }
        }
        self.devices.insert(device.port.clone(), device);
        self.forget_holds();
    }

    fn lose(&mut self, port: &PortPath) {
        self.unreadable.remove(port);
        self.devices.remove(port);
        self.forget_holds();
    }

    fn forget_holds(&mut self) {
        let present: BTreeSet<InstanceId> = self.devices.values().map(|one| one.instance).collect();
        for known in self.machines.values_mut() {
            known.held.retain(|instance| present.contains(instance));
        }
    }

    fn done(&mut self, now: Time, op: OpId, outcome: &Outcome) {
        let found = self.in_flight.iter().find(
            |(_, asked)| matches!(asked, Asked::Attach(of, _) | Asked::Detach(of, _) if *of == op),
        );
        let Some((machine, asked)) = found.map(|(machine, asked)| (machine.clone(), asked.clone()))
        else {
            return;
        };
        self.in_flight.remove(&machine);
        if outcome.result == Err(CallError::InstanceChanged) {
            // Nothing was called.
            self.unresolved.remove(&machine);
        }
        self.learn(&machine, &outcome.after);
        let known = self.machines.entry(machine.clone()).or_default();
        match asked {
            Asked::Attach(_, alias) if !known.has_good(&alias) => {
                known.attach_failed(now, alias.instance);
            }
            Asked::Detach(_, alias) => known.detach_answered(now, &alias),
            _ => {}
        }
    }

    fn learn(&mut self, machine: &MachineKey, read: &MachineRead) {
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
        self.unresolved.remove(machine);
        known.learn(read, &belongs);
    }
}
