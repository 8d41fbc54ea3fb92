//! USB devices of the host, read from sysfs and the udev database, and a
//! monitor that says when to read them again.
//!
//! sysfs alone decides what is present. An event of udev only names a device
//! to look at; a failed read is reported as such and never as "gone".
//! This crate knows no machines and no rules.

#![forbid(unsafe_code)]

mod attribute;
mod basics;
mod descriptors;
mod details;
mod directory;
mod drivers;
mod dump;
mod failure;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod handle;
mod host;
mod host_use;
mod monitor;
mod packet;
mod patience;
mod record;
mod snapshot;
#[cfg(test)]
mod testing;
mod topology;
mod use_watch;

pub use drivers::Interface;
pub use dump::{Dump, read_dump};
pub use handle::MonitorHandle;
pub use host::{Host, HostError, HostPaths};
pub use monitor::{HostChange, HostReport, Monitor, MonitorError, RECEIVE_BUFFER, ReceiveBuffer};
pub use snapshot::{Presence, Scan, ScanError, Unreadable};
