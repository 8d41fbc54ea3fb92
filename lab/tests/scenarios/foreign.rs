//! What others attached, and what others detached.

use lab::domain::Hostdev;
use lab::wait::{Seen, until};
use lab::{Context, Outer, Result, Stick, ensure, scenario};

use crate::A1_TO_ALPHA;

const FOREIGN: &str = "<hostdev mode='subsystem' type='usb'>
  <source><vendor id='0x0627'/><product id='0x0001'/></source>
</hostdev>";

/// The administrator's own entry in alpha.
fn foreign(lab: &Outer) -> Result<Hostdev> {
    let hostdevs = lab.machine("alpha").domain()?.hostdevs;
    let mut foreign = hostdevs.into_iter().filter(|hostdev| !hostdev.is_own());
    let first = foreign.next().context("the foreign entry is gone")?;
    ensure!(foreign.next().is_none(), "there is a second foreign entry");
    Ok(first)
}

#[test]
fn foreign_static_hostdev_stays_untouched_through_all_of_it() {
    scenario(|lab| {
        let alpha = lab.machine("alpha");
        let _keyboard = lab.plug(Stick::keyboard("K1").port("9"))?;
        lab.write("/root/foreign.xml", FOREIGN)?;
        lab.sh("virsh -q attach-device alpha /root/foreign.xml --config --live")?;
        let before = foreign(lab)?;
        let untouched = |when: &str| {
            let now = foreign(lab).with_context(|| when.to_owned())?;
            ensure!(
                now == before,
                "{when}, it was\n{}\nand is\n{}",
                before.xml,
                now.xml
            );
            Ok(())
        };

        // A rule for the very same device must not take the entry over.
        lab.install(&format!(
            "{A1_TO_ALPHA}\n[[machines.alpha.device]]\nvendor = \"0627\"\nproduct = \"0001\"\n"
        ))?;
        lab.daemon().wait_quiet()?;
        untouched("after the start of the daemon")?;
        alpha.check_exactly(&[])?;

        let stick = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_exactly(&[&stick])?;
        untouched("after a plug")?;
        let stick = lab.replug(&stick, "2")?;
        alpha.wait_exactly(&[&stick])?;
        untouched("after a replug")?;
        lab.daemon().restart()?;
        lab.daemon().wait_quiet()?;
        untouched("after a restart of the daemon")?;
        lab.sh("systemctl restart libvirtd")?;
        lab.daemon().wait_quiet()?;
        untouched("after a restart of libvirtd")?;
        lab.daemon().reload(A1_TO_ALPHA)?;
        lab.daemon().wait_quiet()?;
        untouched("after a reload")?;
        alpha.stop()?;
        alpha.start()?;
        alpha.wait_exactly(&[&stick])?;
        untouched("after a start of the machine")?;
        lab.unplug(&stick)?;
        alpha.wait_exactly(&[])?;
        untouched("after an unplug")
    });
}

#[test]
fn foreign_hostdev_stays_untouched_when_its_device_is_gone() {
    scenario(|lab| {
        let alpha = lab.machine("alpha");
        // It keeps the keyboard's number from coming back to the stick.
        let filler = lab.plug(Stick::serial("X1").port("8"))?;
        let keyboard = lab.plug(Stick::keyboard("K1").port("9"))?;
        lab.write("/root/foreign.xml", FOREIGN)?;
        lab.sh("virsh -q attach-device alpha /root/foreign.xml")?;
        let before = foreign(lab)?;
        lab.install(A1_TO_ALPHA)?;

        lab.unplug(&keyboard)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;
        lab.reset_bus(&[&stick, &filler])?;
        lab.daemon().wait_quiet()?;
        alpha.wait_exactly(&[&stick])?;
        ensure!(foreign(lab)? == before, "the foreign entry has changed");
        Ok(())
    });
}

#[test]
fn foreign_hostdev_stays_untouched_when_it_blocks_our_device() {
    scenario(|lab| {
        let alpha = lab.machine("alpha");
        let keyboard = lab.plug(Stick::keyboard("K1").port("9"))?;
        lab.write("/root/foreign.xml", FOREIGN)?;
        lab.sh("virsh -q attach-device alpha /root/foreign.xml")?;
        let before = foreign(lab)?;
        lab.install(A1_TO_ALPHA)?;

        // The stick gets the number of the keyboard, and libvirt thinks it is in use.
        lab.unplug(&keyboard)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;
        lab.reset_bus(&[&stick])?;
        let number = lab.device(&stick.path)?.device;
        ensure!(
            number == keyboard.first.device,
            "the number did not come back: {number}"
        );
        lab.daemon().wait_quiet()?;
        alpha.check_exactly(&[])?;
        ensure!(foreign(lab)? == before, "the foreign entry has changed");

        // When its owner takes it away, the stick goes where it belongs.
        lab.sh("virsh -q detach-device-alias alpha hostdev0")?;
        alpha.wait_exactly(&[&stick])
    });
}

#[test]
fn our_device_detached_by_virsh_is_not_fought_over() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1").port("1"))?;
        let attachment = alpha.wait_attached(&stick)?;

        lab.sh(&format!(
            "virsh -q detach-device-alias alpha {}",
            attachment.alias
        ))?;
        lab.wait_journal("hold", 1)?;
        // Whatever makes virtplug look again must not bring the device back.
        let other = lab.plug(Stick::serial("X1").port("2"))?;
        lab.daemon().reload(A1_TO_ALPHA)?;
        lab.unplug(&other)?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&stick)?;
        alpha.check_exactly(&[])
    });
}

#[test]
fn a_device_that_was_detached_by_hand_comes_back_with_the_next_plug() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1").port("1"))?;
        let attachment = alpha.wait_attached(&stick)?;
        lab.sh(&format!(
            "virsh -q detach-device-alias alpha {}",
            attachment.alias
        ))?;
        lab.wait_journal("hold", 1)?;

        let again = lab.replug(&stick, "1")?;
        alpha.wait_exactly(&[&again])
    });
}

#[test]
fn a_device_that_somebody_gave_to_another_machine_is_left_there() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.write(
            "/root/stick.xml",
            "<hostdev mode='subsystem' type='usb'>
            <source><vendor id='0x0403'/><product id='0x6001'/></source></hostdev>",
        )?;
        lab.sh("virsh -q attach-device beta /root/stick.xml")?;
        lab.daemon().start()?;
        lab.daemon().wait_quiet()?;
        lab.machine("alpha").check_exactly(&[])?;
        let there = lab.machine("beta").domain()?.hostdevs;
        ensure!(there.len() == 1, "the entry in beta is gone");

        // When it is free again, the rule counts.
        lab.sh("virsh -q detach-device beta /root/stick.xml")?;
        until("the device goes where the rule says", || {
            let domain = lab.machine("alpha").domain()?;
            let there = domain.own().count();
            Ok(if there == 1 {
                Seen::Yes(())
            } else {
                Seen::NotYet(format!("{there} entries"))
            })
        })?;
        lab.machine("alpha").wait_exactly(&[&stick])
    });
}
