//! A libvirt machine inside the outer machine.

use anyhow::{Result, ensure};

use crate::attachment::{self, Attachment};
use crate::domain::Domain;
use crate::outer::Outer;
use crate::plug::Plugged;
use crate::wait::{Seen, until};

/// A machine by its name.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'a> {
    outer: &'a Outer,
    name: &'a str,
}

/// A device as the machine's USB controller sees it (`info usb`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestDevice {
    /// Port of the controller.
    pub port: String,
    /// Product name from the device.
    pub product: String,
    /// Id of the device in QEMU; for a hostdev its alias.
    pub id: String,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(outer: &'a Outer, name: &'a str) -> Self {
        Self { outer, name }
    }

    /// Runs `virsh COMMAND NAME`.
    pub fn virsh(&self, command: &str) -> Result<String> {
        let name = self.name;
        self.outer.sh(&format!("virsh -q {command} {name}"))
    }

    /// Starts it.
    pub fn start(&self) -> Result<()> {
        self.virsh("start").map(drop)
    }

    /// Switches it off at once.
    pub fn stop(&self) -> Result<()> {
        self.virsh("destroy").map(drop)
    }

    /// Kills its QEMU behind libvirt's back and waits until libvirt knows.
    pub fn kill_qemu(&self) -> Result<()> {
        let name = self.name;
        self.outer
            .sh(&format!("kill -9 \"$(cat /run/libvirt/qemu/{name}.pid)\""))?;
        until(&format!("libvirt notices the end of {name}"), || {
            let state = self.state()?;
            Ok(if state == "shut off" {
                Seen::Yes(())
            } else {
                Seen::NotYet(state)
            })
        })
    }

    /// State and live XML.
    pub fn domain(&self) -> Result<Domain> {
        Ok(self.outer.world()?.machine(self.name)?.clone())
    }

    /// What the machine's USB controller sees.
    pub fn usb(&self) -> Result<Vec<GuestDevice>> {
        let name = self.name;
        let text = self.outer.lookout.look(&format!("usb {name}"))?;
        Ok(text.lines().filter_map(guest_device).collect())
    }

    /// Its state, as `virsh domstate` says.
    fn state(&self) -> Result<String> {
        let text = self.outer.lookout.look(&format!("state {}", self.name))?;
        Ok(text.trim().to_owned())
    }

    /// Waits until it is in a state, such as `running`.
    pub fn wait_state(&self, wanted: &str) -> Result<()> {
        until(&format!("{} is {wanted}", self.name), || {
            let state = self.state()?;
            Ok(if state == wanted {
                Seen::Yes(())
            } else {
                Seen::NotYet(state)
            })
        })
    }

    /// Fails unless it is in a state now.
    pub fn check_state(&self, wanted: &str) -> Result<()> {
        let state = self.state()?;
        ensure!(
            state == wanted,
            "{} should be {wanted} and is {state}",
            self.name
        );
        Ok(())
    }

    /// Waits until the device is attached by virtplug in every respect.
    pub fn wait_attached(&self, plugged: &Plugged) -> Result<Attachment> {
        let what = format!("{plugged} is attached to {}", self.name);
        self.attached(&plugged.path, &what, |_| true)
    }

    /// Waits until the device at a port path is attached; for what is not
    /// plugged by [`Outer::plug`].
    pub fn wait_attached_at(&self, path: &str) -> Result<Attachment> {
        let what = format!("what is at {path} is attached to {}", self.name);
        self.attached(path, &what, |_| true)
    }

    /// Waits until the device at a port path has another entry than this one.
    pub fn wait_attached_anew(&self, path: &str, before: &Attachment) -> Result<Attachment> {
        let what = format!(
            "what is at {path} is attached to {}, not as {}",
            self.name, before.alias
        );
        self.attached(path, &what, |found| found.alias != before.alias)
    }

    fn attached(
        &self,
        path: &str,
        what: &str,
        wanted: impl Fn(&Attachment) -> bool,
    ) -> Result<Attachment> {
        until(what, || {
            let world = self.outer.world()?;
            match attachment::fits(&world, world.machine(self.name)?, path) {
                Ok(found) if wanted(&found) => self.confirm(found),
                Ok(found) => Ok(Seen::NotYet(format!("{found:?}"))),
                Err(reason) => Ok(Seen::NotYet(reason)),
            }
        })
    }

    /// Waits until virtplug's entries are exactly those of these devices.
    pub fn wait_exactly(&self, plugged: &[&Plugged]) -> Result<()> {
        for one in plugged {
            self.wait_attached(one)?;
        }
        let what = format!("virtplug has {} devices in {}", plugged.len(), self.name);
        until(&what, || {
            let domain = self.domain()?;
            let own: Vec<_> = domain.own().cloned().collect();
            Ok(if own.len() == plugged.len() {
                Seen::Yes(())
            } else {
                Seen::NotYet(attachment::list(&own))
            })
        })
    }

    /// Fails unless virtplug's entries are exactly those of these devices now.
    pub fn check_exactly(&self, plugged: &[&Plugged]) -> Result<()> {
        let world = self.outer.world()?;
        let domain = world.machine(self.name)?;
        for one in plugged {
            let found = attachment::fits(&world, domain, &one.path);
            ensure!(
                found.is_ok(),
                "{one} should be in {}, but: {found:?}",
                self.name
            );
        }
        let own: Vec<_> = domain.own().cloned().collect();
        ensure!(
            own.len() == plugged.len(),
            "{} should have {} devices of virtplug's, but has: {}",
            self.name,
            plugged.len(),
            attachment::list(&own)
        );
        Ok(())
    }

    /// The XML is right; QEMU must show the device too, under its real name.
    fn confirm(&self, found: Attachment) -> Result<Seen<Attachment>> {
        let devices = self.usb()?;
        let shown = devices.iter().find(|device| device.id == found.alias);
        Ok(match shown {
            Some(device) if device.product != PHANTOM => Seen::Yes(found),
            Some(_) => Seen::NotYet(format!("QEMU waits for the device of {}", found.alias)),
            None => Seen::NotYet(format!("QEMU does not show {}: {devices:?}", found.alias)),
        })
    }
}

/// What QEMU calls a host device that it has not opened.
const PHANTOM: &str = "USB Host Device";

fn guest_device(line: &str) -> Option<GuestDevice> {
    let field = |name: &str| {
        line.split(", ")
            .find_map(|field| field.trim_start().strip_prefix(name))
            .map(str::trim)
    };
    Some(GuestDevice {
        port: field("Port ")?.to_owned(),
        product: field("Product ")?.to_owned(),
        // A device from QEMU's own arguments has none.
        id: field("ID: ").unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_info_usb() {
        let line = "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB SERIAL, ID: ua-x-1";
        let device = guest_device(line).unwrap();
        assert_eq!(
            (
                device.port.as_str(),
                device.product.as_str(),
                device.id.as_str()
            ),
            ("1", "QEMU USB SERIAL", "ua-x-1")
        );
        assert_eq!(guest_device("USB support not enabled"), None);
        let nameless = "  Device 0.0, Port 1, Speed 480 Mb/s, Product , ID: ua-x-1";
        assert_eq!(guest_device(nameless).unwrap().product, "");
        let without_id = "  Device 0.1, Port 1, Speed 12 Mb/s, Product QEMU USB SERIAL";
        assert_eq!(guest_device(without_id).unwrap().id, "");
    }
}
