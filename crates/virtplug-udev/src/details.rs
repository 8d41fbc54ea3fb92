//! Details: what is known of a device beyond its numbers. Reading them can
//! block, because the kernel takes the device's lock for its strings and, from
//! version 5.10 to 6.5, for its descriptors.

use std::collections::BTreeSet;
use std::io;

use virtplug_core::{ClassCode, Fact, RawText, UdevRecord};

use crate::directory::Directory;
use crate::failure::is_exhaustion;
use crate::{attribute, descriptors, record};

/// Interfaces, strings and udev record of a device; the same fields as in
/// [`virtplug_core::Device`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) interfaces: Fact<BTreeSet<ClassCode>>,
    pub(crate) serial: Fact<Option<RawText>>,
    pub(crate) manufacturer: Fact<Option<RawText>>,
    pub(crate) product_name: Fact<Option<RawText>>,
    pub(crate) udev: Fact<UdevRecord>,
    pub(crate) processed: bool,
}

impl Details {
    /// Stands for a device that does not answer now.
    pub(crate) const UNKNOWN: Self = Self {
        interfaces: Fact::Unknown,
        serial: Fact::Unknown,
        manufacturer: Fact::Unknown,
        product_name: Fact::Unknown,
        udev: Fact::Unknown,
        processed: false,
    };

    /// Reads the details of a device. `udev_runs`: whether udev is
    /// going to process the device. An error: this process lacks a resource.
    pub(crate) fn read(directory: &Directory, udev_runs: bool) -> io::Result<Self> {
        let udev = record::read(directory)?;
        Ok(Self {
            interfaces: interfaces(directory)?,
            serial: text(directory, "serial")?,
            manufacturer: text(directory, "manufacturer")?,
            product_name: text(directory, "product")?,
            processed: udev.known().is_some() || !udev_runs,
            udev,
        })
    }
}

/// A string; unknown where the device fails to give it.
fn text(directory: &Directory, name: &str) -> io::Result<Fact<Option<RawText>>> {
    match attribute::text(directory, name) {
        Err(error) if is_exhaustion(&error) => Err(error),
        result => Ok(result.into()),
    }
}

/// The interfaces; unknown where the descriptors are malformed.
fn interfaces(directory: &Directory) -> io::Result<Fact<BTreeSet<ClassCode>>> {
    match directory.read_binary("descriptors", descriptors::LONGEST) {
        Err(error) if is_exhaustion(&error) => Err(error),
        Err(_) => Ok(Fact::Unknown),
        Ok(bytes) => Ok(descriptors::interfaces(&bytes).map_or(Fact::Unknown, Fact::Known)),
    }
}
