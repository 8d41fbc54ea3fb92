//! Devices whose owner was decided by hand: how long that lasts.

use std::collections::BTreeSet;
use std::time::Duration;

use super::machine::Existence;
use super::{Engine, Wake};
use crate::class::ClassCode;
use crate::device::{Device, InstanceId};
use crate::fact::Fact;
use crate::id::{ProductId, VendorId};
use crate::machine::MachineKey;
use crate::order::{Hold, Pause};
use crate::port::PortPath;
use crate::report::{HoldEnd, Report};
use crate::text::RawText;
use crate::time::Time;

/// How long after a device left its port its hold waits for it: a reset of a
/// whole controller on a busy host takes seconds.
const LOST_PATIENCE: Duration = Duration::from_secs(10);

/// A held device that left its port: it may be back at once.
#[derive(Debug)]
pub(super) struct Lost {
    instance: InstanceId,
    vendor: VendorId,
    product: ProductId,
    serial: Fact<Option<RawText>>,
    interfaces: Fact<BTreeSet<ClassCode>>,
    until: Time,
}

impl Lost {
    /// Whether it is this device that is back, and nothing that only came to its
    /// port. Unknown while something of the newcomer is not read; what was never
    /// read of the lost one is not alike.
    fn is(&self, device: &Device) -> Fact<bool> {
        let ids = self.vendor == device.vendor && self.product == device.product;
        let alike = [
            Fact::Known(ids),
            alike(&self.serial, &device.serial),
            alike(&self.interfaces, &device.interfaces),
        ];
        if alike.contains(&Fact::Known(false)) {
            Fact::Known(false)
        } else if alike.contains(&Fact::Unknown) {
            Fact::Unknown
        } else {
            Fact::Known(true)
        }
    }
}

fn alike<T: PartialEq>(before: &Fact<T>, now: &Fact<T>) -> Fact<bool> {
    match (before, now) {
        (Fact::Known(before), Fact::Known(now)) => Fact::Known(before == now),
        (Fact::Known(_), Fact::Unknown) => Fact::Unknown,
        (Fact::Unknown, _) => Fact::Known(false),
    }
}

impl Engine {
    /// A device left: its hold waits for a moment, in case it was reset.
    pub(super) fn lose_hold(&mut self, gone: &Device) {
        self.orders.detached.remove(&gone.instance);
        if !self.orders.holds.contains_key(&gone.instance) {
            return;
        }
        let until = self.now + LOST_PATIENCE;
        let lost = Lost {
            instance: gone.instance,
            vendor: gone.vendor,
            product: gone.product,
            serial: gone.serial.clone(),
            interfaces: gone.interfaces.clone(),
            until,
        };
        self.lost.insert(gone.port.clone(), lost);
        self.timers.insert((until, Wake::Holds));
    }

    /// A held device is back after a reset: it is held on.
    pub(super) fn regain_hold(&mut self, device: &Device) {
        if self.orders.holds.contains_key(&device.instance) {
            return;
        }
        let peer = device.peer.known().and_then(Option::as_ref);
        let ports = [Some(&device.port), peer];
        let port = ports.into_iter().flatten().find(|port| {
            let lost = self.lost.get(port);
            lost.is_some_and(|lost| lost.is(device) == Fact::Known(true))
        });
        let lost = port.cloned().and_then(|port| self.lost.remove(&port));
        if let Some(hold) = lost.and_then(|lost| self.orders.holds.remove(&lost.instance)) {
            let port = device.port.clone();
            let hold = Hold { port, ..hold };
            self.orders.holds.insert(device.instance, hold);
            // Ordered in a pause, it lets what is stale at its port go.
            self.touch_entries(&device.port);
        }
    }

    /// Ends the holds of devices that did not come back in time. Where something
    /// came that cannot be read, it may be such a device, and its hold waits on.
    pub(super) fn end_lost_holds(&mut self) {
        let over = self
            .lost
            .iter()
            .filter(|(port, lost)| lost.until <= self.now && !self.may_be_back(port, lost));
        let over: Vec<PortPath> = over.map(|(port, _)| port.clone()).collect();
        for port in over {
            let lost = self.lost.remove(&port);
            if let Some(Lost { instance, .. }) = lost
                && self.devices.with_instance(instance).is_none()
            {
                self.end_hold_of_gone(instance);
            }
        }
    }

    /// Whether nobody can tell if a lost device is at its port again.
    fn may_be_back(&self, port: &PortPath, lost: &Lost) -> bool {
        let present = self.devices.at(port);
        self.orders.holds.contains_key(&lost.instance)
            && (self.devices.is_unreadable(port)
                || present.is_some_and(|present| lost.is(&present.device) == Fact::Unknown))
    }

    /// Ends what an earlier daemon knew of instances that are not there, at one
    /// port or at all. What cannot be read may be there.
    pub(super) fn drop_strays(&mut self, at: Option<&PortPath>) {
        let here = |port: &PortPath| at.is_none_or(|at| at == port);
        let devices = &self.devices;
        self.orders.detached.retain(|instance, detached| {
            !(here(&detached.port) && devices.is_gone(*instance, &detached.port))
        });
        let strays: Vec<InstanceId> = self
            .orders
            .holds
            .iter()
            .filter(|(instance, hold)| {
                let lost = self.lost.get(&hold.port);
                here(&hold.port)
                    && devices.is_gone(**instance, &hold.port)
                    && lost.is_none_or(|lost| lost.instance != **instance)
            })
            .map(|(instance, _)| *instance)
            .collect();
        for instance in strays {
            self.end_hold_of_gone(instance);
        }
    }

    /// Ends what lasts as long as a run of this machine, where that is over.
    pub(super) fn end_with(&mut self, machine: &MachineKey, existence: &Existence) {
        let run = match existence {
            Existence::Unread => return,
            Existence::Absent | Existence::Off => None,
            Existence::Live(live) => Some(live.run),
        };
        self.orders
            .detached
            .retain(|_, detached| detached.machine != *machine || Some(detached.run) == run);
        let mut over = Vec::new();
        for (instance, hold) in &mut self.orders.holds {
            if hold.until_end_of.as_ref() != Some(machine) {
                continue;
            }
            match hold.run {
                None => hold.run = run,
                Some(_) if hold.run == run => {}
                Some(_) => over.push(*instance),
            }
        }
        for instance in over {
            self.end_hold(instance, HoldEnd::MachineEnded(machine.clone()));
        }
    }

    /// Ends the hold of a device that is not there any more.
    fn end_hold_of_gone(&mut self, instance: InstanceId) {
        let hold = self.orders.holds.get(&instance);
        let replaced = hold.is_some_and(|hold| self.devices.at(&hold.port).is_some());
        let end = if replaced {
            HoldEnd::Replaced
        } else {
            HoldEnd::Unplugged
        };
        let machine = self.end_hold(instance, end);
        if let Some(machine) = machine {
            self.let_go_of(&machine);
        }
    }

    /// Ends a hold; gives the machine that it named.
    fn end_hold(&mut self, instance: InstanceId, end: HoldEnd) -> Option<MachineKey> {
        let hold = self.orders.holds.remove(&instance)?;
        let port = hold.port.clone();
        self.report(Report::HoldEnded { port, end });
        self.touch_entries(&hold.port);
        self.reconsider.insert(hold.port);
        hold.until_end_of
    }

    /// Whether somebody detached a device from a machine without us.
    pub(super) fn stays_out(&self, instance: InstanceId, machine: &MachineKey) -> bool {
        let detached = self.orders.detached.get(&instance);
        detached.is_some_and(|detached| detached.machine == *machine)
    }

    /// How a machine is paused, unless it was ordered in this pause where the
    /// device at a port belongs.
    pub(super) fn pause_at(&self, machine: &MachineKey, port: &PortPath) -> Option<Pause> {
        let pause = self.orders.pause_of(machine)?;
        let present = self.devices.at(port);
        let hold = present.and_then(|present| self.orders.holds.get(&present.device.instance));
        let ordered = hold.is_some_and(|hold| hold.in_pause.contains(machine));
        (!ordered).then_some(pause)
    }
}
