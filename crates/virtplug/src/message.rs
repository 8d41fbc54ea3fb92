//! What reaches the loop from the threads around it. The queue has no limit:
//! libvirt's event thread must never wait, and each message costs its sender
//! more than the loop.

use std::time::{Duration, Instant};

use tracing::debug;
use virtplug_core::{ConnectionUri, Event, OwnAlias};
use virtplug_libvirt::{Connection, ConnectionEvent, OpenError};
use virtplug_udev::{HostChange, HostReport};

/// Something for the loop.
#[derive(Debug)]
pub(crate) struct Message {
    /// When the udev event that it carries was received.
    pub(crate) received: Option<Instant>,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    /// For the engine as it is.
    Event(Event),
    /// The answer to an action, for the engine.
    Answer(Event),
    /// A connection attempt ended.
    Opened {
        uri: ConnectionUri,
        generation: u64,
        result: Result<Connection, OpenError>,
    },
    /// libvirt said something on a connection.
    Libvirt {
        uri: ConnectionUri,
        generation: u64,
        event: ConnectionEvent,
    },
    /// The call for an attach was made that long after the udev event, and is over.
    Called { alias: OwnAlias, reaction: Duration },
    /// The udev socket overflowed; a rescan follows.
    Overrun,
}

impl From<Content> for Message {
    fn from(content: Content) -> Self {
        Self {
            received: None,
            content,
        }
    }
}

/// A report of the monitor as a message for the loop.
impl From<HostReport> for Message {
    fn from(report: HostReport) -> Self {
        let mut received = None;
        let event = match report.what {
            HostChange::All(scan) => Event::Devices {
                present: scan.devices,
                unreadable: scan.unreadable.into_iter().map(|one| one.port).collect(),
            },
            HostChange::Device(device) => {
                received = Some(report.received);
                Event::Device(*device)
            }
            HostChange::Gone(port) => Event::DeviceGone(port),
            HostChange::Unreadable(unreadable) => {
                debug!("cannot read {}: {}", unreadable.port, unreadable.reason);
                Event::DeviceUnreadable(unreadable.port)
            }
            HostChange::ScanFailed(reason) => Event::ScanFailed(reason),
            HostChange::Overrun => return Content::Overrun.into(),
        };
        Self {
            received,
            content: Content::Event(event),
        }
    }
}
