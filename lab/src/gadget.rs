//! Devices of the outer machine's own kernel (`dummy_hcd` and configfs), for
//! what QEMU cannot emulate: any id, any serial, a change of identity.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::outer::Outer;

/// A composite device with one serial interface. Its place is the only port of
/// one dummy controller.
#[derive(Debug, Clone)]
pub struct Gadget {
    /// Controller, 0 to 3.
    pub controller: u8,
    /// Vendor id.
    pub vendor: u16,
    /// Product id.
    pub product: u16,
    /// Serial as bytes: this is where hostile ones come from.
    pub serial: Vec<u8>,
}

impl Outer {
    /// Plugs a gadget; returns its port path.
    pub fn plug_gadget(&self, gadget: &Gadget) -> Result<String> {
        let Gadget {
            controller,
            vendor,
            product,
            serial,
        } = gadget;
        let octal = serial.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "\\{byte:03o}");
            text
        });
        // One write(2) for the serial: a shell's printf would split it at newlines.
        let path = self.sh(&format!(
            "set -e
            modprobe -a dummy_hcd libcomposite || modprobe -a libcomposite
            [ -e /sys/class/udc/dummy_udc.3 ] || {{ modprobe -r dummy_hcd; modprobe dummy_hcd num=4; }}
            mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
            g=/sys/kernel/config/usb_gadget/lab{controller}
            mkdir -p $g/strings/0x409 $g/configs/c.1 $g/functions/acm.0
            echo 0x{vendor:04x} > $g/idVendor
            echo 0x{product:04x} > $g/idProduct
            perl -e 'open F, q(>), shift or die; syswrite F, qq({octal}) or die' $g/strings/0x409/serialnumber
            [ -e $g/configs/c.1/acm.0 ] || ln -s $g/functions/acm.0 $g/configs/c.1/
            echo dummy_udc.{controller} > $g/UDC
            root=$(echo /sys/devices/platform/dummy_hcd.{controller}/usb*)
            path=${{root##*usb}}-1
            for try in $(seq 100); do
                [ -e \"/sys/bus/usb/devices/$path/$path:1.0\" ] && break
                sleep 0.1
            done
            udevadm settle
            echo \"$path\""
        ))?;
        if !path.ends_with("-1") {
            bail!("no gadget: {path}");
        }
        Ok(path)
    }

    /// The gadget leaves its port and is back at once with another product id,
    /// as a boot loader does. Returns when the kernel has seen it.
    pub fn turn_gadget_into(&self, gadget: &Gadget, product: u16) -> Result<()> {
        let controller = gadget.controller;
        self.sh(&format!(
            "set -e
            cd /sys/kernel/config/usb_gadget/lab{controller}
            echo > UDC
            echo 0x{product:04x} > idProduct
            echo dummy_udc.{controller} > UDC
            root=$(echo /sys/devices/platform/dummy_hcd.{controller}/usb*)
            product=$root/${{root##*usb}}-1/idProduct
            until grep -qs {product:04x} $product; do sleep 0.02; done
            udevadm settle"
        ))?;
        Ok(())
    }

    /// Unplugs a gadget.
    pub fn unplug_gadget(&self, gadget: &Gadget) -> Result<()> {
        let controller = gadget.controller;
        self.sh(&format!(
            "echo > /sys/kernel/config/usb_gadget/lab{controller}/UDC"
        ))?;
        Ok(())
    }
}
