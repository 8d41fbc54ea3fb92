//! A machine as libvirt has it, and the hostdevs in it.

use std::collections::BTreeSet;

use virtplug_core::{
    Activity, GuestPort, GuestPorts, HostAddress, Hostdev, InstanceId, LiveMachine, MachineRead,
    OwnAlias, PortPath, ProductId, RunId, Uuid, VendorId,
};

use crate::gadget::Gadget;

/// How many guest USB ports a machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sockets {
    /// No USB controller.
    NoController,
    /// That many ports.
    Count(u32),
    /// Plenty, by a controller whose size the XML does not tell.
    Untold,
}

/// Who made an entry, or is to blame that it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// That daemon, by a call that it got or will get the answer of.
    Daemon(u64),
    /// A call that outlived its connection or its daemon.
    Ghost,
    /// Somebody else.
    Admin,
}

/// A `<hostdev>` of a live XML, and what QEMU has of it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) alias: String,
    pub(crate) ids: (VendorId, ProductId),
    pub(crate) address: Option<HostAddress>,
    pub(crate) missing: bool,
    /// The instance that QEMU opened. It stays when that is long gone.
    pub(crate) holds: Option<InstanceId>,
    pub(crate) author: Author,
    /// Who asked QEMU to let it go.
    pub(crate) leaving: Option<Author>,
    /// The port of the guest's first controller that it has.
    pub(crate) socket: u8,
}

impl Entry {
    pub(crate) fn own(&self) -> Option<OwnAlias> {
        OwnAlias::parse(&self.alias)
    }

    /// Whether this entry blocks an address in libvirt's list of devices in use.
    pub(crate) fn blocks(&self, address: HostAddress) -> bool {
        !self.missing && self.address == Some(address)
    }
}

/// What an active machine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Running,
    Paused,
    /// Saving, migrating or shutting down.
    Busy,
}

/// A run of a machine.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// libvirt's domain id. After a restart of libvirtd ids may come back.
    pub(crate) id: u32,
    /// Counts all runs there ever were.
    pub(crate) serial: u64,
    pub(crate) doing: Doing,
    pub(crate) entries: Vec<Entry>,
    /// Guest ports that other devices take.
    pub(crate) others: Vec<u8>,
    /// Ports of the host with a disk that is one of its own.
    pub(crate) disks: BTreeSet<PortPath>,
}

/// A libvirt domain.
#[derive(Debug, Clone)]
pub(crate) struct Domain {
    pub(crate) uuid: Uuid,
    pub(crate) sockets: Sockets,
    /// The model of a foreign `<hostdev>` in the persistent XML.
    pub(crate) fixed: Option<Gadget>,
    /// Whether a persistent XML exists; a transient domain ends with its run.
    pub(crate) persistent: bool,
    /// The hostdevs of a managed save.
    pub(crate) saved: Option<Vec<Entry>>,
    /// The hostdevs that it had when it left for another host.
    pub(crate) away: Option<Vec<Entry>>,
    /// The hostdevs of its last snapshot.
    pub(crate) snapshot: Option<Vec<Entry>>,
    pub(crate) run: Option<Run>,
}

impl Domain {
    pub(crate) fn new(uuid: u8) -> Self {
        Self {
            uuid: Uuid([uuid; 16]),
            sockets: Sockets::Count(8),
            fixed: None,
            persistent: true,
            saved: None,
            away: None,
            snapshot: None,
            run: None,
        }
    }

    /// Whether a device more finds a guest port; `Err` with libvirt's code and text.
    pub(crate) fn takes_one_more(&self) -> Result<(), (i32, &'static str)> {
        match self.sockets {
            Sockets::NoController => Err((67, "Domain has no USB bus support")),
            Sockets::Count(_) if self.free() == Some(0) => Err((1, "No free USB ports")),
            Sockets::Count(_) | Sockets::Untold => Ok(()),
        }
    }

    fn free(&self) -> Option<u32> {
        let used = u32::try_from(self.used().count()).unwrap_or(u32::MAX);
        match self.sockets {
            Sockets::NoController => Some(0),
            Sockets::Count(count) => Some(count.saturating_sub(used)),
            Sockets::Untold => None,
        }
    }

    fn used(&self) -> impl Iterator<Item = u8> {
        self.run.iter().flat_map(|run| {
            let entries = run.entries.iter().map(|entry| entry.socket);
            entries.chain(run.others.iter().copied())
        })
    }

    /// Whether something is at a guest port.
    pub(crate) fn is_used(&self, socket: u8) -> bool {
        self.used().any(|used| used == socket)
    }

    /// The guest port that a device gets that asks for none.
    pub(crate) fn free_socket(&self) -> u8 {
        let count = match self.sockets {
            Sockets::Count(count) => u8::try_from(count).unwrap_or(u8::MAX),
            Sockets::NoController | Sockets::Untold => 99,
        };
        let mut free = (1..=count).rev().filter(|socket| !self.is_used(*socket));
        free.next().unwrap_or(0)
    }

    /// What a look at it gives.
    pub(crate) fn look(&self) -> MachineRead {
        let Some(run) = &self.run else {
            return MachineRead::Off;
        };
        MachineRead::Live(LiveMachine {
            disks: run.disks.iter().map(disk_at).collect(),
            run: RunId {
                uuid: self.uuid,
                id: run.id,
            },
            activity: match run.doing {
                Doing::Running | Doing::Paused => Activity::Ready,
                Doing::Busy => Activity::Busy,
            },
            paused: run.doing == Doing::Paused,
            hostdevs: run
                .entries
                .iter()
                .map(|entry| Hostdev {
                    alias: Some(entry.alias.clone()),
                    ids: Some(entry.ids),
                    address: entry.address,
                    missing: entry.missing,
                    guest_port: Some(guest_port(entry.socket).to_string()),
                })
                .collect(),
            ports: GuestPorts {
                controller: self.sockets != Sockets::NoController,
                free: self.free(),
                used: self.used().map(guest_port).collect(),
            },
        })
    }
}

/// The name by which people give the disk at a port to a machine.
pub(crate) fn disk_at(port: &PortPath) -> String {
    format!("/dev/disk/by-path/{port}")
}

/// A port of the first controller.
fn guest_port(socket: u8) -> GuestPort {
    GuestPort {
        bus: 0,
        ports: vec![socket],
    }
}
