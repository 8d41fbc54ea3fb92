//! Devices that are quicker than anybody who looks at them.

use std::thread::sleep;
use std::time::Duration;

use lab::wait::{Seen, until};
use lab::{Stick, ensure, scenario};

use crate::{A1_TO_ALPHA, ADAPTERS_TO_ALPHA};

#[test]
fn device_gone_between_event_and_attach() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");

        // The call is on its way to libvirt when the device goes.
        lab.sh("systemctl kill --signal=STOP libvirtd")?;
        let stick = lab.plug(Stick::serial("A1"))?;
        sleep(Duration::from_secs(1));
        lab.unplug(&stick)?;
        lab.sh("systemctl kill --signal=CONT libvirtd")?;
        lab.daemon().wait_quiet()?;
        let left = alpha.domain()?.hostdevs;
        ensure!(left.is_empty(), "left behind: {left:?}");
        let seen = alpha.usb()?;
        ensure!(seen.is_empty(), "QEMU still waits for a device: {seen:?}");

        // And it did not give up on the device for good.
        let again = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&again])
    });
}

#[test]
fn device_gone_before_the_event_was_read() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        lab.daemon().freeze()?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.unplug(&stick)?;
        lab.daemon().thaw()?;
        lab.daemon().wait_quiet()?;
        alpha.check_exactly(&[])?;

        let again = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&again])
    });
}

#[test]
fn fifty_fast_replugs_leave_one_attachment_and_no_used_up_guest_port() {
    scenario(|lab| {
        lab.install(ADAPTERS_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let first = lab.plug(Stick::serial("F0"))?;
        alpha.wait_attached(&first)?;
        lab.unplug(&first)?;

        // As fast as the kernel enumerates; nobody waits for virtplug.
        let sysfs = format!("/sys/bus/usb/devices/{}", first.path);
        for _ in 0..49 {
            let unseen = lab.plug_blindly(&Stick::serial("F0"))?;
            lab.sh(&format!("until [ -e {sysfs}/devnum ]; do sleep 0.02; done"))?;
            lab.unplug_blindly(&unseen)?;
            lab.sh(&format!("while [ -e {sysfs} ]; do sleep 0.02; done"))?;
        }
        let last = lab.plug(Stick::serial("F0"))?;
        let numbers = last.first.device - first.first.device;
        ensure!(numbers == 50, "the kernel saw {numbers} of the 50 replugs");

        let patience = Duration::from_secs(360);
        lab::wait::until_within(
            patience,
            "a device that flapped is attached in the end",
            || {
                let there = alpha.domain()?.own().count();
                let quiet = lab.device(&last.path)?.driver.is_none();
                Ok(if there == 1 && quiet {
                    Seen::Yes(())
                } else {
                    Seen::NotYet(format!("{there} entries"))
                })
            },
        )?;
        alpha.wait_exactly(&[&last])?;
        lab.daemon().wait_quiet()?;
        let seen = alpha.usb()?;
        ensure!(
            seen.len() == 1,
            "the controller should show one device: {seen:?}"
        );

        // All of the controller's 15 ports must still be free for others.
        let mut more = Vec::new();
        for port in 2..=15 {
            more.push(lab.plug(Stick::serial(&format!("F{port}")).port(&port.to_string()))?);
        }
        let mut all: Vec<_> = more.iter().collect();
        all.push(&last);
        until("15 devices are attached", || {
            let there = alpha.domain()?.own().count();
            Ok(if there == 15 {
                Seen::Yes(())
            } else {
                Seen::NotYet(there.to_string())
            })
        })?;
        alpha.check_exactly(&all)
    });
}
