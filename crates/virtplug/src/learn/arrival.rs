//! Which device was plugged in.

use std::collections::BTreeMap;

use virtplug_core::{Device, InstanceId, PortPath};
use virtplug_udev::HostChange;

/// The devices of the host, and which of them came after the first look.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    present: BTreeMap<PortPath, Device>,
    /// What was there at first, or is no device to offer. `None`: no look yet.
    known: Option<BTreeMap<PortPath, InstanceId>>,
    /// A new device that udev still works on.
    pending: Option<PortPath>,
}

impl Arrivals {
    /// Devices that are there and were there before.
    pub(crate) fn of(devices: Vec<Device>) -> Self {
        let mut arrivals = Self::default();
        for device in devices {
            arrivals.present.insert(device.port.clone(), device);
        }
        arrivals.settle();
        arrivals
    }

    /// All devices, hubs included.
    pub(crate) fn devices(&self) -> Vec<Device> {
        self.present.values().cloned().collect()
    }

    /// Devices as the topology of the host.
    pub(crate) fn around(&self) -> &BTreeMap<PortPath, Device> {
        &self.present
    }

    /// Whether the first look is done.
    pub(crate) fn is_settled(&self) -> bool {
        self.known.is_some()
    }

    /// Whether a new device is there and not ready.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Takes notice of a change; gives a new device once udev is done with it.
    pub(crate) fn see(&mut self, change: HostChange) -> Result<Option<Device>, String> {
        match change {
            HostChange::All(scan) => {
                let unread = scan.unreadable.iter().map(|one| &one.port);
                let kept: Vec<Device> = unread
                    .filter_map(|port| self.present.remove(port))
                    .collect();
                let devices = scan.devices.into_iter().chain(kept);
                self.present = devices.map(|one| (one.port.clone(), one)).collect();
                if self.known.is_none() {
                    self.settle();
                }
            }
            HostChange::Device(device) => {
                self.present.insert(device.port.clone(), *device);
            }
            HostChange::Gone(port) => {
                self.present.remove(&port);
            }
            HostChange::ScanFailed(reason) => return Err(reason),
            HostChange::Unreadable(_) | HostChange::Overrun => {}
        }
        let first = self.new_devices().next().map(|one| one.port.clone());
        self.pending = first;
        Ok(self.ready())
    }

    /// A new device that udev is done with.
    pub(crate) fn ready(&self) -> Option<Device> {
        self.new_devices().find(|one| one.processed).cloned()
    }

    /// A new device that udev does not get done with.
    pub(crate) fn overdue(&self) -> Option<Device> {
        self.present.get(self.pending.as_ref()?).cloned()
    }

    /// Counts all that is there as known, so that only what comes later is new.
    pub(crate) fn settle(&mut self) {
        let known = self.present.values();
        self.known = Some(known.map(|d| (d.port.clone(), d.instance)).collect());
        self.pending = None;
    }

    fn new_devices(&self) -> impl Iterator<Item = &Device> {
        self.present.values().filter(|device| {
            let known = self.known.as_ref();
            let same = |known: &BTreeMap<PortPath, InstanceId>| {
                known.get(&device.port) == Some(&device.instance)
            };
            !device.is_hub() && !known.is_none_or(same)
        })
    }
}

#[cfg(test)]
mod tests {
    use virtplug_udev::Scan;

    use super::*;
    use crate::learn::fixture::{device, hub};

    fn all(devices: &[Device]) -> HostChange {
        HostChange::All(Scan {
            devices: devices.to_vec(),
            unreadable: Vec::new(),
        })
    }

    fn came(arrivals: &mut Arrivals, change: HostChange) -> Option<String> {
        let device = arrivals.see(change).unwrap();
        device.map(|device| device.port.to_string())
    }

    fn one(device: Device) -> HostChange {
        HostChange::Device(Box::new(device))
    }

    #[test]
    fn what_was_there_is_not_new_and_what_comes_is() {
        let mut arrivals = Arrivals::default();
        assert!(!arrivals.is_settled());
        let old = device("1-1", 2, b"A", b"");
        assert_eq!(came(&mut arrivals, all(std::slice::from_ref(&old))), None);
        assert!(arrivals.is_settled());
        assert_eq!(came(&mut arrivals, one(old)), None);
        let new = one(device("1-2", 3, b"B", b""));
        assert_eq!(came(&mut arrivals, new).as_deref(), Some("1-2"));
        // The same one again is new when it was out.
        arrivals.settle();
        let gone = HostChange::Gone("1-1".parse().unwrap());
        assert_eq!(came(&mut arrivals, gone), None);
        let again = one(device("1-1", 4, b"A", b""));
        assert_eq!(came(&mut arrivals, again).as_deref(), Some("1-1"));
    }

    #[test]
    fn a_scan_after_lost_events_shows_what_is_new() {
        let mut arrivals = Arrivals::of(vec![device("1-1", 2, b"A", b"")]);
        assert_eq!(came(&mut arrivals, HostChange::Overrun), None);
        let scan = all(&[device("1-1", 2, b"A", b""), device("1-3", 5, b"C", b"")]);
        assert_eq!(came(&mut arrivals, scan).as_deref(), Some("1-3"));
        let failed = arrivals.see(HostChange::ScanFailed("no sysfs".to_owned()));
        assert_eq!(failed.unwrap_err(), "no sysfs");
    }

    #[test]
    fn hubs_are_passed_over_for_what_is_behind_them() {
        let mut arrivals = Arrivals::of(Vec::new());
        assert_eq!(came(&mut arrivals, one(hub("1-4", 6))), None);
        assert!(!arrivals.is_pending());
        let behind = one(device("1-4.1", 7, b"A", b""));
        assert_eq!(came(&mut arrivals, behind).as_deref(), Some("1-4.1"));
    }

    #[test]
    fn udev_is_waited_for() {
        let mut arrivals = Arrivals::of(Vec::new());
        let mut early = device("1-1", 2, b"A", b"");
        early.processed = false;
        assert_eq!(came(&mut arrivals, one(early.clone())), None);
        assert!(arrivals.is_pending());
        assert_eq!(arrivals.overdue().unwrap(), early);
        let gone = HostChange::Gone("1-1".parse().unwrap());
        assert_eq!(came(&mut arrivals, gone), None);
        assert!(!arrivals.is_pending() && arrivals.overdue().is_none());
        came(&mut arrivals, one(early.clone()));
        early.processed = true;
        assert_eq!(came(&mut arrivals, one(early)).as_deref(), Some("1-1"));
    }
}
