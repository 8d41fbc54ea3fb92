//! What the host does with a device right now: the facts of the guard.

use std::fmt;

use crate::text::Escaped;

/// One way in which the host uses a device. Names are the kernel's (`sdb1`,
/// `eth1`) or come from people, and are escaped when shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
