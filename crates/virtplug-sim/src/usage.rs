//! What the host does with a device.

use std::collections::BTreeSet;

use virtplug_core::Use;

/// A way in which the host uses a device, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Nothing.
    Free,
    /// A program has it open, which only warns.
    Opened,
    /// A file system on it is mounted.
    Mounted,
    /// The host swaps to it, and a program has it open.
    Swapped,
}

impl Usage {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Free, Self::Opened, Self::Mounted, Self::Swapped];

    /// As the guard reads it.
    pub(crate) fn uses(self) -> BTreeSet<Use> {
        let node = || "sdb".to_owned();
        let opened = Use::Opened {
            node: node(),
            by: None,
        };
        match self {
            Self::Free => BTreeSet::new(),
            Self::Opened => [opened].into(),
            Self::Mounted => {
                let at = "/mnt".to_owned();
                [Use::Mounted { node: node(), at }].into()
            }
            Self::Swapped => [opened, Use::Swap { node: node() }].into(),
        }
    }

    /// Whether the guard refuses the device for it.
    pub(crate) fn refuses(self) -> bool {
        matches!(self, Self::Mounted | Self::Swapped)
    }
}
