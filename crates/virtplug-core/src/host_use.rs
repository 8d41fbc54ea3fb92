//! What the host does with a device right now: the facts of the guard.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fact::Fact;
use crate::text::Escaped;

/// One way in which the host uses a device. Names are the kernel's (`sdb1`,
/// `eth1`) or come from people, and are escaped when shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Use {
    /// A file system on it is mounted.
    Mounted {
        /// The block device.
        node: String,
        /// Where.
        at: String,
    },
    /// The host swaps to it.
    Swap {
        /// The block device.
        node: String,
    },
    /// Another block device is made of it: device mapper (LUKS, LVM), md, bcache, loop.
    Held {
        /// The block device.
        node: String,
        /// What is made of it, as people know it: `dm-0 (LUKS backup)`.
        by: String,
    },
    /// It is part of a file system or pool of several devices, or of one that
    /// is active without being seen among the mounts.
    Member {
        /// The block device.
        node: String,
        /// Of what: `btrfs`, `zfs`, `ext4`.
        of: String,
    },
    /// Nothing else is seen of it, and the kernel writes to it: what was unmounted
    /// is on its way, or a program writes to the bare disk.
    Writing {
        /// The block device.
        node: String,
    },
    /// A machine has it as one of its own disks.
    MachineDisk {
        /// The machine's name.
        machine: String,
    },
    /// A network interface of it is up with an address.
    Address {
        /// The network interface.
        interface: String,
        /// One of its addresses.
        address: String,
    },
    /// A default route goes through it.
    DefaultRoute {
        /// The network interface.
        interface: String,
    },
    /// A network interface of it is part of a bridge, bond or team.
    Enslaved {
        /// The network interface.
        interface: String,
        /// Of which.
        master: String,
    },
    /// It is the last keyboard of a host without a serial console.
    LastKeyboard,
    /// A process has opened a sound, video, smart-card or FIDO node of it.
    /// Programs probe such devices and let go of them, so this only warns.
    Opened {
        /// The node, as below `/dev`.
        node: String,
        /// Who, where that can be seen.
        by: Option<String>,
    },
}

impl Use {
    /// Whether the guard refuses the device for it; otherwise it only warns.
    pub fn refuses(&self) -> bool {
        !matches!(self, Self::Opened { .. })
    }

    /// What ends it.
    fn remedy(&self) -> &'static str {
        match self {
            Self::Mounted { .. } => "unmount it",
            Self::Swap { .. } => "end that with `swapoff`",
            Self::Held { .. } | Self::Member { .. } => "close what it is part of",
            Self::Writing { .. } => "wait until that is done",
            Self::MachineDisk { .. } => "take the disk out of that machine or stop it",
            Self::Address { .. } | Self::DefaultRoute { .. } => "take the interface down",
            Self::Enslaved { .. } => "take the interface out of it",
            Self::LastKeyboard => "connect another one",
            Self::Opened { .. } => "end the program",
        }
    }
}

/// The uses that the guard refuses a device for, if there are any. `Unknown`:
/// it could not be found out, so it is refused, too.
pub(crate) fn refusing(in_use: &Fact<BTreeSet<Use>>) -> Option<Fact<BTreeSet<Use>>> {
    let Fact::Known(uses) = in_use else {
        return Some(Fact::Unknown);
    };
    let refusing: BTreeSet<Use> = uses.iter().filter(|one| one.refuses()).cloned().collect();
    (!refusing.is_empty()).then_some(Fact::Known(refusing))
}

/// Uses in one line: `sdb1 is mounted at /mnt, the host swaps to sdb2`.
pub(crate) fn in_words(uses: &BTreeSet<Use>) -> String {
    let words: Vec<String> = uses.iter().map(ToString::to_string).collect();
    words.join(", ")
}

/// What ends them all: `unmount it and end that with swapoff`.
pub(crate) fn remedies(uses: &BTreeSet<Use>) -> String {
    let mut remedies: Vec<&str> = uses.iter().map(Use::remedy).collect();
    remedies.dedup();
    remedies.join(" and ")
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mounted { node, at } => {
                write!(f, "{} is mounted at {}", Escaped(node), Escaped(at))
            }
            Self::Swap { node } => write!(f, "the host swaps to {}", Escaped(node)),
            Self::Held { node, by } => write!(f, "{} is part of {}", Escaped(node), Escaped(by)),
            Self::Member { node, of } => {
                write!(f, "{} is part of an active {}", Escaped(node), Escaped(of))
            }
            Self::Writing { node } => {
                write!(f, "the host is still writing to {}", Escaped(node))
            }
            Self::MachineDisk { machine } => {
                write!(f, "machine {} has it as a disk", Escaped(machine))
            }
            Self::Address { interface, address } => write!(
                f,
                "the network interface {} has the address {}",
                Escaped(interface),
                Escaped(address)
            ),
            Self::DefaultRoute { interface } => {
                write!(f, "the default route goes through {}", Escaped(interface))
            }
            Self::Enslaved { interface, master } => write!(
                f,
                "the network interface {} is part of {}",
                Escaped(interface),
                Escaped(master)
            ),
            Self::LastKeyboard => f.write_str("it is the last keyboard of this host"),
            Self::Opened { node, by: None } => write!(f, "{} is open", Escaped(node)),
            Self::Opened { node, by: Some(by) } => {
                write!(f, "{} has {} open", Escaped(by), Escaped(node))
            }
        }
    }
}
