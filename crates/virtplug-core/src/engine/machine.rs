//! What the engine knows of one machine and what is under way there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::action::{AttachRequest, DetachReason, DetachRequest, OpId};
use crate::alias::OwnAlias;
use crate::assignment::Grant;
use crate::device::InstanceId;
use crate::id::HostAddress;
use crate::machine::{Activity, GuestPort, GuestPorts, Hostdev, LiveMachine, RunId};
use crate::port::PortPath;
use crate::retry::Backoff;
use crate::time::Time;

/// A call that takes longer is reported. libvirt itself waits 30 s for a
/// domain's lock.
pub(super) const OVERDUE: Duration = Duration::from_secs(45);

/// How long a requested detach may take until it is looked at again: QEMU
/// confirms it by an event.
pub(super) const DETACH_PATIENCE: Duration = Duration::from_secs(5);

/// How long after an answer libvirt may still do what it was asked for, even
/// where the answer was a failure: it waits 30 s for a domain's lock.
const LANDING_PATIENCE: Duration = Duration::from_secs(60);

/// What is known of a machine's existence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Existence {
    /// Not looked at.
    #[default]
    Unread,
    /// libvirt knows no such machine.
    Absent,
    /// Defined, not active.
    Off,
    /// Active. Shared, as a look is both kept and compared.
    Live(Arc<Live>),
}

impl Existence {
    /// The live side, where there is one.
    pub(super) fn live(&self) -> Option<&Live> {
        match self {
            Self::Live(live) => Some(live),
            _ => None,
        }
    }
}

/// The live side of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Live {
    pub(super) run: RunId,
    pub(super) activity: Activity,
    pub(super) paused: bool,
    pub(super) ports: GuestPorts,
    pub(super) entries: Vec<Entry>,
    /// Block devices of the host, by the files that name them.
    pub(super) disks: BTreeSet<String>,
    /// The instances that entries of ours name, sorted.
    instances: Vec<InstanceId>,
}

/// A hostdev; `own` holds our alias where it is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) own: Option<OwnAlias>,
    pub(super) hostdev: Hostdev,
}

impl Entry {
    /// The address that this entry keeps others from; a missing one keeps none.
    pub(super) fn occupies(&self) -> Option<HostAddress> {
        self.hostdev.address.filter(|_| !self.hostdev.missing)
    }
}

/// Those that are ours.
pub(super) fn own(entries: &[Entry]) -> impl Iterator<Item = (&OwnAlias, &Hostdev)> {
    entries
        .iter()
        .filter_map(|entry| Some((entry.own.as_ref()?, &entry.hostdev)))
}

impl From<LiveMachine> for Live {
    fn from(read: LiveMachine) -> Self {
        let entries: Vec<Entry> = read
            .hostdevs
            .into_iter()
            .map(|hostdev| Entry {
                own: hostdev.own_alias(),
                hostdev,
            })
            .collect();
        let mut instances: Vec<InstanceId> =
            own(&entries).map(|(alias, _)| alias.instance).collect();
        instances.sort_unstable();
        Self {
            run: read.run,
            activity: read.activity,
            paused: read.paused,
            ports: read.ports,
            disks: read.disks,
            entries,
            instances,
        }
    }
}

impl Live {
    pub(super) fn own(&self) -> impl Iterator<Item = (&OwnAlias, &Hostdev)> {
        own(&self.entries)
    }

    pub(super) fn entry(&self, alias: &OwnAlias) -> Option<&Hostdev> {
        self.own()
            .find_map(|(own, hostdev)| (own == alias).then_some(hostdev))
    }

    /// Why no more devices fit in, if so.
    pub(super) fn stuck(&self) -> Option<Stuck> {
        if !self.ports.controller {
            Some(Stuck::NoController)
        } else if self.ports.free == Some(0) {
            Some(Stuck::NoFreePort)
        } else {
            None
        }
    }

    /// Where this look and a later one at the same run differ: the entries of
    /// each between those that both begin and end with.
    pub(super) fn differing<'l>(&'l self, other: &'l Self) -> (&'l [Entry], &'l [Entry]) {
        let (mut gone, mut come) = (self.entries.as_slice(), other.entries.as_slice());
        while let (Some((a, before)), Some((b, after))) = (gone.split_first(), come.split_first())
            && a == b
        {
            (gone, come) = (before, after);
        }
        while let (Some((a, before)), Some((b, after))) = (gone.split_last(), come.split_last())
            && a == b
        {
            (gone, come) = (before, after);
        }
        (gone, come)
    }

    /// Whether a change that is not of our making lies between two looks.
    pub(super) fn differs_beside_own(&self, other: &Self) -> bool {
        let foreign = |live: &Self| {
            live.entries
                .iter()
                .filter(|entry| entry.own.is_none())
                .cloned()
                .collect::<Vec<_>>()
        };
        self.run != other.run
            || self.activity != other.activity
            || self.ports.controller != other.ports.controller
            || foreign(self) != foreign(other)
    }
}

/// The one thing that is under way at a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    Look,
    Attach(OpId, AttachRequest),
    Detach(OpId, DetachRequest),
    Start(OpId),
}

/// A task since when, and whether it was reported as overdue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) task: Task,
    pub(super) since: Time,
    pub(super) overdue: bool,
}

/// Tries to attach one instance here.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempts {
    pub(super) backoff: Backoff,
    pub(super) error: String,
    /// Only a change of the machine can help.
    pub(super) stuck: Option<Stuck>,
}

/// Why waiting does not help an attach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// The machine has no USB controller.
    NoController,
    /// Every guest USB port is in use.
    NoFreePort,
}

/// A detach that was asked for and is not seen done.
#[derive(Debug, Clone)]
pub(super) struct Leaving {
    pub(super) reason: DetachReason,
    /// When it was last asked for or answered.
    pub(super) last: Time,
    pub(super) backoff: Backoff,
    /// Whether the machine was looked at after the last moment at which a
    /// detach that is not wanted any more could happen.
    pub(super) looked_at: bool,
}

impl Leaving {
    /// When a detach that is not wanted any more will not happen any more. An
    /// entry that goes after that was taken out by somebody else.
    pub(super) fn over(&self) -> Time {
        self.backoff.until().max(self.last + LANDING_PATIENCE)
    }
}

#[derive(Debug, Default)]
pub(super) struct Machine {
    pub(super) existence: Existence,
    /// Whether `existence` was read since the connection was opened and no
    /// look failed after that.
    pub(super) current: bool,
    /// Whether the connection was up ever since the last look, so that a run
    /// with the same id is the same run: a restarted libvirtd counts anew.
    pub(super) watched: bool,
    /// A look is due as soon as nothing is under way.
    pub(super) look: bool,
    pub(super) look_backoff: Backoff,
    pub(super) slot: Option<Slot>,
    /// The address that an attach was asked for, until the next look that does not fail.
    pub(super) attaching: Option<HostAddress>,
    /// Devices that are assigned to it.
    pub(super) wanted: BTreeSet<PortPath>,
    pub(super) attempts: BTreeMap<InstanceId, Attempts>,
    pub(super) leaving: BTreeMap<OwnAlias, Leaving>,
    /// Detaches that were asked for in an earlier run. Until then they may still
    /// meet an entry that came back with a saved machine.
    late: BTreeMap<OwnAlias, (DetachReason, Time)>,
    /// When it wants to be considered again.
    pub(super) wake: Option<Time>,
}

impl Machine {
    pub(super) fn live(&self) -> Option<&Live> {
        self.existence.live()
    }

    /// Whether an entry of an earlier instance at a port was asked to go a
    /// moment ago. Its guest port is free when it is gone, so that a replugged
    /// device keeps its place. An entry that does not go holds up nobody for long.
    pub(super) fn lets_go_of(&self, port: &PortPath, now: Time) -> bool {
        self.leaving.iter().any(|(alias, leaving)| {
            alias.port == *port && leaving.backoff.failures() <= 1 && now < leaving.backoff.until()
        })
    }

    /// Another look takes the place of the last one, and not at the same run.
    pub(super) fn begin_anew(&mut self, now: Time) {
        self.attempts.clear();
        let leaving = std::mem::take(&mut self.leaving);
        let late = leaving.into_iter().map(|(alias, leaving)| {
            let until = leaving.over();
            (alias, (leaving.reason, until))
        });
        self.late.extend(late);
        let live = self.existence.live();
        self.late.retain(|alias, (_, until)| {
            now < *until && live.is_none_or(|live| live.entry(alias).is_some())
        });
    }

    /// Why an entry that has gone was asked to go, if it was.
    pub(super) fn reason_gone(&mut self, alias: &OwnAlias, now: Time) -> Option<DetachReason> {
        let late = self.late.remove(alias);
        let late = late.filter(|(_, until)| now < *until);
        let leaving = self.leaving.remove(alias);
        let leaving = leaving.map(|leaving| leaving.reason);
        leaving.or(late.map(|(reason, _)| reason))
    }

    /// The guest port that a rule asks for, if something is there.
    pub(super) fn taken_port<'g>(&self, grant: Option<&'g Grant>) -> Option<&'g GuestPort> {
        let port = grant?.rule()?.options.guest_port.as_ref()?;
        self.live()
            .is_some_and(|live| live.ports.used.contains(port))
            .then_some(port)
    }

    /// Whether it holds this instance by an entry of ours.
    pub(super) fn has(&self, instance: InstanceId) -> bool {
        self.live()
            .is_some_and(|live| live.instances.binary_search(&instance).is_ok())
    }
}
