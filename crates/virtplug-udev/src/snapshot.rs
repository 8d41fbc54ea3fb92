//! Snapshot: what a look at the host found.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use virtplug_core::{Device, PortPath};

/// All devices of the host at one time, hubs included, root hubs not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// Devices that could be read, sorted by port.
    pub devices: Vec<Device>,
    /// Ports that hold a device which could not be read. These devices are not gone.
    pub unreadable: Vec<Unreadable>,
}

/// A device that is there and could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where it sits.
    pub port: PortPath,
    /// What failed.
    pub reason: String,
}

/// What is at one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// This device.
    Present(Box<Device>),
    /// No device; sysfs says so.
    Gone,
    /// It is not known; with the reason.
    Unreadable(String),
}

/// Why nothing is known from a scan.
#[derive(Debug, Error)]
pub enum ScanError {
    /// sysfs has no list of USB devices, or it cannot be read.
    #[error(
        "cannot list the USB devices in {path}; is sysfs mounted and the kernel's USB support loaded?"
    )]
    List {
        /// The directory.
        path: PathBuf,
        /// The failure.
        #[source]
        source: io::Error,
    },
    /// This process lacks a resource, such as file descriptors.
    #[error("the scan stopped at the device {port}")]
    Exhausted {
        /// The device that was being read.
        port: PortPath,
        /// The failure.
        #[source]
        source: io::Error,
    },
}
