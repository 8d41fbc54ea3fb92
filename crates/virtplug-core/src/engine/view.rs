//! What the engine knows, for those who ask.

mod connection;
mod explanation;
mod machine;
#[cfg(test)]
mod tests;

pub use connection::ConnectionView;
pub use machine::{Call, EntryView, MachineState, MachineView, UnderWay};

use std::collections::BTreeSet;

use super::Engine;
use super::devices::Present;
use crate::assignment::{Assignment, Refusal};
use crate::device::Device;
use crate::fact::Fact;
use crate::flap::Tally;
use crate::host_use::Use;
use crate::machine::{ConnectionUri, MachineKey};
use crate::obstacle::Obstacle;
use crate::order::Hold;
use crate::policy::Claim;
use crate::port::PortPath;

/// One present device: where it belongs, where it is, and why that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceView<'a> {
    /// The device.
    pub device: &'a Device,
    /// Where the rules say that it belongs.
    pub assignment: &'a Assignment,
    /// The machines whose live XML has it.
    pub holders: Vec<Holder>,
    /// Why it is not in the machine that it belongs to.
    pub obstacle: Option<Obstacle>,
    /// The enabled rules that hold for it or could, the strongest first.
    pub claims: &'a [Claim],
    /// Whom somebody gave it to by hand.
    pub hold: Option<&'a Hold>,
    /// The machine that it stays out of, as somebody detached it there without us.
    pub detached_from: Option<&'a MachineKey>,
    /// What the last try to attach it to its machine failed with.
    pub error: Option<&'a str>,
    /// How many such tries failed in a row.
    pub failures: u32,
    /// What the host and its machines do with it.
    pub uses: Fact<BTreeSet<Use>>,
    /// The machine that ended and left it without a driver of the host.
    pub left_by: Option<&'a MachineKey>,
    /// What happened at its port since that began to flap, as long as it does.
    pub flapping: Option<&'a Tally>,
}

/// A machine that has a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The machine.
    pub machine: MachineKey,
    /// Whether the entry is ours, for this instance.
    pub own: bool,
}

/// Counts for one line of status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Devices that are in their machine.
    pub attached: usize,
    /// Devices that belong to a machine and wait without trouble, for
    /// instance because it is off.
    pub waiting: usize,
    /// Devices with an obstacle that somebody should look at, each with it.
    pub troubled: Vec<(PortPath, Obstacle)>,
    /// Devices that several machines claim, or that claim to be one device.
    pub conflicts: usize,
    /// Entries of ours whose detach was asked for and is not done.
    pub leaving: usize,
    /// Connections that are down, with the reason.
    pub down: Vec<(ConnectionUri, String)>,
    /// Machines with a call that takes too long.
    pub overdue: Vec<MachineKey>,
}

impl Engine {
    /// All present devices, by port.
    pub fn devices(&self) -> impl Iterator<Item = DeviceView<'_>> {
        self.devices.iter().map(|present| self.view(present))
    }

    /// The device at a port, with all that is known of it.
    pub fn device_view(&self, port: &PortPath) -> Option<DeviceView<'_>> {
        self.devices.at(port).map(|present| self.view(present))
    }

    fn view<'a>(&'a self, present: &'a Present) -> DeviceView<'a> {
        let device = &present.device;
        let instance = device.instance;
        let holders = self.holders(device);
        let machine = present.assignment.machine();
        let has = |machine: &MachineKey| {
            let mut own = holders.iter().filter(|holder| holder.own);
            own.any(|holder| holder.machine == *machine)
        };
        let obstacle = machine
            .filter(|machine| !has(machine))
            .and_then(|machine| self.obstacle(machine, present));
        let state = machine.and_then(|machine| self.machines.get(machine));
        let tries = state.and_then(|state| state.attempts.get(&instance));
        DeviceView {
            device,
            assignment: &present.assignment,
            obstacle,
            claims: &present.claims,
            hold: self.orders.holds.get(&instance),
            detached_from: self.orders.detached.get(&instance).map(|one| &one.machine),
            error: tries.map(|tries| tries.error.as_str()),
            failures: tries.map_or(0, |tries| tries.backoff.failures()),
            uses: self.uses(device),
            left_by: present
                .left_by
                .as_ref()
                .filter(|_| device.bound == Fact::Known(false) && holders.is_empty()),
            holders,
            flapping: self.flaps.tally(&device.port),
        }
    }

    /// The device at a port.
    pub fn device(&self, port: &PortPath) -> Option<&Device> {
        self.devices.at(port).map(|present| &present.device)
    }

    /// Whether a port flaps: what happens there is counted and not told.
    pub fn is_flapping(&self, port: &PortPath) -> bool {
        self.flaps.tally(port).is_some()
    }

    fn holders(&self, device: &Device) -> Vec<Holder> {
        let occupants = self.occupants.get(&device.address);
        occupants
            .into_iter()
            .flatten()
            .filter_map(|occupant| {
                let own = match &occupant.own {
                    None => false,
                    Some(alias) if alias.instance == device.instance => true,
                    // A stale entry of ours does not hold this instance.
                    Some(_) => return None,
                };
                Some(Holder {
                    machine: occupant.machine.clone(),
                    own,
                })
            })
            .collect()
    }

    /// How things stand, in numbers.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for view in self.devices() {
            match (view.assignment, view.obstacle) {
                (Assignment::Conflict(_) | Assignment::Refused(_, Refusal::Ambiguous(_)), _) => {
                    summary.conflicts += 1;
                }
                (Assignment::Machine(..), None) => summary.attached += 1,
                (Assignment::Machine(..), Some(obstacle)) if obstacle.is_trouble() => {
                    summary.troubled.push((view.device.port.clone(), obstacle));
                }
                (Assignment::Machine(..), Some(_)) => summary.waiting += 1,
                _ => {}
            }
        }
        for (uri, connection) in &self.connections {
            if let Some(reason) = &connection.trouble {
                summary.down.push((uri.clone(), reason.clone()));
            }
        }
        for (machine, state) in &self.machines {
            summary.leaving += state.leaving.len();
            if state.slot.as_ref().is_some_and(|slot| slot.overdue) {
                summary.overdue.push(machine.clone());
            }
        }
        summary
    }

    /// Whether nothing is under way and nothing is due now: what is left waits
    /// for time or for a change.
    pub fn is_settled(&self) -> bool {
        let links = self.connections.values().all(|connection| {
            !connection.listing && !matches!(connection.link, super::connection::Link::Opening)
        });
        let machines = self.machines.values().all(|state| state.slot.is_none());
        links
            && machines
            && self.devices.scan == super::devices::Scan::Idle
            && self.dirty.is_empty()
    }
}
