//! Devices that are not what they seem.

use lab::gadget::Gadget;
use lab::wait::{Seen, until};
use lab::{Outer, Result, Stick, attachment, scenario};

/// Waits until the gadget is attached to alpha, or is not.
fn wait_gadget(lab: &Outer, path: &str, attached: bool) -> Result<()> {
    until(&format!("{path} attached to alpha: {attached}"), || {
        let world = lab.world()?;
        let found = attachment::fits(&world, world.machine("alpha")?, path);
        Ok(if found.is_ok() == attached {
            Seen::Yes(())
        } else {
            Seen::NotYet(format!("{found:?}"))
        })
    })
}

#[test]
fn a_serial_that_udev_leaves_out_is_matched_raw() {
    scenario(|lab| {
        lab.install("[[machines.alpha.device]]\nserial = \"5,é <&'\\u001b[31m\"\n")?;
        let gadget = Gadget {
            controller: 0,
            vendor: 0x1209,
            product: 0x0042,
            serial: "5,é <&'\u{1b}[31m".as_bytes().to_vec(),
        };
        let path = lab.plug_gadget(&gadget)?;
        wait_gadget(lab, &path, true)?;
        let raw = lab.sh("virtplug devices")?;
        lab::ensure!(
            !raw.contains('\u{1b}'),
            "an escape reached the terminal: {raw:?}"
        );
        Ok(())
    });
}

#[test]
fn a_device_that_changes_its_identity_is_judged_anew() {
    scenario(|lab| {
        lab.install("[[machines.alpha.device]]\nvendor = \"1209\"\nproduct = \"0001\"\n")?;
        let mut gadget = Gadget {
            controller: 1,
            vendor: 0x1209,
            product: 1,
            serial: b"G1".to_vec(),
        };
        let path = lab.plug_gadget(&gadget)?;
        wait_gadget(lab, &path, true)?;

        lab.unplug_gadget(&gadget)?;
        gadget.product = 2;
        let path = lab.plug_gadget(&gadget)?;
        lab.machine("alpha").wait_exactly(&[])?;
        lab.daemon().wait_quiet()?;
        wait_gadget(lab, &path, false)?;
        lab.machine("alpha").check_exactly(&[])
    });
}

#[test]
fn an_unauthorised_device_stays_on_the_host_until_it_is_authorised() {
    scenario(|lab| {
        // Devices start unauthorised on this bus, as under USBGuard.
        lab.sh(
            "for root in /sys/bus/usb/devices/usb*; do echo 0 > $root/authorized_default; done",
        )?;
        lab.install("[[machines.alpha.device]]\nport = \"2-1\"\n")?;
        let unseen = lab.plug_blindly(&Stick::serial("A1"))?;
        until("the kernel has the unauthorised device", || {
            let there = lab
                .run("grep -q 0 /sys/bus/usb/devices/2-1/authorized")?
                .code
                == 0;
            Ok(if there {
                Seen::Yes(())
            } else {
                Seen::NotYet("nothing".to_owned())
            })
        })?;
        lab.daemon().wait_quiet()?;
        lab.machine("alpha").check_exactly(&[])?;

        lab.sh("echo 1 > /sys/bus/usb/devices/2-1/authorized")?;
        wait_gadget(lab, "2-1", true)?;
        lab.unplug_blindly(&unseen)?;
        lab.machine("alpha").wait_exactly(&[])
    });
}
