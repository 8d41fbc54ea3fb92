//! Devices whose owner was decided by hand: how long that lasts.

use std::time::Duration;

use super::machine::Existence;
use super::{Engine, Wake};
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
    until: Time,
}

impl Lost {
    /// Whether it is this device that is back. Unread serial numbers are not alike.
    fn is(&self, device: &Device) -> bool {
        self.vendor == device.vendor
            && self.product == device.product
            && self.serial.known().is_some()
            && self.serial == device.serial
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
            lost.is_some_and(|lost| self.now < lost.until && lost.is(device))
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

    /// Ends the holds of devices that did not come back.
    pub(super) fn lost_holds_expired(&mut self) {
        let over: Vec<PortPath> = self
            .lost
            .iter()
            .filter(|(_, lost)| lost.until <= self.now)
            .map(|(port, _)| port.clone())
            .collect();
        for port in over {
            let lost = self.lost.remove(&port);
            if let Some(Lost { instance, .. }) = lost
                && self.devices.with_instance(instance).is_none()
            {
                self.end_hold_of_gone(instance);
            }
        }
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
        let machine = self.end_hold(instance, HoldEnd::Unplugged);
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
