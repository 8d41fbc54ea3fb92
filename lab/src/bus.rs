//! The xHCI controller as a whole.

use anyhow::Result;

use crate::outer::Outer;
use crate::plug::Plugged;
use crate::qemu::XHCI_ADDRESS;
use crate::wait::{Seen, until};

impl Outer {
    /// Takes the controller from its driver and gives it back: all its devices
    /// vanish and come back, and the numbering begins anew. Returns when these
    /// devices are back.
    pub fn reset_bus(&self, plugged: &[&Plugged]) -> Result<()> {
        self.sh(&format!(
            "cd /sys/bus/pci/drivers/xhci_hcd
            echo {XHCI_ADDRESS} > unbind
            echo {XHCI_ADDRESS} > bind"
        ))?;
        for one in plugged {
            until(&format!("{one} is back after the reset"), || {
                let path = &one.path;
                let back = self.run(&format!("[ -e /sys/bus/usb/devices/{path}/{path}:1.0 ]"))?;
                Ok(if back.code == 0 {
                    Seen::Yes(())
                } else {
                    Seen::NotYet("away".to_owned())
                })
            })?;
        }
        self.sh("udevadm settle")?;
        Ok(())
    }
}
