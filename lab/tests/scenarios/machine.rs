//! Machines that stop, start, die and sleep.

use lab::{Stick, ensure, scenario};

use crate::A1_TO_ALPHA;

#[test]
fn machine_stopped_and_started() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_attached(&stick)?;
        alpha.stop()?;
        lab.daemon().wait_quiet()?;
        alpha.start()?;
        alpha.wait_exactly(&[&stick])
    });
}

#[test]
fn the_persistent_definition_is_never_changed() {
    scenario(|lab| {
        let persistent = || lab.sh("virsh -q dumpxml --inactive alpha");
        let before = persistent()?;
        lab.install(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.machine("alpha").wait_attached(&stick)?;
        lab.unplug(&stick)?;
        lab.machine("alpha").wait_exactly(&[])?;
        ensure!(persistent()? == before, "the persistent XML has changed");
        Ok(())
    });
}

#[test]
fn qemu_killed_with_9() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_attached(&stick)?;
        alpha.kill_qemu()?;
        lab.daemon().wait_quiet()?;
        alpha.start()?;
        alpha.wait_exactly(&[&stick])
    });
}

#[test]
fn unplugged_while_the_machine_was_off() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_attached(&stick)?;
        alpha.stop()?;
        lab.unplug(&stick)?;
        alpha.start()?;
        lab.daemon().wait_quiet()?;
        alpha.check_exactly(&[])
    });
}

#[test]
fn managed_save_and_restore_with_the_device_moved_meanwhile() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1").port("1"))?;
        let before = alpha.wait_attached(&stick)?;
        alpha.virsh("managedsave")?;
        let moved = lab.replug(&stick, "6")?;

        // The saved image still names the old place; the start must not fail for it.
        alpha.start()?;
        alpha.wait_exactly(&[&moved])?;
        let after = alpha.wait_attached(&moved)?;
        ensure!(after.alias != before.alias, "{after:?}");
        Ok(())
    });
}
