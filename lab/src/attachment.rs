//! When a device counts as attached: the live XML, sysfs and QEMU must all
//! say so. The XML alone can look right while the guest has lost the device.

use crate::domain::{Domain, Hostdev, OWN};
use crate::world::World;

/// A device of ours in a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Alias of the entry.
    pub alias: String,
    /// Address on the host.
    pub address: (u16, u16),
    /// Port of the machine's controller.
    pub guest_port: String,
    /// Which enumeration of the device it is.
    pub inode: u64,
    /// Whether the alias says that the device followed another one at its port.
    pub followed: bool,
}

/// How the alias of a device ends that is in the machine of its predecessor.
const FOLLOWED: &str = "-f";

/// How the alias of a device at this port path begins.
pub fn alias_start(path: &str) -> String {
    format!("{OWN}{}-", path.replace('.', "_"))
}

/// The entry of virtplug's for the device at `path`, when everything fits;
/// otherwise what does not.
pub fn fits(world: &World, domain: &Domain, path: &str) -> Result<Attachment, String> {
    let device = world
        .at(path)
        .ok_or_else(|| format!("no device at {path}"))?;
    if !domain.is_live() {
        return Err(format!("the machine is {}", domain.state));
    }
    let start = alias_start(path);
    let entries: Vec<_> = domain
        .own()
        .filter(|hostdev| hostdev.alias.starts_with(&start))
        .collect();
    let [entry] = entries.as_slice() else {
        return Err(format!(
            "{} entries for {path}; all: {}",
            entries.len(),
            list(&domain.hostdevs)
        ));
    };
    let end = entry.alias.strip_prefix(&start).unwrap_or_default();
    let hash = end.strip_suffix(FOLLOWED).unwrap_or(end);
    if hash.len() != 16 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("the alias {} does not end in a hash", entry.alias));
    }
    if entry.missing {
        return Err(format!("libvirt marks {} as missing", entry.alias));
    }
    let address = (device.bus, device.device);
    if entry.address != Some(address) {
        return Err(format!(
            "{} names {:?}, the device is {address:?}",
            entry.alias, entry.address
        ));
    }
    if let Some(driver) = &device.driver {
        return Err(format!("{path} is still driven by {driver} of the host"));
    }
    Ok(Attachment {
        alias: entry.alias.clone(),
        address,
        guest_port: entry.guest_port.clone().unwrap_or_default(),
        inode: device.inode,
        followed: end.ends_with(FOLLOWED),
    })
}

/// Whether the host has the device at `path` for itself; otherwise who has it.
pub fn is_on_host(world: &World, path: &str) -> Result<(), String> {
    let device = world
        .at(path)
        .ok_or_else(|| format!("no device at {path}"))?;
    for (name, domain) in world.machines.iter().filter(|(_, domain)| domain.is_live()) {
        let start = alias_start(path);
        for entry in &domain.hostdevs {
            let by_alias = entry.alias.starts_with(&start);
            if by_alias || entry.address == Some((device.bus, device.device)) {
                return Err(format!("{name} has it: {}", entry.alias));
            }
        }
    }
    if device.driver.is_none() {
        return Err(format!("no driver of the host is bound to {path}"));
    }
    Ok(())
}

/// Entries in short.
pub fn list(hostdevs: &[Hostdev]) -> String {
    if hostdevs.is_empty() {
        return "none".to_owned();
    }
    let entries = hostdevs.iter().map(|entry| {
        let missing = if entry.missing { " missing" } else { "" };
        let (bus, device) = entry.address.unwrap_or_default();
        format!("{} ({bus}:{device}{missing})", entry.alias)
    });
    entries.collect::<Vec<_>>().join(", ")
}
