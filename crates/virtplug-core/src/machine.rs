//! libvirt machines and the USB hostdevs in them.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::alias::OwnAlias;
use crate::id::{HostAddress, ParseIdError, ProductId, VendorId};
use crate::text::Escaped;

/// The system instance of QEMU on this host.
const SYSTEM_URI: &str = "qemu:///system";

/// A libvirt connection, by its URI as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConnectionUri(Arc<str>);

impl Ord for ConnectionUri {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for ConnectionUri {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares texts. Mostly both are the same one, and many are looked up by it.
fn compare(one: &Arc<str>, other: &Arc<str>) -> Ordering {
    if Arc::ptr_eq(one, other) {
        Ordering::Equal
    } else {
        one.cmp(other)
    }
}

impl ConnectionUri {
    /// Wraps a URI; libvirt judges it when it is opened.
    pub fn new(uri: &str) -> Self {
        // Most machines are there, so its text is kept once.
        static SYSTEM: LazyLock<Arc<str>> = LazyLock::new(|| SYSTEM_URI.into());
        if uri == SYSTEM_URI {
            Self(Arc::clone(&SYSTEM))
        } else {
            Self(uri.into())
        }
    }

    /// The URI as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ConnectionUri {
    /// The system instance of QEMU on this host.
    fn default() -> Self {
        Self::new(SYSTEM_URI)
    }
}

impl fmt::Display for ConnectionUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(&self.0).fmt(f)
    }
}

/// The UUID of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, byte) in self.0.iter().enumerate() {
            if matches!(number, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Uuid {
    type Err = ParseIdError;

    /// Reads 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let parse = || {
            let groups: Vec<&str> = text.split('-').collect();
            let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
            let digits = groups.concat();
            let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
            if lengths != [8, 4, 4, 4, 12] || !hex {
                return None;
            }
            let number = u128::from_str_radix(&digits, 16).ok()?;
            Some(Self(number.to_be_bytes()))
        };
        parse().ok_or(ParseIdError::Uuid)
    }
}

/// Names a machine as the configuration does: by its name on its connection,
/// or by its UUID. `Display` gives the name alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MachineKey {
    /// Where it is defined.
    pub uri: ConnectionUri,
    /// Its UUID, where the configuration names it so. Its name is only a label then.
    pub uuid: Option<Uuid>,
    name: Arc<str>,
}

impl Ord for MachineKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uri
            .cmp(&other.uri)
            .then_with(|| self.uuid.cmp(&other.uuid))
            .then_with(|| compare(&self.name, &other.name))
    }
}

impl PartialOrd for MachineKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl MachineKey {
    /// A machine of that name on that connection.
    pub fn new(uri: ConnectionUri, name: &str) -> Self {
        Self {
            uri,
            uuid: None,
            name: name.into(),
        }
    }

    /// The machine with that UUID, whatever libvirt calls it; messages use `label`.
    pub fn with_uuid(uri: ConnectionUri, label: &str, uuid: Uuid) -> Self {
        Self {
            uri,
            uuid: Some(uuid),
            name: label.into(),
        }
    }

    /// The name as libvirt has it; for a machine that is named by UUID, its label.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunId {
    /// The machine's UUID.
    pub uuid: Uuid,
    /// libvirt's domain id, new at each start.
    pub id: u32,
}

/// What one look at a machine gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveMachine {
    /// This run.
    pub run: RunId,
    /// Whether hostdevs can be changed now.
    pub activity: Activity,
    /// Whether somebody paused or suspended it, so that it can be resumed.
    pub paused: bool,
    /// All `<hostdev type='usb'>` entries, ours and foreign.
    pub hostdevs: Vec<Hostdev>,
    /// Guest USB ports.
    pub ports: GuestPorts,
    /// The files of the host's block devices that it has as disks, as its XML names them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub disks: BTreeSet<String>,
}

/// Whether a machine takes devices at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// Running, or paused by an administrator: attach and detach work.
    Ready,
    /// Starting, saving, migrating, shutting down or crashed: wait for its next event.
    Busy,
}

/// The USB ports that a machine offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestPorts {
    /// Whether the machine has any USB controller.
    pub controller: bool,
    /// Ports without a device. `None`: a controller of unknown size is among them.
    pub free: Option<u32>,
    /// Ports with a device of any kind.
    pub used: BTreeSet<GuestPort>,
}

/// A USB port of a machine: the index of its controller and the chain of ports
/// from there. Shown as `0:1.2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GuestPort {
    /// `index` of the controller.
    pub bus: u32,
    /// Port on the controller, then on each hub (libvirt allows four in all).
    pub ports: Vec<u8>,
}

impl GuestPort {
    /// The chain of ports as libvirt writes it: `1.2`.
    pub fn chain(&self) -> String {
        let ports: Vec<String> = self.ports.iter().map(ToString::to_string).collect();
        ports.join(".")
    }
}

impl fmt::Display for GuestPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bus, self.chain())
    }
}

impl FromStr for GuestPort {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let plain = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits && (text == "0" || !text.starts_with('0'))
        };
        let parse = || {
            let (bus, chain) = text.split_once(':')?;
            let ports: Option<Vec<u8>> = chain
                .split('.')
                .map(|port| {
                    let port = plain(port).then(|| port.parse().ok()).flatten();
                    port.filter(|port| *port > 0)
                })
                .collect();
            let bus = plain(bus).then(|| bus.parse().ok()).flatten()?;
            let ports = ports.filter(|ports| ports.len() <= 4)?;
            Some(Self { bus, ports })
        };
        parse().ok_or(ParseIdError::GuestPort)
    }
}

/// What a reset by the guest does to the device (libvirt's `guestReset`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GuestReset {
    /// Nothing.
    Off,
    /// A reset, unless the device is configured.
    Uninitialized,
    /// A reset, each time.
    On,
}

impl GuestReset {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Off, Self::Uninitialized, Self::On];

    /// libvirt's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Uninitialized => "uninitialized",
            Self::On => "on",
        }
    }
}

/// A USB hostdev in a live XML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_read_and_write_alike() {
        let text = "5c1c3ee4-5b1c-4e0c-9f6a-2f1a5a1f2b3c";
        assert_eq!(text.parse::<Uuid>().unwrap().to_string(), text);
        assert_eq!(
            text.to_uppercase().parse::<Uuid>().unwrap().to_string(),
            text
        );
        for bad in [
            "",
            "5c1c3ee45b1c4e0c9f6a2f1a5a1f2b3c",
            "5c1c3ee4-5b1c-4e0c-9f6a-2f1a5a1f2b3",
            "+c1c3ee4-5b1c-4e0c-9f6a-2f1a5a1f2b3c",
        ] {
            assert!(bad.parse::<Uuid>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn guest_ports_read_and_write_alike() {
        for text in ["0:3", "1:1.2.3.4", "12:15"] {
            assert_eq!(text.parse::<GuestPort>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "3",
            "0:",
            ":3",
            "0:0",
            "0:03",
            "00:1",
            "0:1.2.3.4.5",
            "0:+1",
        ] {
            assert!(bad.parse::<GuestPort>().is_err(), "{bad:?}");
        }
    }
}
