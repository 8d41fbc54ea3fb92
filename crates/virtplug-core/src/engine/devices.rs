//! The devices that are present, and where each belongs.

use std::collections::{BTreeMap, BTreeSet};

use crate::assignment::Assignment;
use crate::device::{Device, InstanceId};
use crate::fact::Fact;
use crate::id::HostAddress;
use crate::port::PortPath;
use crate::retry::{Backoff, CALL_DELAY_CAP, Jitter};
use crate::time::Time;

/// A present device, what is decided of it, and since when it is known.
#[derive(Debug, Clone)]
pub(super) struct Present {
    pub(super) device: Device,
    pub(super) assignment: Assignment,
    pub(super) seen: Time,
}

/// Whether a scan is asked for and not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Scan {
    #[default]
    Idle,
    Asked,
    /// Another one is to follow the one that is under way.
    AskedAgain,
}

/// All present devices, found by port, instance or address.
#[derive(Debug, Default)]
pub(super) struct Devices {
    /// Whether a scan succeeded; before that absence means nothing.
    pub(super) complete: bool,
    pub(super) scan: Scan,
    /// Whether the last scan failed; told once.
    pub(super) scan_failing: bool,
    present: BTreeMap<PortPath, Present>,
    by_instance: BTreeMap<InstanceId, PortPath>,
    by_address: BTreeMap<HostAddress, PortPath>,
    /// Ports whose device exists and could not be read.
    unreadable: BTreeSet<PortPath>,
    /// Ports whose device could be read in part, so that it is not clear where
    /// it belongs.
    doubtful: BTreeSet<PortPath>,
    /// Pauses between looks at what could not be read.
    backoff: Backoff,
    /// When the next such look is.
    again: Option<Time>,
}

impl Devices {
    pub(super) fn at(&self, port: &PortPath) -> Option<&Present> {
        self.present.get(port)
    }

    pub(super) fn with_instance(&self, instance: InstanceId) -> Option<&Present> {
        self.present.get(self.by_instance.get(&instance)?)
    }

    pub(super) fn with_address(&self, address: HostAddress) -> Option<&Present> {
        self.present.get(self.by_address.get(&address)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Present> {
        self.present.values()
    }

    pub(super) fn ports(&self) -> Vec<PortPath> {
        self.present.keys().cloned().collect()
    }

    /// Whether it is known that this instance is not there.
    pub(super) fn is_gone(&self, instance: InstanceId, port: &PortPath) -> bool {
        self.complete
            && !self.by_instance.contains_key(&instance)
            && !self.unreadable.contains(port)
    }

    /// Takes a device that was read; gives what was at its port before.
    pub(super) fn put(&mut self, present: Present) -> Option<Present> {
        let port = present.device.port.clone();
        let before = self.take(&port);
        self.by_instance
            .insert(present.device.instance, port.clone());
        self.by_address.insert(present.device.address, port.clone());
        self.present.insert(port, present);
        before
    }

    /// Forgets the device at a port.
    pub(super) fn take(&mut self, port: &PortPath) -> Option<Present> {
        self.doubtful.remove(port);
        let before = self.present.remove(port)?;
        self.by_instance.remove(&before.device.instance);
        // The address may already belong to a device that was read later.
        if self.by_address.get(&before.device.address) == Some(port) {
            self.by_address.remove(&before.device.address);
        }
        Some(before)
    }

    /// Notes that something is at a port and could not be read.
    pub(super) fn mark_unreadable(&mut self, port: PortPath) {
        self.unreadable.insert(port);
    }

    /// Whether something unreadable was at a port, which is forgotten.
    pub(super) fn clear_unreadable(&mut self, port: &PortPath) -> bool {
        self.unreadable.remove(port)
    }

    pub(super) fn unreadable(&self) -> impl Iterator<Item = &PortPath> {
        self.unreadable.iter()
    }

    pub(super) fn assign(&mut self, port: &PortPath, assignment: Assignment) {
        let Some(present) = self.present.get_mut(port) else {
            return;
        };
        let device = &present.device;
        let unread = device.serial == Fact::Unknown || device.authorized == Fact::Unknown;
        if unread && matches!(assignment, Assignment::Unknown(..)) {
            self.doubtful.insert(port.clone());
        } else {
            self.doubtful.remove(port);
        }
        present.assignment = assignment;
    }

    /// Plans the next look at what could not be read. No event tells when it
    /// can be. `Some`: how the timer changes, from and to.
    pub(super) fn plan(
        &mut self,
        now: Time,
        jitter: &mut Jitter,
    ) -> Option<(Option<Time>, Option<Time>)> {
        let unread = self.scan_failing || !self.unreadable.is_empty() || !self.doubtful.is_empty();
        if !unread {
            self.backoff = Backoff::default();
            return self.again.take().map(|at| (Some(at), None));
        }
        if self.scan != Scan::Idle || self.again.is_some() {
            return None;
        }
        self.backoff.fail(now, CALL_DELAY_CAP, jitter);
        self.again = Some(self.backoff.until());
        Some((None, self.again))
    }

    /// The time for that look has come.
    pub(super) fn look_now(&mut self) {
        self.again = None;
    }
}

/// Completes a fresh read with what was known of the same instance: a
/// descriptor does not change while an instance lives, so what failed to be
/// read again is as it was. `authorized` can change, so it must be read.
pub(super) fn remember(mut fresh: Device, known: &Device) -> Device {
    fn keep<T: Clone>(fresh: &mut Fact<T>, known: &Fact<T>) {
        if matches!(fresh, Fact::Unknown) {
            fresh.clone_from(known);
        }
    }
    if fresh.instance == known.instance {
        keep(&mut fresh.serial, &known.serial);
        keep(&mut fresh.manufacturer, &known.manufacturer);
        keep(&mut fresh.product_name, &known.product_name);
        keep(&mut fresh.udev, &known.udev);
        fresh.processed |= known.processed;
    }
    fresh
}
