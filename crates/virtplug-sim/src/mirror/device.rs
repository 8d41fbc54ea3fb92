//! Devices that come, change and go, by what the engine was told.

use std::collections::BTreeSet;
use std::time::Duration;

use virtplug_core::{Device, Fact, InstanceId, PortPath, Time};

use super::{Departure, Mirror, guard};
use crate::wish::Followed;

/// A device that is back within this time was reset.
const RESET: Duration = Duration::from_secs(5);

/// How long `follow` lasts in this world.
pub(crate) const FOLLOW: Duration = Duration::from_secs(10);

fn stays<T: Clone + PartialEq>(now: &mut Fact<T>, before: &Fact<T>) {
    if *now == Fact::Unknown {
        now.clone_from(before);
    }
}

impl Mirror {
    pub(super) fn see(&mut self, now: Time, device: &Device) {
        self.unreadable.remove(&device.port);
        let there_before = self.there_before.remove(&device.port);
        let mut device = device.clone();
        let same = self.devices.get(&device.port).cloned();
        let same = same.filter(|one| one.instance == device.instance);
        if let Some(before) = &same {
            // What was known of this instance stays known; only what the host
            // does with it, and whether it may be used, can change.
            stays(&mut device.serial, &before.serial);
            stays(&mut device.manufacturer, &before.manufacturer);
            stays(&mut device.product_name, &before.product_name);
            stays(&mut device.revision, &before.revision);
            stays(&mut device.interfaces, &before.interfaces);
            stays(&mut device.speed, &before.speed);
            stays(&mut device.removable, &before.removable);
            stays(&mut device.peer, &before.peer);
            stays(&mut device.half, &before.half);
            stays(&mut device.udev, &before.udev);
            device.processed |= before.processed;
        } else {
            self.lose(now, [&device.port]);
            self.arrive(now, &device, there_before);
        }
        if !same.is_some_and(|before| guard::is_same_to_calls(&before, &device)) {
            for known in self.machines.values_mut() {
                known.forgive(device.instance);
            }
        }
        self.regain_hold(&device);
        self.devices.insert(device.port.clone(), device);
        self.forget_holds();
    }

    /// The ports with another instance than was known.
    pub(super) fn replaced(&self, present: &[Device]) -> Vec<PortPath> {
        let known = |one: &&Device| self.devices.get(&one.port).map(|known| known.instance);
        let changed = |one: &&Device| known(one).is_some_and(|instance| instance != one.instance);
        let ports = present.iter().filter(changed);
        ports.map(|one| one.port.clone()).collect()
    }

    fn arrive(&mut self, now: Time, device: &Device, there_before: bool) {
        let arrivals = self.arrivals.entry(device.port.clone()).or_default();
        arrivals.note(now);
        if !self.complete {
            return;
        }
        let departure = self.departures.get(&device.port);
        if departure.is_none_or(|one| now >= one.at + RESET) && !there_before {
            self.plugs.insert(device.instance, now);
        }
        if let Some(departure) = departure.filter(|one| now < one.at + FOLLOW) {
            let followed = departure.followed.clone();
            self.follows.insert(device.instance, followed);
        }
    }

    /// Takes away what is gone; what is gone at once met each other till then.
    pub(super) fn lose<'p>(&mut self, now: Time, ports: impl IntoIterator<Item = &'p PortPath>) {
        let ports: Vec<&PortPath> = ports.into_iter().collect();
        for port in &ports {
            self.unreadable.remove(*port);
            self.there_before.remove(*port);
        }
        let gone = ports.iter().filter_map(|port| self.devices.get(*port));
        let gone: Vec<(Device, Vec<Followed>)> = gone
            .map(|one| (one.clone(), self.to_follow(one.instance)))
            .collect();
        for (device, followed) in gone {
            self.lose_hold(now, &device);
            let departure = Departure { at: now, followed };
            self.departures.insert(device.port.clone(), departure);
            self.devices.remove(&device.port);
            self.follows.remove(&device.instance);
            self.plugs.remove(&device.instance);
            self.spent
                .retain(|(instance, _)| *instance != device.instance);
        }
        self.forget_holds();
    }

    fn forget_holds(&mut self) {
        let present: BTreeSet<InstanceId> = self.devices.values().map(|one| one.instance).collect();
        let complete = self.complete;
        for known in self.machines.values_mut() {
            known
                .held
                .retain(|instance, _| !complete || present.contains(instance));
            known.tried.retain(|instance| present.contains(instance));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gadget::Gadget;
    use crate::host::Host;

    #[test]
    fn what_was_read_of_an_instance_stays_known() {
        let mut host = Host::new();
        let port: PortPath = "1-1".parse().unwrap();
        assert!(host.plug(&port, Gadget::NamelessStick));
        let device = host.read(&port).unwrap();
        let mut mirror = Mirror::default();
        mirror.see(Time::default(), &device);
        let unread = Device {
            revision: Fact::Unknown,
            interfaces: Fact::Unknown,
            speed: Fact::Unknown,
            removable: Fact::Unknown,
            peer: Fact::Unknown,
            half: Fact::Unknown,
            serial: Fact::Unknown,
            manufacturer: Fact::Unknown,
            product_name: Fact::Unknown,
            udev: Fact::Unknown,
            processed: false,
            ..device.clone()
        };
        mirror.see(Time::default(), &unread);
        assert_eq!(mirror.devices.get(&port), Some(&device));
        // What may change is as it was read.
        let changed = Device {
            authorized: Fact::Unknown,
            in_use: Fact::Unknown,
            ..device
        };
        mirror.see(Time::default(), &changed);
        assert_eq!(mirror.devices.get(&port), Some(&changed));
    }
}
