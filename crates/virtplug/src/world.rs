//! The real host and the real libvirt, opened once for a command.

use virtplug_libvirt::EventLoop;
use virtplug_udev::{Host, HostPaths};

use crate::edge::error_text;

/// What a command looks at and acts on.
pub(crate) struct World {
    pub(crate) host: Host,
    pub(crate) events: EventLoop,
}

impl World {
    /// Opens it, or says why it cannot be.
    pub(crate) fn open() -> Result<Self, String> {
        Ok(Self {
            host: Host::open(HostPaths::default()).map_err(|error| error_text(&error))?,
            events: EventLoop::start().map_err(|error| error_text(&error))?,
        })
    }
}
