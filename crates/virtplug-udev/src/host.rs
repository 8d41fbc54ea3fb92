//! Host: reads USB devices from sysfs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use thiserror::Error;
use virtplug_core::{Device, Fact, InstanceId, PortPath, Use};

use crate::basics::Basics;
use crate::details::Details;
use crate::directory::{Directory, inode, is_absence};
use crate::drivers;
use crate::failure::Failure;
use crate::host_use::{self, HostUse, Places, Tables};
use crate::patience::{Begun, Patience, Wait};
use crate::snapshot::{Presence, Scan, ScanError, Unreadable};

/// How often a device that changes while it is read is read anew.
const TRIES: usize = 3;

/// Where the host keeps what this crate reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPaths {
    /// Mount point of sysfs. libudev knows only `/sys`; devices below another
    /// one have no udev record.
    pub sysfs: PathBuf,
    /// Mount point of procfs: what is mounted, swapped to, routed.
    pub procfs: PathBuf,
    /// Holds the boot id, which makes instances of different boots distinct.
    pub boot_id: PathBuf,
    /// Exists where udev runs.
    pub udev_control: PathBuf,
}

impl Default for HostPaths {
    fn default() -> Self {
        Self {
            sysfs: "/sys".into(),
            procfs: "/proc".into(),
            boot_id: "/proc/sys/kernel/random/boot_id".into(),
            udev_control: "/run/udev/control".into(),
        }
    }
}

/// Why the host cannot be read at all.
#[derive(Debug, Error)]
pub enum HostError {
    /// Without the boot id, instances cannot be told apart.
    #[error("cannot read the boot id from {path}; the kernel's /proc/sys must be visible")]
    BootId {
        /// The file.
        path: PathBuf,
        /// The failure.
        #[source]
        source: io::Error,
    },
}

/// A device that was read.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) device: Device,
    /// What the host's drivers made of it, and what the host does with that now.
    pub(crate) host_use: HostUse,
}

/// Reads the USB devices of this host. Clones share what they know of stuck devices.
#[derive(Debug, Clone)]
pub struct Host {
    devices: PathBuf,
    places: Places,
    boot_id: String,
    udev_control: PathBuf,
    patience: Arc<Patience>,
}

impl Host {
    /// Prepares to read; reads the boot id.
    pub fn open(paths: HostPaths) -> Result<Self, HostError> {
        let boot_id = fs::read_to_string(&paths.boot_id).map_err(|source| HostError::BootId {
            path: paths.boot_id,
            source,
        })?;
        Ok(Self {
            devices: paths.sysfs.join("bus/usb/devices"),
            places: Places {
                sysfs: paths.sysfs,
                procfs: paths.procfs,
            },
            boot_id: boot_id.trim_end().to_owned(),
            udev_control: paths.udev_control,
            patience: Arc::default(),
        })
    }

    /// Reads all devices. One that vanishes meanwhile is left out; one that
    /// fails is listed as unreadable and does not keep the others from being read.
    pub fn scan(&self) -> Result<Scan, ScanError> {
        self.scan_within(Wait::LONG, |_| {})
    }

    /// Reads the device at one port.
    pub fn read(&self, port: &PortPath) -> Presence {
        self.read_within(port, Wait::LONG, |_| {})
    }

    /// What the host does with the device in this directory now, without
    /// reading the device.
    pub fn in_use(&self, port: &PortPath, syspath: &str) -> Fact<BTreeSet<Use>> {
        let found = host_use::read(Path::new(syspath), port, &self.tables());
        found.map_or(Fact::Unknown, |found| found.uses)
    }

    /// Lets `notice` have each device before.
    pub(crate) fn scan_within(
        &self,
        mut wait: Wait,
        mut notice: impl FnMut(&mut Found),
    ) -> Result<Scan, ScanError> {
        let mut scan = Scan::default();
        let tables = self.tables();
        for port in self.ports()? {
            match self.read_steady(&port, &tables, &mut wait) {
                Ok(mut found) => {
                    notice(&mut found);
                    scan.devices.push(found.device);
                }
                Err(Failure::Gone) => {}
                Err(Failure::Exhausted(source)) => {
                    return Err(ScanError::Exhausted { port, source });
                }
                Err(failure) => scan.unreadable.push(Unreadable {
                    port,
                    reason: failure.reason(),
                }),
            }
        }
        Ok(scan)
    }

    /// Lets `notice` have the device before, if there is one.
    pub(crate) fn read_within(
        &self,
        port: &PortPath,
        mut wait: Wait,
        notice: impl FnOnce(&mut Found),
    ) -> Presence {
        match self.read_steady(port, &self.tables(), &mut wait) {
            Ok(mut found) => {
                notice(&mut found);
                Presence::Present(Box::new(found.device))
            }
            Err(Failure::Gone) => Presence::Gone,
            Err(failure) => Presence::Unreadable(failure.reason()),
        }
    }

    /// What the host does with the device at a port. `None`: there is none.
    pub(crate) fn use_at(&self, port: &PortPath, tables: &Tables) -> io::Result<Option<HostUse>> {
        match Directory::open(&self.devices.join(port.to_string())) {
            Ok(directory) => host_use::read(directory.path(), port, tables).map(Some),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tables for one pass.
    pub(crate) fn tables(&self) -> Tables {
        Tables::new(self.places.clone())
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// The instance that a device directory stands for now, without reading the
    /// device. `None`: the directory is gone.
    pub fn instance(&self, syspath: &str) -> io::Result<Option<InstanceId>> {
        let inode = inode(Path::new(syspath))?;
        Ok(inode.map(|inode| InstanceId::new(&self.boot_id, syspath, inode)))
    }

    /// Whether udev runs on this host. Without it no device has properties or
    /// tags, and none is waited for.
    pub fn udev_runs(&self) -> bool {
        // A path that cannot be looked at is no proof of absence.
        self.udev_control.try_exists().unwrap_or(true)
    }

    /// Whether udev's messages come through to this process. They stay in the
    /// network namespace of udev, and so does the list of sockets in which its
    /// own is. Without udev there is nothing to hear.
    pub fn hears_udev(&self) -> bool {
        let Ok(listed) = fs::read(self.places.procfs.join("self/net/unix")) else {
            return true;
        };
        let path = self.udev_control.as_os_str().as_encoded_bytes();
        let is_udev = |line: &[u8]| {
            let before = line.strip_suffix(path);
            before.is_some_and(|before| before.ends_with(b" "))
        };
        !self.udev_runs() || listed.split(|byte| *byte == b'\n').any(is_udev)
    }

    /// The folder of all devices and interfaces.
    pub(crate) fn devices(&self) -> &Path {
        &self.devices
    }

    pub(crate) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// The ports that hold a device, sorted. Root hubs (`usb1`) and interfaces
    /// (`1-1:1.0`) have names that are no port paths.
    pub(crate) fn ports(&self) -> Result<Vec<PortPath>, ScanError> {
        let list = || {
            let mut ports = Vec::new();
            for entry in fs::read_dir(&self.devices)? {
                let name = entry?.file_name();
                ports.extend(name.to_str().and_then(|name| name.parse().ok()));
            }
            Ok(ports)
        };
        let mut ports: Vec<PortPath> = list().map_err(|source| ScanError::List {
            path: self.devices.clone(),
            source,
        })?;
        ports.sort_unstable();
        Ok(ports)
    }

    /// Reads a device, anew when another instance takes its place meanwhile.
    fn read_steady(
        &self,
        port: &PortPath,
        tables: &Tables,
        wait: &mut Wait,
    ) -> Result<Found, Failure> {
        let mut result = Err(Failure::Replaced);
        for _ in 0..TRIES {
            result = self.read_once(port, tables, wait);
            if !matches!(result, Err(Failure::Replaced)) {
                break;
            }
        }
        result
    }

    /// Reads a device, and proves at the end that it still is the one at its port.
    fn read_once(
        &self,
        port: &PortPath,
        tables: &Tables,
        wait: &mut Wait,
    ) -> Result<Found, Failure> {
        let link = self.devices.join(port.to_string());
        let directory = match Directory::open(&link) {
            Ok(directory) => Arc::new(directory),
            Err(_) if is_nothing(&link) => return Err(Failure::Gone),
            Err(error) => return Err(error.into()),
        };
        let device = self.read_parts(port, &directory, tables, wait);
        match inode(&link)? {
            Some(now) if now == directory.inode() => device,
            Some(_) => Err(Failure::Replaced),
            None => Err(Failure::Gone),
        }
    }

    fn read_parts(
        &self,
        port: &PortPath,
        directory: &Arc<Directory>,
        tables: &Tables,
        wait: &mut Wait,
    ) -> Result<Found, Failure> {
        let path = directory.path();
        let syspath = path
            .to_str()
            .ok_or_else(|| Failure::Unreadable(format!("{} is not UTF-8", path.display())))?
            .to_owned();
        // What may block goes on meanwhile, and is waited for whatever the rest says.
        let details = self.begin_details(port, Arc::clone(directory))?;
        let basics = Basics::read(directory, port);
        let host_use = host_use::read(path, port, tables).map_err(Failure::Exhausted);
        let bound = drivers::bound(path);
        let details = self.finish_details(details, wait)?;
        let (basics, host_use, bound) = (basics?, host_use?, bound?);
        let device = Device {
            port: port.clone(),
            instance: InstanceId::new(&self.boot_id, &syspath, directory.inode()),
            syspath,
            address: basics.address,
            vendor: basics.vendor,
            product: basics.product,
            revision: basics.revision,
            class: basics.class,
            interfaces: details.interfaces,
            speed: basics.speed,
            removable: basics.removable,
            peer: basics.peer,
            half: basics.half,
            bound,
            authorized: basics.authorized,
            serial: details.serial,
            manufacturer: details.manufacturer,
            product_name: details.product_name,
            udev: details.udev,
            processed: details.processed,
            in_use: host_use.uses.clone(),
            disks: host_use.disks.clone(),
        };
        Ok(Found { device, host_use })
    }

    fn begin_details(
        &self,
        port: &PortPath,
        directory: Arc<Directory>,
    ) -> Result<Option<Begun>, Failure> {
        let udev_runs = self.udev_runs();
        let read = Box::new(move || Details::read(&directory, udev_runs));
        self.patience.begin(port, read).map_err(Failure::Exhausted)
    }

    fn finish_details(&self, begun: Option<Begun>, wait: &mut Wait) -> Result<Details, Failure> {
        let Some(begun) = begun else {
            return Ok(Details::UNKNOWN);
        };
        let details = self.patience.finish(begun, wait);
        Ok(details
            .map_err(Failure::Exhausted)?
            .unwrap_or(Details::UNKNOWN))
    }
}

/// Whether there is not even a link at a path; a failed look does not say so.
fn is_nothing(link: &Path) -> bool {
    fs::symlink_metadata(link).is_err_and(|error| is_absence(&error))
}

#[cfg(test)]
mod tests;
