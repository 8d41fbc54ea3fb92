//! Dump: devices from the output of `udevadm info --export-db`, of any host and
//! any version of udev. The text is from outside and may hold anything.

mod notes;
mod record;

use std::collections::BTreeMap;

use virtplug_core::{BusNumber, Device, Fact, Half, PortPath};

use notes::Notes;
use record::Record;

/// What a dump tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dump {
    /// The USB devices, hubs included, root hubs not; sorted by port, each port once.
    pub devices: Vec<Device>,
    /// What the dump leaves open and what in it could not be used, for the
    /// user; safe to print.
    pub notes: Vec<String>,
}

impl Dump {
    /// The devices by port, for rules that look at what is above a device.
    pub fn topology(&self) -> BTreeMap<PortPath, Device> {
        let devices = self.devices.iter();
        devices
            .map(|device| (device.port.clone(), device.clone()))
            .collect()
    }
}

/// Reads the output of `udevadm info --export-db`. What cannot be used is left
/// out and noted; what a dump does not hold is unknown.
pub fn read_dump(text: &[u8]) -> Dump {
    let mut notes = Notes::default();
    let mut halves: BTreeMap<BusNumber, Half> = BTreeMap::new();
    let mut devices: BTreeMap<PortPath, Device> = BTreeMap::new();
    let records = record::split(text);
    if records.is_empty() {
        notes.no_records();
    }
    for record in &records {
        if let Some((bus, half)) = record.root_hub() {
            halves.insert(bus, half);
            continue;
        }
        match record.device(&mut notes) {
            Some(device) if devices.contains_key(&device.port) => notes.twice(&device.port),
            Some(device) => {
                devices.insert(device.port.clone(), device);
            }
            None => {}
        }
    }
    for device in devices.values_mut() {
        device.half = halves
            .get(&device.port.bus())
            .map_or(Fact::Unknown, |half| Fact::Known(*half));
    }
    if records.last().is_some_and(Record::is_cut_off) {
        notes.cut_off();
    }
    Dump {
        notes: notes.finish(&devices.values()),
        devices: devices.into_values().collect(),
    }
}

#[cfg(test)]
mod tests;
