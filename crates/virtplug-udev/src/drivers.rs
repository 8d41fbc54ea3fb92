//! Drivers of a device's interfaces: who has them, and how they are asked again.

use std::fs;
use std::io;
use std::path::Path;

use virtplug_core::{Fact, PortPath};

use crate::failure::{Failure, is_exhaustion};
use crate::host::Host;

/// An interface in the active configuration of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name in sysfs, `1-2:1.0`.
    pub name: String,
    /// The driver that has it. A machine that has the device is `usbfs`.
    pub driver: Option<String>,
}

impl Host {
    /// The interfaces of the device at a port, by name.
    pub fn interfaces(&self, port: &PortPath) -> io::Result<Vec<Interface>> {
        interfaces(&self.devices().join(port.to_string()))
    }

    /// Asks the drivers of the host for the interfaces of a device that have
    /// none, and lets udev tell of it. Takes root. Gives how they are then.
    pub fn rebind(&self, port: &PortPath) -> io::Result<Vec<Interface>> {
        let probe = self.devices().with_file_name("drivers_probe");
        let free = self.interfaces(port)?.into_iter();
        for interface in free.filter(|interface| interface.driver.is_none()) {
            // A driver may have taken two at once, or the device may be going.
            match fs::write(&probe, &interface.name) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
                _ => {}
            }
        }
        // Nothing else tells who keeps a record of it.
        let device = self.devices().join(port.to_string());
        fs::write(device.join("uevent"), "change")?;
        self.interfaces(port)
    }
}

/// Whether an interface of the device in this directory has a driver. Where
/// there are none, as the device is not configured, that is not known.
pub(crate) fn bound(directory: &Path) -> Result<Fact<bool>, Failure> {
    match interfaces(directory) {
        Ok(all) if all.is_empty() => Ok(Fact::Unknown),
        Ok(all) => Ok(Fact::Known(all.iter().any(|one| one.driver.is_some()))),
        Err(error) if is_exhaustion(&error) => Err(Failure::Exhausted(error)),
        Err(_) => Ok(Fact::Unknown),
    }
}

fn interfaces(directory: &Path) -> io::Result<Vec<Interface>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_interface(name)) else {
            continue;
        };
        let driver = match fs::read_link(entry.path().join("driver")) {
            Ok(target) => target
                .file_name()
                .map(|name| name.to_string_lossy().into_owned()),
            Err(error) if is_exhaustion(&error) => return Err(error),
            Err(_) => None,
        };
        all.push(Interface {
            name: name.to_owned(),
            driver,
        });
    }
    all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Whether this is the name of an interface, `1-2.4:1.0`, and so of nothing
/// that could lead elsewhere.
fn is_interface(name: &str) -> bool {
    let Some((port, numbers)) = name.split_once(':') else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    port.parse::<PortPath>().is_ok()
        && numbers
            .split_once('.')
            .is_some_and(|(configuration, interface)| digits(configuration) && digits(interface))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn interfaces_are_told_by_their_names() {
        for name in ["1-2:1.0", "3-2.4:10.12"] {
            assert!(is_interface(name), "{name}");
        }
        for name in [
            "1-2",
            "1-2:1",
            "1-2:1.",
            "1-2:1.0/x",
            "ep_00",
            "usb1:1.0",
            "power",
        ] {
            assert!(!is_interface(name), "{name}");
        }
    }

    #[test]
    fn a_driver_of_one_interface_is_one_of_the_device() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path();
        assert_eq!(bound(device).unwrap(), Fact::Unknown);
        for name in ["1-2:1.0", "1-2:1.1", "1-2.1", "power"] {
            fs::create_dir(device.join(name)).unwrap();
        }
        assert_eq!(bound(device).unwrap(), Fact::Known(false));
        symlink(
            "../../../bus/usb/drivers/cdc_acm",
            device.join("1-2:1.1/driver"),
        )
        .unwrap();
        assert_eq!(bound(device).unwrap(), Fact::Known(true));
        let all = interfaces(device).unwrap();
        let drivers: Vec<_> = all.iter().map(|one| one.driver.as_deref()).collect();
        assert_eq!(drivers, [None, Some("cdc_acm")]);
    }
}
