//! The agenda: what happens when, on a clock of its own.

use std::collections::{BTreeMap, BTreeSet};

use virtplug_core::{AttachRequest, ConnectionUri, Event, MachineKey, OwnAlias, PortPath, Time};

use crate::machine::Author;
use crate::server::Notice;

/// Something for the daemon's loop, as its edge puts it into the queue.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "nearly all letters are events")]
pub(crate) enum Letter {
    Event(Event),
    /// An attempt to open a connection ended.
    Opened {
        uri: ConnectionUri,
        generation: u64,
        result: Result<(), String>,
    },
    /// libvirt said something on a connection.
    Notice {
        uri: ConnectionUri,
        generation: u64,
        notice: Notice,
    },
    /// The server closed a connection.
    Closed {
        uri: ConnectionUri,
        generation: u64,
    },
}

/// A request that outlived its connection or its daemon.
#[derive(Debug, Clone)]
pub(crate) enum Ghost {
    Attach(AttachRequest),
    Detach(MachineKey, OwnAlias),
    Start(MachineKey),
}

/// What comes due.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    /// udev is done with an event of a port.
    Processed(PortPath),
    /// The monitor of that daemon looks at its socket.
    Monitor { epoch: u64 },
    /// That daemon sees that the host uses a port's device otherwise.
    UseSeen { epoch: u64, port: PortPath },
    /// That daemon takes a letter out of its queue.
    Letter { epoch: u64, letter: Letter },
    /// A call of that daemon gets further; `turn` tells what was put off.
    Call { epoch: u64, call: u64, turn: u64 },
    /// QEMU lets a device go.
    Removal {
        machine: MachineKey,
        run: u64,
        alias: String,
        author: Author,
    },
    /// A request takes effect that nobody waits for.
    Landing(Ghost),
    /// The service manager starts the daemon again.
    Restart,
    /// A connection that lost an event breaks.
    Break { uri: ConnectionUri, generation: u64 },
}

/// Sources that keep their own order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// udev, for one port.
    Port(PortPath),
    /// The monitor's reports.
    Monitor,
    /// Events of a connection.
    Connection(ConnectionUri, u64),
}

/// When, and the how-manieth that was booked.
pub(crate) type Appointment = (Time, u64);

/// What comes due, in order of time; what is due together, in the order of booking.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    due: BTreeMap<Appointment, (Option<Lane>, Due)>,
    booked: u64,
    lanes: BTreeMap<Lane, Time>,
}

impl Agenda {
    pub(crate) fn book(&mut self, at: Time, due: Due) {
        self.enter(at, None, due);
    }

    fn enter(&mut self, at: Time, lane: Option<Lane>, due: Due) {
        self.booked += 1;
        self.due.insert((at, self.booked), (lane, due));
    }

    /// Books something not before what was booked in the same lane.
    pub(crate) fn book_in_line(&mut self, lane: Lane, at: Time, due: Due) {
        let last = self.lanes.entry(lane.clone()).or_default();
        *last = at.max(*last);
        let at = *last;
        self.enter(at, Some(lane), due);
    }

    pub(crate) fn next(&self) -> Option<Time> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn take(&mut self) -> Option<Due> {
        self.due.pop_first().map(|(_, (_, due))| due)
    }

    /// What could as well come next: all but what has something of its lane before it.
    pub(crate) fn candidates(&self) -> Vec<Appointment> {
        let mut lanes = BTreeSet::new();
        let due = self.due.iter();
        let due = due.filter(|(_, (lane, _))| lane.as_ref().is_none_or(|lane| lanes.insert(lane)));
        due.map(|(at, _)| *at).collect()
    }

    pub(crate) fn take_out(&mut self, appointment: Appointment) -> Option<Due> {
        self.due.remove(&appointment).map(|(_, due)| due)
    }

    /// Drops what was for a daemon that is gone.
    pub(crate) fn forget_epoch(&mut self, gone: u64) {
        self.due.retain(|_, (_, due)| {
            !matches!(due, Due::Monitor { epoch } | Due::UseSeen { epoch, .. } | Due::Letter { epoch, .. } | Due::Call { epoch, .. }
                if *epoch == gone)
        });
        self.lanes.remove(&Lane::Monitor);
    }
}
