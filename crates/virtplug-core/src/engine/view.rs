//! What the engine knows, for those who ask.

use super::Engine;
use crate::assignment::Assignment;
use crate::device::Device;
use crate::machine::{ConnectionUri, MachineKey};
use crate::obstacle::Obstacle;
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
    /// Devices that several machines claim.
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
        self.devices.iter().map(|present| {
            let holders = self.holders(&present.device);
            let machine = present.assignment.machine();
            let obstacle = machine
                .filter(|machine| {
                    !holders
                        .iter()
                        .any(|holder| holder.own && holder.machine == **machine)
                })
                .and_then(|machine| self.obstacle(machine, present));
            DeviceView {
                device: &present.device,
                assignment: &present.assignment,
                holders,
                obstacle,
            }
        })
    }

    /// The device at a port.
    pub fn device(&self, port: &PortPath) -> Option<&Device> {
        self.devices.at(port).map(|present| &present.device)
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
                (Assignment::Conflict(_), _) => summary.conflicts += 1,
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
