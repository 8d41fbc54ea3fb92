//! libvirt with one daemon for each driver: virtqemud in the place of libvirtd.

use lab::{Outer, Release, Result, Stick, ensure, scenario_with, virtqemud};

use crate::{A1_TO_ALPHA, libvirt, package, user};

/// Runs a test on a host where virtqemud can be started.
fn scenario_on<F: FnOnce(&Outer) -> Result<()>>(release: Release, body: F) {
    scenario_with(release, || Ok(vec![virtqemud::ready(release)?]), body);
}

/// virtqemud takes the machines of libvirtd over.
fn take_over(lab: &Outer) -> Result<()> {
    libvirt::stop(lab)?;
    lab.sh(&format!("systemctl -q mask {}", libvirt::UNITS))?;
    lab.start_virtqemud()
}

/// Only virtqemud runs, and it is what clients reach.
fn check_modular(lab: &Outer) -> Result<()> {
    lab.sh("pgrep -x virtqemud && ! pgrep -x libvirtd && test ! -e /run/libvirt/libvirt-sock")
        .map(drop)
}

/// A device goes through the life of machine and daemons.
fn check_life(lab: &Outer) -> Result<()> {
    libvirt::check_outlived(lab, take_over)?;
    check_modular(lab)?;
    let alpha = lab.machine("alpha");
    let stick = lab.plug(Stick::serial("A1").port("1"))?;
    let before = alpha.wait_attached(&stick)?;
    lab.reset_bus(&[&stick])?;
    let after = alpha.wait_attached_anew(&stick.path, &before)?;

    lab.sh("systemctl restart virtqemud")?;
    lab.wait_journal("connected", 3)?;
    lab.daemon().restart()?;
    lab.daemon().wait_quiet()?;
    let kept = alpha.wait_attached(&stick)?;
    ensure!(kept == after, "restarts touched it: {after:?} {kept:?}");

    alpha.stop()?;
    lab.check_on_host(&stick)?;
    alpha.start()?;
    alpha.wait_exactly(&[&stick])?;
    lab.unplug(&stick)?;
    alpha.wait_exactly(&[])?;
    check_modular(lab)
}

#[test]
fn virtqemud_takes_the_place_of_libvirtd() {
    scenario_on(Release::chosen(), check_life);
}

#[test]
fn debian_13_virtqemud_takes_the_place_of_libvirtd() {
    scenario_on(Release::Trixie, check_life);
}

#[test]
fn debian_13_package_installed_and_upgraded_beside_virtqemud() {
    scenario_on(Release::Trixie, |lab| {
        take_over(lab)?;
        package::upgrade(lab)?;
        check_modular(lab)
    });
}

#[test]
fn debian_13_booted_with_virtqemud_and_everything_present() {
    scenario_on(Release::Trixie, |lab| {
        take_over(lab)?;
        lab.install_stopped(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.sh("systemctl -q enable virtplug && virsh -q autostart alpha")?;
        lab.boot_again()?;
        let active = lab.sh("systemctl is-active virtplug virtqemud")?;
        ensure!(active.trim() == "active\nactive", "{active}");
        let stick = lab.find_again(&stick)?;
        lab.machine("alpha").wait_exactly(&[&stick])?;
        check_modular(lab)
    });
}

#[test]
fn debian_13_virtqemud_of_a_user() {
    scenario_on(Release::Trixie, |lab| {
        take_over(lab)?;
        // Debian's library starts libvirtd for a user, others start this one.
        lab.sh("mkdir -p /etc/skel/.config/libvirt
            echo 'remote_mode = \"direct\"' > /etc/skel/.config/libvirt/libvirt.conf")?;
        user::check_session(lab)?;
        lab.sh("pgrep -x -u ann virtqemud")?;
        check_modular(lab)
    });
}
