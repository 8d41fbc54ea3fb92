//! The host boots and shuts down.

use lab::{Outer, Result, Stick, ensure, scenario};

use crate::A1_TO_ALPHA;
use crate::libvirt::UNITS;

#[test]
fn outer_machine_booted_with_everything_present_from_power_on() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.sh("systemctl enable virtplug && virsh -q autostart alpha")?;
        let before = lab.sh("cat /proc/sys/kernel/random/boot_id")?;

        lab.boot_again()?;
        ensure!(
            lab.sh("cat /proc/sys/kernel/random/boot_id")? != before,
            "it did not boot"
        );
        let active = lab.sh("systemctl is-active virtplug")?;
        ensure!(active == "active", "the service is {active}");
        let stick = lab.find_again(&stick)?;
        lab.machine("alpha").wait_exactly(&[&stick])
    });
}

#[test]
fn a_host_that_boots_without_libvirt_gets_it_later() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.sh(&format!(
            "systemctl enable virtplug && virsh -q autostart alpha && systemctl -q mask {UNITS}"
        ))?;
        lab.boot_again()?;
        let active = lab.sh("systemctl is-active virtplug")?;
        ensure!(active.trim() == "active", "the service is {active}");
        let needs = lab.sh("systemctl show -P Requires -P Wants -P BindsTo virtplug")?;
        ensure!(
            !needs.contains("libvirt") && !needs.contains("virtqemud"),
            "it pulls in {needs}"
        );
        // The machine starts with libvirt, which is after the daemon here.
        lab.sh(&format!(
            "systemctl -q unmask {UNITS} && systemctl start libvirtd.socket libvirtd-ro.socket libvirtd"
        ))?;
        let stick = lab.find_again(&stick)?;
        lab.machine("alpha").wait_exactly(&[&stick])
    });
}

/// What the journal of the boot before this one has, by a filter of journalctl.
fn last_boot(lab: &Outer, filter: &str) -> Result<Vec<String>> {
    let text = lab.sh(&format!(
        "journalctl --quiet --boot=-1 --output=cat {filter} || true"
    ))?;
    Ok(text.lines().map(str::to_owned).collect())
}

#[test]
fn a_host_that_is_switched_off_saves_its_machines_before_the_daemon_ends() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA)?;
        // The journal stays, and the machines are saved as libvirt's own service does it.
        lab.sh(
            "printf '[Journal]\nStorage=persistent\n' > /etc/systemd/journald.conf.d/zz.conf
            systemctl restart systemd-journald && journalctl --flush
            rm /etc/systemd/system/libvirt-guests.service
            printf 'ON_SHUTDOWN=suspend\nON_BOOT=ignore\n' > /etc/default/libvirt-guests
            virsh -q destroy guest && virsh -q undefine guest && virsh -q destroy beta
            systemctl daemon-reload
            systemctl -q enable libvirt-guests virtplug
            systemctl start virtplug libvirt-guests",
        )?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        let before = alpha.wait_attached(&stick)?;

        lab.power_cycle()?;
        // Its entry comes back with the machine, with the enumeration of another boot.
        alpha.start()?;
        let stick = lab.find_again(&stick)?;
        alpha.wait_exactly(&[&stick])?;
        ensure!(
            alpha.wait_attached(&stick)?.alias != before.alias,
            "the boot should have made another instance"
        );

        let entries = last_boot(
            lab,
            "_SYSTEMD_UNIT=virtplug.service VIRTPLUG_EVENT=attached",
        )?;
        ensure!(entries.len() == 1, "attached {entries:?}");
        for wrong in [
            "_SYSTEMD_UNIT=virtplug.service VIRTPLUG_EVENT=detached",
            "_SYSTEMD_UNIT=virtplug.service --priority=warning",
            "_PID=1 UNIT=virtplug.service --priority=warning",
        ] {
            let entries = last_boot(lab, wrong)?;
            ensure!(entries.is_empty(), "{wrong}: {entries:?}");
        }
        let ends = last_boot(lab, "_PID=1 --grep='^(Stopped|Closed|Finished Suspend)'")?;
        let place = |what: &str| ends.iter().position(|line| line.contains(what));
        let (saved, ours, theirs) = (
            place("libvirt-guests"),
            place("virtplug.service"),
            place("libvirtd.service"),
        );
        ensure!(
            saved.is_some() && saved < ours && ours < theirs,
            "the order of the end: {ends:?}"
        );
        Ok(())
    });
}
