//! The main things on Debian 13: libvirt 11, QEMU 10, systemd 257. Any scenario runs there with
//! `VIRTPLUG_LAB_RELEASE=trixie`.

use lab::{Release, Stick, ensure, scenario_on};

use crate::{A1_TO_ALPHA, libvirt};

#[test]
fn debian_13_plug_reset_machine_off_and_on_unplug() {
    scenario_on(Release::Trixie, |lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        let before = alpha.wait_attached(&stick)?;
        lab.reset_bus(&[&stick])?;
        let after = alpha.wait_attached_anew(&stick.path, &before)?;
        ensure!(after.inode != before.inode, "not a new instance: {after:?}");

        lab.daemon().restart()?;
        lab.daemon().wait_quiet()?;
        ensure!(
            alpha.wait_attached(&stick)? == after,
            "a restart of the daemon touched the attachment"
        );

        alpha.stop()?;
        lab.check_on_host(&stick)?;
        alpha.start()?;
        alpha.wait_exactly(&[&stick])?;
        lab.unplug(&stick)?;
        alpha.wait_exactly(&[])
    });
}

#[test]
fn debian_13_libvirtd_restarted() {
    scenario_on(Release::Trixie, |lab| {
        libvirt::check_outlived(lab, libvirt::restart)
    });
}
