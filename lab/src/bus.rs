//! The xHCI controller as a whole.

use anyhow::{Result, ensure};

use crate::outer::Outer;
use crate::plug::Plugged;
use crate::qemu::XHCI_ADDRESS;

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
            self.wait_in_sysfs(&one.path)?;
        }
        self.sh("udevadm settle")?;
        Ok(())
    }

    /// Gives the controller's buses other numbers, as the next boot does after
    /// somebody added a controller: another one takes the lowest number while
    /// this one is away. Returns these devices as they are then.
    pub fn renumber_buses(&self, plugged: &[&Plugged]) -> Result<Vec<Plugged>> {
        self.sh(&format!(
            "cd /sys/bus/pci/drivers/xhci_hcd
            echo {XHCI_ADDRESS} > unbind
            modprobe dummy_hcd
            echo {XHCI_ADDRESS} > bind"
        ))?;
        let found = plugged.iter().map(|one| {
            let now = self.find_again(one)?;
            ensure!(
                now.first.bus != one.first.bus,
                "{one} is on the same bus as before: {now}"
            );
            Ok(now)
        });
        found.collect()
    }
}
