//! What follows from looks at the devices.

use std::collections::BTreeSet;

use super::departures::Departure;
use super::devices::{Present, Scan};
use super::guard::is_same_but_for_use;
use super::{Engine, Wake};
use crate::action::Action;
use crate::device::{Device, InstanceId};
use crate::fact::Fact;
use crate::id::HostAddress;
use crate::machine::MachineKey;
use crate::policy::Policy;
use crate::port::PortPath;
use crate::report::Report;

impl Engine {
    /// Asks for a scan. One that is under way may have passed what changed, so
    /// another follows it.
    pub(super) fn scan(&mut self) {
        self.devices.scan = if self.devices.scan == Scan::Idle {
            self.actions.push(Action::ScanDevices);
            Scan::Asked
        } else {
            Scan::AskedAgain
        };
    }

    fn scan_answered(&mut self) {
        if std::mem::take(&mut self.devices.scan) == Scan::AskedAgain {
            self.scan();
        }
    }

    pub(super) fn scan_failed(&mut self, reason: &str) {
        self.scan_answered();
        if !std::mem::replace(&mut self.devices.scan_failing, true) {
            self.report(Report::LookFailed(format!("USB devices: {reason}")));
        }
    }

    pub(super) fn take_scan(&mut self, present: Vec<Device>, unreadable: Vec<PortPath>) {
        let first = !self.devices.complete;
        self.devices.scan_failing = false;
        self.scan_answered();
        let found: BTreeSet<PortPath> = present
            .iter()
            .map(|device| device.port.clone())
            .chain(unreadable.iter().cloned())
            .collect();
        let known = self.devices.ports();
        let marked: Vec<PortPath> = self.devices.unreadable().cloned().collect();
        for port in known.into_iter().chain(marked) {
            if !found.contains(&port) {
                self.lose_device(&port);
            }
        }
        for device in present {
            self.take_device(device);
        }
        if first {
            self.devices.there_before = unreadable.iter().cloned().collect();
        }
        for port in unreadable {
            self.devices.mark_unreadable(port);
        }
        self.devices.complete = true;
        if first {
            // What could not be known of hubs before is known now.
            if self.policy.as_ref().is_some_and(Policy::looks_upwards) {
                for port in self.devices.ports() {
                    self.judge(&port);
                }
            }
            self.drop_strays(None);
            // Entries of ours that no device belongs to can be judged now.
            self.dirty.extend(self.machines.keys().cloned());
        }
    }

    pub(super) fn take_device(&mut self, fresh: Device) {
        let port = fresh.port.clone();
        let there_before = self.devices.there_before.remove(&port);
        self.became_readable(&port);
        let known = self.devices.at(&port);
        let mut device = match known {
            Some(known) => remember(fresh, &known.device),
            None => fresh,
        };
        let same_instance = known.is_some_and(|known| known.device.instance == device.instance);
        let seen = known
            .filter(|_| same_instance)
            .map_or(self.now, |known| known.seen);
        if let Some(known) = known
            && is_same_but_for_use(&known.device, &mut device)
        {
            if let Some(present) = self.devices.at_mut(&port) {
                present.device.bound = device.bound;
            }
            self.take_device_disks(&port, &device.disks);
            self.take_use(&port, device.in_use);
            return;
        }
        let known = self.devices.at(&port);
        let replaces = known.is_some();
        if !same_instance {
            if replaces {
                self.lose_device(&port);
            }
            self.note_enumeration(&port);
        }
        let instance = device.instance;
        let before = self.devices.at(&port);
        let mut present = Present::new(device, seen);
        if let Some(before) = before {
            // The same instance; what was decided of it is compared by `judge`.
            let device = present.device;
            present = Present {
                device,
                ..before.clone()
            };
        } else if self.devices.complete {
            let departures = &self.departures;
            let stayed = there_before || departures.was_reset(&present.device, self.now);
            present.plugged = (!stayed).then_some(self.now);
            present.follows = departures.followed_by(&present.device, self.now);
        }
        let address = present.device.address;
        self.regain_hold(&present.device);
        self.forget_interest(&port);
        self.devices.put(present);
        self.forget_ended_refusal(&port);
        self.drop_strays(Some(&port));
        let moved = self.judge(&port);
        let present = self.devices.at(&port);
        if let Some(hub) = present.filter(|present| self.matters_below(&present.device)) {
            let hub = hub.device.clone();
            self.judge_below(&hub);
        }
        if let Some(machine) = self.devices.at(&port).and_then(|p| p.assignment.machine())
            && let Some(state) = self.machines.get_mut(machine)
        {
            // Something about the device changed, so a try may succeed now.
            state.attempts.remove(&instance);
        }
        if !moved {
            self.touch(instance, address);
        }
    }

    /// Entries of ours that stayed because of an unreadable device can be judged now.
    fn became_readable(&mut self, port: &PortPath) {
        if self.devices.clear_unreadable(port) {
            self.touch_entries(port);
        }
    }

    /// Marks the machines with an entry of ours for a port, of whatever instance.
    pub(super) fn touch_entries(&mut self, port: &PortPath) {
        let holding = self.entries_of.get(port).into_iter().flatten();
        self.dirty.extend(holding.cloned());
    }

    /// Sets the timer for the next look at what could not be read.
    pub(super) fn plan_look_at_devices(&mut self) {
        let unread = self.devices.is_unread() || self.awaits_use();
        if !unread && !self.attaching.is_empty() {
            // A call may answer that the host uses its device after all. The
            // pauses grow on then.
            return;
        }
        let change = self.devices.plan(unread, self.now, &mut self.jitter);
        if let Some((before, after)) = change {
            if let Some(before) = before {
                self.timers.remove(&(before, Wake::Devices));
            }
            self.timers.extend(after.map(|at| (at, Wake::Devices)));
        }
    }

    pub(super) fn lose_device(&mut self, port: &PortPath) {
        self.devices.there_before.remove(port);
        self.became_readable(port);
        self.leave_place(port);
        self.reconsider_namesakes(port);
        let Some(gone) = self.devices.take(port) else {
            self.drop_strays(Some(port));
            return;
        };
        let grant = gone.assignment.grant();
        let departure = Departure::new(self.now, grant.and_then(|grant| grant.rule()));
        self.departures.note(port, departure);
        if let Some(machine) = gone.assignment.machine() {
            self.unwish(machine, port, gone.device.instance);
        }
        self.lose_hold(&gone.device);
        self.touch(gone.device.instance, gone.device.address);
        self.judge_below(&gone.device);
    }

    /// Marks the machines that the devices with an address concern.
    pub(super) fn touch_address(&mut self, address: HostAddress) {
        let devices = self.devices.at_address(address);
        let instances: Vec<InstanceId> = devices.map(|present| present.device.instance).collect();
        for instance in instances {
            self.touch(instance, address);
        }
    }

    /// Marks the machines that an instance or an address concerns: the one
    /// that is to have it, and those that hold it.
    pub(super) fn touch(&mut self, instance: InstanceId, address: HostAddress) {
        let wanting = self.devices.with_instance(instance).into_iter();
        let wanting = wanting
            .chain(self.devices.at_address(address))
            .filter_map(|present| present.assignment.machine());
        let holding = self
            .occupants
            .get(&address)
            .into_iter()
            .flatten()
            .map(|occupant| &occupant.machine);
        let detached = self.orders.detached.get(&instance);
        let mut marked: Vec<&MachineKey> = wanting
            .chain(holding)
            .chain(self.attaching.get(&address))
            .chain(detached.map(|detached| &detached.machine))
            .collect();
        // Mostly it is one machine.
        marked.dedup();
        self.dirty.extend(marked.into_iter().cloned());
    }
}

/// Completes a fresh read with what was known of the same instance: a
/// descriptor does not change while an instance lives, so what failed to be
/// read again is as it was. `authorized` and `in_use` can change, so they must
/// be read.
fn remember(mut fresh: Device, known: &Device) -> Device {
    fn keep<T: Clone>(fresh: &mut Fact<T>, known: &Fact<T>) {
        if matches!(fresh, Fact::Unknown) {
            fresh.clone_from(known);
        }
    }
    if fresh.instance == known.instance {
        keep(&mut fresh.serial, &known.serial);
        keep(&mut fresh.manufacturer, &known.manufacturer);
        keep(&mut fresh.product_name, &known.product_name);
        keep(&mut fresh.revision, &known.revision);
        keep(&mut fresh.interfaces, &known.interfaces);
        keep(&mut fresh.speed, &known.speed);
        keep(&mut fresh.removable, &known.removable);
        keep(&mut fresh.peer, &known.peer);
        keep(&mut fresh.half, &known.half);
        keep(&mut fresh.udev, &known.udev);
        fresh.processed |= known.processed;
    }
    fresh
}
