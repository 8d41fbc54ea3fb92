//! The outer machine's udev: halted, and made to forget.

use anyhow::Result;

use crate::outer::Outer;

impl Outer {
    /// Halts udev. The kernel still finds devices and binds its drivers, but
    /// nobody learns any property of them.
    pub fn freeze_udev(&self) -> Result<()> {
        self.sh("systemctl kill --signal=STOP systemd-udevd")?;
        Ok(())
    }

    /// Lets udev run on, and waits until it has caught up.
    pub fn thaw_udev(&self) -> Result<()> {
        self.sh("systemctl kill --signal=CONT systemd-udevd && udevadm settle")?;
        Ok(())
    }

    /// Takes away what udev knows of the device at a port path: no program can
    /// tell its properties until udev has looked at it again.
    pub fn forget_in_udev(&self, path: &str) -> Result<()> {
        self.sh(&format!(
            "IFS=: read -r major minor < /sys/bus/usb/devices/{path}/dev
            rm /run/udev/data/c$major:$minor"
        ))?;
        Ok(())
    }

    /// Has udev look at the device at a port path again, and waits for it.
    pub fn look_again_in_udev(&self, path: &str) -> Result<()> {
        self.sh(&format!(
            "udevadm control --reload
            udevadm trigger --settle --action=change /sys/bus/usb/devices/{path}"
        ))?;
        Ok(())
    }
}
