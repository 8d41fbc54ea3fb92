//! One machine, as the engine was told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use virtplug_core::{
    Activity, Detached, Device, Hostdev, InstanceId, LiveMachine, MachineRead, OwnAlias, PortPath,
    Time,
};

/// After that long a detach that was called off meanwhile counts as a new one.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// After that long a detach of an earlier run takes out nothing any more. The engine
/// takes one for its own for 60 to 75 s.
const LANDED: Duration = Duration::from_secs(80);

/// Calls of one kind that did not help, since the last relevant change.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tries {
    pub(crate) failures: u32,
    pub(crate) last: Time,
    /// What the machine was like when it had no room for the device.
    pub(crate) no_room: Option<LiveMachine>,
}

/// What is known of a machine.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The last look that did not fail.
    pub(crate) read: Option<MachineRead>,
    /// Whether that is of this connection and no look failed since.
    pub(crate) current: bool,
    /// Whether the connection was up ever since the last look.
    pub(crate) watched: bool,
    /// Detaches that were asked for in this run.
    pub(crate) detaches: BTreeMap<OwnAlias, Tries>,
    /// Until when those of earlier runs may meet an entry that a saved machine brought back.
    late: BTreeMap<OwnAlias, Time>,
    pub(crate) attaches: BTreeMap<InstanceId, Tries>,
    /// Devices of which an attach was answered in this run.
    pub(crate) tried: BTreeSet<InstanceId>,
    /// Devices that somebody else took out.
    pub(crate) held: BTreeMap<InstanceId, PortPath>,
    /// Devices that somebody took out of a run while an earlier daemon watched.
    pub(crate) restored: BTreeMap<InstanceId, Detached>,
}

impl Known {
    pub(crate) fn live(&self) -> Option<&LiveMachine> {
        match &self.read {
            Some(MachineRead::Live(live)) => Some(live),
            _ => None,
        }
    }

    /// Whether calls may be made by what is known.
    pub(crate) fn is_ready(&self) -> bool {
        self.current
            && self
                .live()
                .is_some_and(|live| live.activity == Activity::Ready)
    }

    pub(crate) fn own(&self) -> Vec<(OwnAlias, &Hostdev)> {
        own_entries(self.live())
    }

    pub(crate) fn has_good(&self, alias: &OwnAlias) -> bool {
        self.current
            && self
                .own()
                .iter()
                .any(|(own, hostdev)| own == alias && !hostdev.missing)
    }

    /// Whether it has a device by an entry of ours.
    pub(crate) fn holds(&self, device: &Device) -> bool {
        self.own().iter().any(|(alias, hostdev)| {
            alias.instance == device.instance
                && !hostdev.missing
                && hostdev.address == Some(device.address)
        })
    }

    /// A relevant change: all may be tried at once again.
    pub(crate) fn forgive_all(&mut self) {
        self.attaches.clear();
    }

    pub(crate) fn forgive(&mut self, instance: InstanceId) {
        self.attaches.remove(&instance);
    }

    pub(crate) fn detach_asked(&mut self, now: Time, alias: &OwnAlias) {
        let tries = self.detaches.entry(alias.clone()).or_default();
        if now.since(tries.last) >= FORGOTTEN {
            tries.failures = 0;
        }
        tries.last = now;
    }

    pub(crate) fn detach_answered(&mut self, now: Time, alias: &OwnAlias) {
        if let Some(tries) = self.detaches.get_mut(alias) {
            tries.failures += 1;
            tries.last = now;
        }
    }

    pub(crate) fn attach_failed(&mut self, now: Time, instance: InstanceId) {
        let no_room = self
            .live()
            .filter(|live| self.current && (!live.ports.controller || live.ports.free == Some(0)))
            .cloned();
        if self.current && self.live().is_none() {
            return;
        }
        let tries = self.attaches.entry(instance).or_default();
        tries.failures += 1;
        tries.last = now;
        tries.no_room = no_room;
    }

    /// Takes a look; `belongs` are the instances that are to be here.
    pub(crate) fn learn(&mut self, now: Time, read: &MachineRead, belongs: &BTreeSet<InstanceId>) {
        let before = self.read.replace(read.clone());
        let watched = std::mem::replace(&mut self.watched, true);
        match (before, read) {
            (Some(MachineRead::Live(old)), MachineRead::Live(new)) if old.run == new.run => {
                let relevant = old.activity != new.activity
                    || old.ports.controller != new.ports.controller
                    || foreign(&old) != foreign(new);
                if relevant {
                    self.forgive_all();
                } else if new.ports.controller && new.ports.free != Some(0) {
                    self.attaches.retain(|_, tries| tries.no_room.is_none());
                }
                let here: BTreeSet<OwnAlias> = own_entries(Some(new))
                    .into_iter()
                    .map(|(own, _)| own)
                    .collect();
                for (alias, _) in own_entries(Some(&old)) {
                    if here.contains(&alias) {
                        continue;
                    }
                    let late = self.late.remove(&alias).is_some_and(|until| now < until);
                    let asked = self.detaches.remove(&alias).is_some() || late;
                    if !asked && watched && belongs.contains(&alias.instance) {
                        self.held.insert(alias.instance, alias.port);
                    }
                }
            }
            _ => {
                let detaches = std::mem::take(&mut self.detaches).into_iter();
                self.late
                    .extend(detaches.map(|(alias, tries)| (alias, tries.last + LANDED)));
                if let MachineRead::Live(new) = read {
                    let back = own_entries(Some(new));
                    self.late
                        .retain(|alias, _| back.iter().any(|(own, _)| own == alias));
                }
                self.tried.clear();
                self.forgive_all();
                self.held.clear();
            }
        }
        for (instance, detached) in std::mem::take(&mut self.restored) {
            if self.live().is_some_and(|live| live.run == detached.run) {
                self.held.insert(instance, detached.port);
            }
        }
        for (alias, hostdev) in own_entries(match read {
            MachineRead::Live(live) => Some(live),
            _ => None,
        }) {
            if !hostdev.missing {
                self.held.remove(&alias.instance);
                self.attaches.remove(&alias.instance);
            }
        }
    }
}

fn own_entries(live: Option<&LiveMachine>) -> Vec<(OwnAlias, &Hostdev)> {
    live.into_iter()
        .flat_map(|live| &live.hostdevs)
        .filter_map(|hostdev| Some((OwnAlias::parse(hostdev.alias.as_deref()?)?, hostdev)))
        .collect()
}

fn foreign(live: &LiveMachine) -> Vec<&Hostdev> {
    let is_own = |hostdev: &Hostdev| hostdev.alias.as_deref().and_then(OwnAlias::parse).is_some();
    live.hostdevs
        .iter()
        .filter(|hostdev| !is_own(hostdev))
        .collect()
}
