//! Disks: which machine has a block device of the host as one of its own disks.
//! QEMU has it open then, which nothing else of the host shows.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use super::machine::Live;
use crate::device::Device;
use crate::fact::Fact;
use crate::host_use::Use;
use crate::machine::MachineKey;
use crate::port::PortPath;

/// Who has to do with a block device, by the files that name it.
#[derive(Debug)]
pub(super) struct ByDisk<T>(BTreeMap<String, BTreeSet<T>>);

impl<T> Default for ByDisk<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone + Ord> ByDisk<T> {
    /// Those that have to do with any of these disks.
    pub(super) fn of<'a>(
        &'a self,
        disks: impl IntoIterator<Item = &'a String>,
    ) -> impl Iterator<Item = &'a T> {
        let found = disks.into_iter().filter_map(|file| self.0.get(file));
        found.flatten()
    }

    /// Puts the disks of somebody in the place of those before.
    pub(super) fn replace(
        &mut self,
        whose: &T,
        before: &BTreeSet<String>,
        after: &BTreeSet<String>,
    ) {
        for file in before.difference(after) {
            if let Some(all) = self.0.get_mut(file) {
                all.remove(whose);
                if all.is_empty() {
                    self.0.remove(file);
                }
            }
        }
        for file in after.difference(before) {
            let all = self.0.entry(file.clone()).or_default();
            all.insert(whose.clone());
        }
    }
}

impl Engine {
    /// What the host and its machines do with a device.
    pub(super) fn uses(&self, device: &Device) -> Fact<BTreeSet<Use>> {
        let mut uses = device.in_use.clone();
        if let Fact::Known(uses) = &mut uses {
            let machines = self.machine_disks.of(&device.disks);
            uses.extend(machines.map(|machine| Use::MachineDisk {
                machine: machine.name().to_owned(),
            }));
        }
        uses
    }

    /// Takes the disks that a machine has now. Devices that are one of those
    /// that came or went are judged anew.
    pub(super) fn take_machine_disks(
        &mut self,
        machine: &MachineKey,
        before: Option<&Live>,
        after: Option<&Live>,
    ) {
        let none = BTreeSet::new();
        let [before, after] = [before, after].map(|live| live.map_or(&none, |live| &live.disks));
        self.machine_disks.replace(machine, before, after);
        let changed = before.symmetric_difference(after);
        for port in self.devices.with_disks(changed) {
            self.use_changed(&port);
        }
    }

    /// Takes the files that name the disks of a device now.
    pub(super) fn take_device_disks(&mut self, port: &PortPath, disks: &BTreeSet<String>) {
        if self.devices.put_disks(port, disks) {
            self.use_changed(port);
        }
    }
}
