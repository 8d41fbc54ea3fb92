//! libvirtd comes and goes.

use lab::{Outer, Result, Stick, scenario};

use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA};

/// The units of libvirtd.
pub(crate) const UNITS: &str =
    "libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket";

/// Stops libvirtd for good.
pub(crate) fn stop(lab: &Outer) -> Result<()> {
    // The sockets too: otherwise the first client starts it again.
    lab.sh(&format!("systemctl stop {UNITS} 2>&1")).map(drop)
}

pub(crate) fn start(lab: &Outer) -> Result<()> {
    lab.sh("systemctl start libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd")
        .map(drop)
}

/// What is attached stays as it is while libvirt goes and comes back, and devices
/// come and go as before after that.
pub(crate) fn check_outlived(lab: &Outer, comes_back: fn(&Outer) -> Result<()>) -> Result<()> {
    lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
    let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
    let a1 = lab.plug(Stick::serial("A1").port("1"))?;
    let before = alpha.wait_attached(&a1)?;

    comes_back(lab)?;
    lab.wait_journal("connected", 2)?;
    let after = alpha.wait_attached(&a1)?;
    lab::ensure!(
        after == before,
        "the attachment was touched: {before:?} {after:?}"
    );

    let b1 = lab.plug(Stick::serial("B1").port("2"))?;
    beta.wait_exactly(&[&b1])?;
    lab.unplug(&a1)?;
    alpha.wait_exactly(&[])
}

pub(crate) fn restart(lab: &Outer) -> Result<()> {
    lab.sh("systemctl restart libvirtd").map(drop)
}

#[test]
fn libvirtd_restarted() {
    scenario(|lab| check_outlived(lab, restart));
}

#[test]
fn libvirtd_stopped_while_devices_come_and_go() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_attached(&a1)?;

        stop(lab)?;
        lab.unplug(&a1)?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        start(lab)?;

        beta.wait_exactly(&[&b1])?;
        alpha.wait_exactly(&[])
    });
}

#[test]
fn libvirtd_not_there_when_the_daemon_starts() {
    scenario(|lab| {
        stop(lab)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.install(A1_TO_ALPHA)?;
        lab.wait_journal("waiting", 1)?;
        lab.daemon().wait_quiet()?;
        let said = lab.count("waiting")?;
        lab::ensure!(
            said == 1,
            "it should say once that it waits, not {said} times"
        );

        start(lab)?;
        lab.machine("alpha").wait_exactly(&[&stick])
    });
}
