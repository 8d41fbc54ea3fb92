//! What the fuzzer reaches of the readers of udev and of the device itself.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use virtplug_core::{ClassCode, PortPath, UdevRecord};

use crate::packet::{Look, Packet};
use crate::{descriptors, record};

/// What an event of udev with these properties makes the monitor look at: the
/// port, or `None` for everything. The outer `None`: at nothing.
pub fn event(properties: &[(&[u8], &[u8])]) -> Option<Option<PortPath>> {
    let value = |name: &[u8]| {
        let found = properties.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| OsStr::from_bytes(value))
    };
    let packet = Packet {
        action: value(b"ACTION"),
        subsystem: value(b"SUBSYSTEM"),
        devtype: value(b"DEVTYPE"),
        devpath: value(b"DEVPATH"),
    };
    match packet.look() {
        Look::Nothing => None,
        Look::Port(port) | Look::Change(port) => Some(Some(port)),
        Look::Everything => Some(None),
    }
}

/// The record that libudev gives as these properties.
pub fn record(properties: &[(&[u8], &[u8])]) -> UdevRecord {
    let named = properties.iter();
    record::collect(named.map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value))))
}

/// The classes of all interfaces in raw descriptors, unless they are malformed.
pub fn interfaces(bytes: &[u8]) -> Option<BTreeSet<ClassCode>> {
    descriptors::interfaces(bytes)
}
