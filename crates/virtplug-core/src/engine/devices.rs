//! The devices that are present, and where each belongs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::departures::Identity;
use super::disks::ByDisk;
use crate::assignment::Assignment;
use crate::device::{Device, InstanceId};
use crate::fact::Fact;
use crate::host_use::Use;
use crate::id::HostAddress;
use crate::machine::MachineKey;
use crate::matcher::Topology;
use crate::policy::Claim;
use crate::port::PortPath;
use crate::retry::{Backoff, CALL_DELAY_CAP, Jitter};
use crate::rule::Rule;
use crate::time::Time;

/// A present device, what is decided of it, and since when it is known.
#[derive(Debug, Clone)]
pub(super) struct Present {
    pub(super) device: Device,
    pub(super) assignment: Assignment,
    pub(super) seen: Time,
    /// When it was plugged in, if that may start its machine.
    pub(super) plugged: Option<Time>,
    /// Machines of which a start was asked for since.
    pub(super) started: BTreeSet<MachineKey>,
    /// The rule that named its predecessor at the port.
    pub(super) follows: Option<Arc<Rule>>,
    /// The rules that hold for it or could, the strongest first.
    pub(super) claims: Vec<Claim>,
    pub(super) interest: Interest,
    /// The number of the rule that gives it to a machine.
    pub(super) given_by: Option<usize>,
    /// The machine that ended while it had the device by an entry of ours.
    pub(super) left_by: Option<MachineKey>,
    /// For which machine it was told that the host uses it, and how.
    pub(super) refusal_told: Option<(MachineKey, Fact<BTreeSet<Use>>)>,
}

impl Present {
    /// A device of which nothing is decided.
    pub(super) fn new(device: Device, seen: Time) -> Self {
        Self {
            device,
            assignment: Assignment::Host,
            seen,
            plugged: None,
            started: BTreeSet::new(),
            follows: None,
            claims: Vec::new(),
            interest: Interest::default(),
            given_by: None,
            left_by: None,
            refusal_told: None,
        }
    }
}

/// What a decision depends on beside the device.
#[derive(Debug, Clone, Default)]
pub(super) struct Interest {
    /// Machines whose start or stop may change it.
    pub(super) machines: BTreeSet<MachineKey>,
    /// Rules with a `count`, by number.
    pub(super) pools: BTreeSet<usize>,
    /// Groups of rules that may get another owner.
    pub(super) groups: BTreeSet<String>,
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
    /// Boxed, as half of the room in a tree is empty.
    present: BTreeMap<PortPath, Box<Present>>,
    by_instance: BTreeMap<InstanceId, PortPath>,
    /// More than one where a device has the address that another one had before, and
    /// that was not told yet; the one that was read last comes last.
    by_address: BTreeMap<HostAddress, Vec<PortPath>>,
    /// Devices with the same vendor, product and serial number.
    by_identity: BTreeMap<Identity, BTreeSet<PortPath>>,
    by_disk: ByDisk<PortPath>,
    /// Ports whose device exists and could not be read.
    unreadable: BTreeSet<PortPath>,
    /// Those of them that had one when the first scan was made, until it is read.
    pub(super) there_before: BTreeSet<PortPath>,
    /// Ports whose device could be read in part, so that it is not clear where
    /// it belongs.
    doubtful: BTreeSet<PortPath>,
    /// Ports where it is to be read again what the host does with the device:
    /// it could not be read, or only a call saw it, maybe before a later read.
    uses_to_read: BTreeSet<PortPath>,
    /// Pauses between looks at what could not be read.
    backoff: Backoff,
    /// When the next such look is.
    again: Option<Time>,
}

impl Devices {
    pub(super) fn at(&self, port: &PortPath) -> Option<&Present> {
        self.present.get(port).map(Box::as_ref)
    }

    pub(super) fn with_instance(&self, instance: InstanceId) -> Option<&Present> {
        self.at(self.by_instance.get(&instance)?)
    }

    pub(super) fn with_address(&self, address: HostAddress) -> Option<&Present> {
        self.at_address(address).next_back()
    }

    /// All devices that were read with an address.
    pub(super) fn at_address(
        &self,
        address: HostAddress,
    ) -> impl DoubleEndedIterator<Item = &Present> {
        let ports = self.by_address.get(&address).into_iter().flatten();
        ports.filter_map(|port| self.at(port))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Present> {
        self.present.values().map(Box::as_ref)
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
        let ports = self.by_address.entry(present.device.address).or_default();
        ports.push(port.clone());
        if let Some(identity) = Identity::of(&present.device) {
            let namesakes = self.by_identity.entry(identity).or_default();
            namesakes.insert(port.clone());
        }
        let disks = &present.device.disks;
        self.by_disk.replace(&port, &BTreeSet::new(), disks);
        self.use_read(&port, &present.device.in_use);
        self.present.insert(port, Box::new(present));
        before
    }

    /// Forgets the device at a port.
    pub(super) fn take(&mut self, port: &PortPath) -> Option<Present> {
        self.doubtful.remove(port);
        self.uses_to_read.remove(port);
        let before = *self.present.remove(port)?;
        self.by_instance.remove(&before.device.instance);
        if let Some(ports) = self.by_address.get_mut(&before.device.address) {
            ports.retain(|one| one != port);
            if ports.is_empty() {
                self.by_address.remove(&before.device.address);
            }
        }
        if let Some(identity) = Identity::of(&before.device)
            && let Some(namesakes) = self.by_identity.get_mut(&identity)
        {
            namesakes.remove(port);
            if namesakes.is_empty() {
                self.by_identity.remove(&identity);
            }
        }
        let disks = &before.device.disks;
        self.by_disk.replace(port, disks, &BTreeSet::new());
        Some(before)
    }

    /// Takes the disks of the device at a port; tells whether they are others.
    pub(super) fn put_disks(&mut self, port: &PortPath, disks: &BTreeSet<String>) -> bool {
        let Some(present) = self.present.get_mut(port) else {
            return false;
        };
        let known = &mut present.device.disks;
        self.by_disk.replace(port, known, disks);
        let changed = known != disks;
        known.clone_from(disks);
        changed
    }

    /// The ports of the devices that are any of these disks.
    pub(super) fn with_disks<'a>(
        &'a self,
        disks: impl IntoIterator<Item = &'a String>,
    ) -> BTreeSet<PortPath> {
        self.by_disk.of(disks).cloned().collect()
    }

    /// Notes that something is at a port and could not be read.
    pub(super) fn mark_unreadable(&mut self, port: PortPath) {
        self.unreadable.insert(port);
    }

    /// Whether something unreadable was at a port, which is forgotten.
    pub(super) fn clear_unreadable(&mut self, port: &PortPath) -> bool {
        self.unreadable.remove(port)
    }

    pub(super) fn is_unreadable(&self, port: &PortPath) -> bool {
        self.unreadable.contains(port)
    }

    pub(super) fn unreadable(&self) -> impl Iterator<Item = &PortPath> {
        self.unreadable.iter()
    }

    pub(super) fn assign(&mut self, port: &PortPath, assignment: Assignment) {
        let Some(present) = self.present.get_mut(port) else {
            return;
        };
        if present.device.is_partly_unread() && matches!(assignment, Assignment::Unknown(..)) {
            self.doubtful.insert(port.clone());
        } else {
            self.doubtful.remove(port);
        }
        present.assignment = assignment;
    }

    pub(super) fn take_claims(&mut self, port: &PortPath, claims: Vec<Claim>, interest: Interest) {
        if let Some(present) = self.present.get_mut(port) {
            present.claims = claims;
            present.interest = interest;
        }
    }

    /// Notes which rule gives a device; tells which did before. `None`: there
    /// is no such device.
    #[allow(
        clippy::option_option,
        reason = "no device, and a device that no rule gives"
    )]
    pub(super) fn give(&mut self, port: &PortPath, rule: Option<usize>) -> Option<Option<usize>> {
        let present = self.present.get_mut(port)?;
        Some(std::mem::replace(&mut present.given_by, rule))
    }

    /// The other devices that claim to be the same one. Hubs are left out, as
    /// they are never attached.
    pub(super) fn namesakes<'a>(&'a self, device: &Device) -> impl Iterator<Item = &'a Present> {
        let identity = Identity::of(device).filter(|_| !device.is_hub());
        let ports = identity.and_then(|identity| self.by_identity.get(&identity));
        let own = device.port.clone();
        ports
            .into_iter()
            .flatten()
            .filter(move |port| **port != own)
            .filter_map(|port| self.at(port))
            .filter(|present| !present.device.is_hub())
    }

    /// What is plugged in has had its effect.
    pub(super) fn plug_is_over(&mut self, instance: InstanceId) {
        if let Some(port) = self.by_instance.get(&instance)
            && let Some(present) = self.present.get_mut(port)
        {
            present.plugged = None;
        }
    }

    /// Notes that a machine ended that had a device.
    pub(super) fn leave(&mut self, instance: InstanceId, machine: &MachineKey) {
        if let Some(port) = self.by_instance.get(&instance)
            && let Some(present) = self.present.get_mut(port)
        {
            present.left_by = Some(machine.clone());
        }
    }

    /// A machine has the device again.
    pub(super) fn take_back(&mut self, instance: InstanceId) {
        if let Some(port) = self.by_instance.get(&instance)
            && let Some(present) = self.present.get_mut(port)
        {
            present.left_by = None;
        }
    }

    pub(super) fn at_mut(&mut self, port: &PortPath) -> Option<&mut Present> {
        self.present.get_mut(port).map(Box::as_mut)
    }

    /// The ports below a hub's that have a device.
    pub(super) fn below<'a>(&'a self, hub: &'a PortPath) -> impl Iterator<Item = PortPath> + 'a {
        let from = (Bound::Excluded(hub), Bound::Unbounded);
        self.present
            .range(from)
            .map(|(port, _)| port)
            .take_while(|port| port.bus() == hub.bus() && port.ports().starts_with(hub.ports()))
            .cloned()
    }

    /// Notes whether what the host does with a device could be read.
    pub(super) fn use_read(&mut self, port: &PortPath, in_use: &Fact<BTreeSet<Use>>) {
        match in_use {
            Fact::Known(_) => self.uses_to_read.remove(port),
            Fact::Unknown => self.uses_to_read.insert(port.clone()),
        };
    }

    /// Notes that only a call saw what the host does with a device.
    pub(super) fn use_seen_by_call(&mut self, port: &PortPath) {
        self.uses_to_read.insert(port.clone());
    }

    /// The devices of which it is to be read again what the host does with them.
    pub(super) fn with_use_to_read(&self) -> impl Iterator<Item = &Present> {
        let ports = self.uses_to_read.iter();
        ports.filter_map(|port| self.at(port))
    }

    /// Whether something that matters in any case could not be read.
    pub(super) fn is_unread(&self) -> bool {
        self.scan_failing || !self.unreadable.is_empty() || !self.doubtful.is_empty()
    }

    /// Plans the next look at what could not be read, if there is anything. No
    /// event tells when it can be. `Some`: how the timer changes, from and to.
    pub(super) fn plan(
        &mut self,
        unread: bool,
        now: Time,
        jitter: &mut Jitter,
    ) -> Option<(Option<Time>, Option<Time>)> {
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

impl Topology for Devices {
    fn device_at(&self, port: &PortPath) -> Fact<Option<&Device>> {
        match self.present.get(port) {
            Some(present) => Fact::Known(Some(&present.device)),
            None if self.complete && !self.unreadable.contains(port) => Fact::Known(None),
            None => Fact::Unknown,
        }
    }
}
