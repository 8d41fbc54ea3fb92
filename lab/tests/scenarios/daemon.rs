//! virtplug itself comes and goes.

use lab::{Stick, ensure, scenario};

use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA};

#[test]
fn daemon_restarted() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        let before = alpha.wait_attached(&stick)?;

        lab.daemon().stop()?;
        ensure!(
            alpha.wait_attached(&stick)? == before,
            "a stop leaves attachments in place"
        );
        let code = lab.sh("systemctl show -P ExecMainStatus virtplug")?;
        ensure!(code == "0", "exit code {code} after SIGTERM");

        lab.daemon().start()?;
        lab.daemon().wait_quiet()?;
        alpha.check_exactly(&[&stick])?;
        ensure!(
            alpha.wait_attached(&stick)? == before,
            "the restart touched the attachment"
        );
        Ok(())
    });
}

#[test]
fn daemon_stopped_while_devices_come_and_go() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_attached(&a1)?;

        lab.daemon().stop()?;
        lab.unplug(&a1)?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        lab.daemon().start()?;
        beta.wait_exactly(&[&b1])?;
        alpha.wait_exactly(&[])
    });
}

#[test]
fn daemon_killed_with_9_while_devices_come_and_go() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_attached(&a1)?;

        lab.daemon().kill()?;
        let a1 = lab.replug(&a1, "4")?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        lab.daemon().start()?;
        alpha.wait_exactly(&[&a1])?;
        beta.wait_exactly(&[&b1])
    });
}

#[test]
fn daemon_killed_with_9_in_the_middle_of_an_attach() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        for _ in 0..3 {
            // libvirtd is halted, so the kill comes while the call is under way.
            lab.sh("systemctl kill --signal=STOP libvirtd")?;
            let stick = lab.plug(Stick::serial("A1"))?;
            lab.daemon().kill()?;
            lab.sh("systemctl kill --signal=CONT libvirtd")?;
            lab.daemon().start()?;
            alpha.wait_exactly(&[&stick])?;
            lab.unplug(&stick)?;
            alpha.wait_exactly(&[])?;
        }
        Ok(())
    });
}

#[test]
fn bus_reset_while_the_daemon_was_away() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        let before = alpha.wait_attached(&stick)?;

        lab.daemon().kill()?;
        lab.sh("systemctl stop virtplug; systemctl reset-failed virtplug 2>/dev/null; true")?;
        lab.reset_bus(&[&stick])?;
        lab.daemon().start()?;
        lab.daemon().wait_quiet()?;
        // Same bus:device: only the hash in the alias tells that the entry is stale.
        let after = alpha.wait_attached(&stick)?;
        ensure!(
            after.address == before.address,
            "the lab should bring the same address back"
        );
        ensure!(
            after.alias != before.alias,
            "the stale entry was taken for a good one"
        );
        alpha.check_exactly(&[&stick])
    });
}

#[test]
fn events_that_overran_the_buffer_are_made_up_for() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_attached(&a1)?;

        lab.daemon().freeze()?;
        lab.unplug(&a1)?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        // Many events of the kind that passes every filter.
        lab.sh("for round in $(seq 300); do
                for device in /sys/bus/usb/devices/usb*; do echo change > $device/uevent; done
            done
            udevadm settle")?;
        lab.daemon().thaw()?;
        lab.wait_journal("overrun", 1)?;
        beta.wait_exactly(&[&b1])?;
        alpha.wait_exactly(&[])
    });
}

#[test]
fn a_daemon_that_hangs_is_started_anew_by_the_watchdog_and_devices_stay() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA)?;
        lab.write(
            "/etc/systemd/system/virtplug.service.d/watchdog.conf",
            "[Service]\nWatchdogSec=30\n",
        )?;
        lab.sh("systemctl daemon-reload")?;
        lab.daemon().start()?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1").port("1"))?;
        let before = alpha.wait_attached(&stick)?;
        let pid = lab.daemon().pid()?;
        // One that runs is left alone.
        lab.sh("sleep 70")?;
        ensure!(
            lab.daemon().pid()? == pid,
            "a daemon that answers was killed"
        );

        lab.daemon().freeze()?;
        let second = lab.plug(Stick::serial("B1").port("2"))?;
        lab.wait_journal("started", 2)?;
        ensure!(lab.daemon().pid()? != pid, "it is the same process");
        let result = lab.sh("journalctl -b --unit=virtplug --grep='Watchdog timeout' -o cat")?;
        ensure!(!result.is_empty(), "systemd says nothing of the watchdog");
        lab.daemon().wait_quiet()?;
        ensure!(
            alpha.wait_attached(&stick)? == before,
            "the restart touched the attachment"
        );
        lab.unplug(&second)?;
        alpha.check_exactly(&[&stick])
    });
}
