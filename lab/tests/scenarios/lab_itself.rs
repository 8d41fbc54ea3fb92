//! The lab without virtplug: what all the other tests stand on.

use lab::{Stick, ensure, scenario};

#[test]
fn the_lab_plugs_unplugs_and_resets() {
    scenario(|lab| {
        let stick = lab.plug(Stick::serial("L1").port("1"))?;
        ensure!(stick.first.vendor == "0403", "{stick:?}");
        lab.wait_on_host(&stick)?;

        lab.reset_bus(&[&stick])?;
        let after = lab.device(&stick.path)?;
        ensure!(
            (after.bus, after.device) == (stick.first.bus, stick.first.device),
            "the reset should give the same address again: {after:?}"
        );
        ensure!(
            after.inode != stick.first.inode,
            "the reset should make a new instance"
        );

        let moved = lab.replug(&stick, "4")?;
        ensure!(
            moved.path != stick.path && moved.first.serial == "L1",
            "{moved:?}"
        );
        lab.unplug(&moved)
    });
}

#[test]
fn the_lab_sees_an_attachment_made_by_hand() {
    scenario(|lab| {
        let stick = lab.plug(Stick::storage("L2").port("2"))?;
        let alias = format!("ua-virtplug-{}-0123456789abcdef", stick.path);
        let (bus, device) = (stick.first.bus, stick.first.device);
        lab.write(
            "/root/stick.xml",
            &format!(
                "<hostdev mode='subsystem' type='usb'><source startupPolicy='optional'>
                <vendor id='0x46f4'/><product id='0x0001'/>
                <address bus='{bus}' device='{device}'/></source>
                <alias name='{alias}'/></hostdev>"
            ),
        )?;
        lab.sh("virsh -q attach-device alpha /root/stick.xml")?;
        let attachment = lab.machine("alpha").wait_attached(&stick)?;
        ensure!(attachment.alias == alias, "{attachment:?}");
        ensure!(
            lab.check_on_host(&stick).is_err(),
            "the host cannot have it as well"
        );

        lab.sh(&format!("virsh -q detach-device-alias alpha {alias}"))?;
        lab.machine("alpha").wait_exactly(&[])?;
        lab.wait_on_host(&stick)
    });
}

#[test]
fn the_lab_has_gadgets_with_any_serial() {
    scenario(|lab| {
        let gadget = lab::gadget::Gadget {
            controller: 0,
            vendor: 0x1209,
            product: 0x0042,
            serial: b"\x1b[31m,'\"<&\xc3\xa9".to_vec(),
        };
        let path = lab.plug_gadget(&gadget)?;
        let device = lab.device(&path)?;
        ensure!(device.serial == "\u{1b}[31m,'\"<&é", "{device:?}");
        lab.unplug_gadget(&gadget)
    });
}

#[test]
fn the_lab_shifts_buses_plugs_fast_devices_and_changes_identities() {
    scenario(|lab| {
        let slow = lab.plug(Stick::serial("L3").port("1"))?;
        let fast = lab.plug(Stick::storage("L4").port("2"))?;
        ensure!(slow.first.bus != fast.first.bus, "{slow} and {fast}");
        let shifted = lab.renumber_buses(&[&slow, &fast])?;
        ensure!(shifted.len() == 2, "{shifted:?}");

        let gadget = lab::gadget::Gadget {
            controller: 0,
            vendor: 0x1209,
            product: 1,
            serial: b"G1".to_vec(),
        };
        let path = lab.plug_gadget(&gadget)?;
        let before = lab.device(&path)?;
        lab.turn_gadget_into(&gadget, 0xb007)?;
        let after = lab.device(&path)?;
        ensure!(after.product == "b007", "{after:?}");
        ensure!(after.inode != before.inode, "not a new instance: {after:?}");
        lab.unplug_gadget(&gadget)
    });
}
