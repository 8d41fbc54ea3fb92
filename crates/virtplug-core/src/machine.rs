//! libvirt machines and the USB hostdevs in them.

use std::fmt;
use std::sync::Arc;

use crate::alias::OwnAlias;
use crate::id::{HostAddress, ProductId, VendorId};
use crate::text::Escaped;

/// A libvirt connection, by its URI as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionUri(Arc<str>);

impl ConnectionUri {
    /// Wraps a URI; libvirt judges it when it is opened.
    pub fn new(uri: &str) -> Self {
        Self(uri.into())
    }

    /// The URI as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ConnectionUri {
    /// The system instance of QEMU on this host.
    fn default() -> Self {
        Self::new("qemu:///system")
    }
}

impl fmt::Display for ConnectionUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(&self.0).fmt(f)
    }
}

/// Names a machine: its name on its connection. `Display` gives the name alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineKey {
    /// Where it is defined.
    pub uri: ConnectionUri,
    name: Arc<str>,
}

impl MachineKey {
    /// A machine of that name on that connection.
    pub fn new(uri: ConnectionUri, name: &str) -> Self {
        Self {
            uri,
            name: name.into(),
        }
    }

    /// The name as libvirt has it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for MachineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(&self.name).fmt(f)
    }
}

/// One run of a machine, from its start to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunId {
    /// The machine's UUID.
    pub uuid: [u8; 16],
    /// libvirt's domain id, new at each start.
    pub id: u32,
}

/// What one look at a machine gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineRead {
    /// It is active.
    Live(LiveMachine),
    /// It is defined and not active.
    Off,
    /// libvirt knows no machine of that name.
    Absent,
    /// The look failed; nothing is known. With the reason for the log.
    Failed(String),
}

/// An active machine, as its live XML describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveMachine {
    /// This run.
    pub run: RunId,
    /// Whether hostdevs can be changed now.
    pub activity: Activity,
    /// All `<hostdev type='usb'>` entries, ours and foreign.
    pub hostdevs: Vec<Hostdev>,
    /// Guest USB ports.
    pub ports: GuestPorts,
}

/// Whether a machine takes devices at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Running, or paused by an administrator: attach and detach work.
    Ready,
    /// Starting, saving, migrating, shutting down or crashed: wait for its next event.
    Busy,
}

/// The USB ports that a machine offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestPorts {
    /// Whether the machine has any USB controller.
    pub controller: bool,
    /// Ports without a device. `None`: a controller of unknown size is among them.
    pub free: Option<u32>,
}

/// A USB hostdev in a live XML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostdev {
    /// `<alias name=…>`.
    pub alias: Option<String>,
    /// `<vendor>` and `<product>`, where given.
    pub ids: Option<(VendorId, ProductId)>,
    /// `<source><address bus= device=>`.
    pub address: Option<HostAddress>,
    /// `missing='yes'`: libvirt found no such device and attached nothing.
    pub missing: bool,
    /// Guest address `bus:port`, for showing it.
    pub guest_port: Option<String>,
}

impl Hostdev {
    /// Our alias, where this entry is ours.
    pub fn own_alias(&self) -> Option<OwnAlias> {
        self.alias.as_deref().and_then(OwnAlias::parse)
    }
}
