//! What the outer machine's sysfs and libvirt show at one moment.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};

use crate::domain::Domain;

/// One device as sysfs shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Port path such as `2-1.4`, or `usb2` for a root hub.
    pub path: String,
    /// Bus number.
    pub bus: u16,
    /// Device number.
    pub device: u16,
    /// Vendor id, four hex digits.
    pub vendor: String,
    /// Product id, four hex digits.
    pub product: String,
    /// Device class, two hex digits; `09` is a hub.
    pub class: String,
    /// Kernel driver of the first interface. `None` while QEMU holds the device.
    pub driver: Option<String>,
    /// Serial number, empty when there is none.
    pub serial: String,
    /// Inode of the sysfs folder: another one after each enumeration, even when
    /// bus and device number stay.
    pub inode: u64,
    /// Whether it has a first interface: the kernel is done with it.
    pub configured: bool,
}

/// Devices and machines.
#[derive(Debug, Clone)]
pub struct World {
    /// All devices, hubs included.
    pub devices: Vec<Device>,
    /// Machines by name.
    pub machines: HashMap<String, Domain>,
}

impl World {
    /// Reads the output of `recipe/world.pl`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut inodes = HashMap::new();
        let mut devices = Vec::new();
        let mut machines = HashMap::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("inode ") {
                let (path, inode) = rest.split_once(' ').context("inode line")?;
                inodes.insert(path.to_owned(), inode.parse()?);
            } else if let Some(rest) = line.strip_prefix("usb ") {
                devices.push(device(rest, &inodes).with_context(|| line.to_owned())?);
            } else if let Some(rest) = line.strip_prefix("machine ") {
                let (name, state) = rest.split_once('=').context("state of a machine")?;
                let mut xml = String::new();
                while let Some(line) = lines.next_if(|line| !line.starts_with("machine ")) {
                    xml += line;
                    xml.push('\n');
                }
                machines.insert(name.to_owned(), Domain::parse(state, xml)?);
            } else if !line.is_empty() {
                bail!("unexpected line {line:?}");
            }
        }
        Ok(Self { devices, machines })
    }

    /// The device at a port path.
    pub fn at(&self, path: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.path == path)
    }

    /// A machine that must be defined.
    pub fn machine(&self, name: &str) -> Result<&Domain> {
        self.machines
            .get(name)
            .with_context(|| format!("libvirt shows no machine {name}"))
    }
}

fn device(line: &str, inodes: &HashMap<String, u64>) -> Result<Device> {
    let (facts, serial) = line.split_once('|').context("no serial")?;
    let words: Vec<_> = facts.split(' ').collect();
    let [path, bus, device, vendor, product, class, driver] = words.as_slice() else {
        bail!("{} words", words.len());
    };
    Ok(Device {
        path: (*path).to_owned(),
        bus: bus.parse()?,
        device: device.parse()?,
        vendor: (*vendor).to_owned(),
        product: (*product).to_owned(),
        class: (*class).to_owned(),
        driver: Some(*driver)
            .filter(|name| !matches!(*name, "" | "usbfs"))
            .map(str::to_owned),
        serial: serial.to_owned(),
        configured: inodes.contains_key(&format!("{path}:1.0")),
        inode: inodes.get(*path).copied().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_devices_and_machines() {
        let text = "inode usb2 11\ninode 2-1 4711\ninode 2-1:1.0 4712\n\
            usb usb2 2 1 1d6b 0002 09 hub|0000:00:03.0\n\
            usb 2-1 2 2 0403 6001 00 usbfs|A 1|x\n\
            machine alpha=running\n<domain><name>alpha</name>\n</domain>\n\n\
            machine beta=shut off\n<domain/>\n";
        let world = World::parse(text).unwrap();
        assert!(!world.at("usb2").unwrap().configured);
        let device = world.at("2-1").unwrap();
        assert!(device.configured);
        assert_eq!((device.bus, device.device, device.inode), (2, 2, 4711));
        assert_eq!(
            (device.serial.as_str(), device.driver.as_deref()),
            ("A 1|x", None)
        );
        assert!(world.machine("alpha").unwrap().is_live());
        assert!(!world.machine("beta").unwrap().is_live());
        assert!(world.machine("gamma").is_err());
    }
}
