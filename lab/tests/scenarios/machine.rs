//! Machines that stop, start, die and sleep.

use lab::{Outer, Result, Stick, ensure, scenario};

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

/// An empty qcow2 disk of 1 MiB: header, table and block of reference counts, table
/// of clusters, a cluster each. Nothing here has qemu-img.
const DISK: &str = r#"
    my ($c, $f) = (1 << 16);
    $f = pack 'a4 N Q> N N Q> N N Q> Q> N N Q>',
        "QFI\xfb", 2, 0, 0, 16, 1 << 20, 0, 1, 3 * $c, $c, 1, 0, 0;
    print map { $_ . "\0" x ($c - length) } $f, pack('Q>', 2 * $c), pack('n4', (1) x 4), '';
"#;

/// Gives alpha a disk that can keep snapshots, and starts it anew.
fn give_disk(lab: &Outer) -> Result<()> {
    lab.write("/root/disk.pl", DISK)?;
    lab.sh("set -e
        disk=/var/lib/libvirt/images/alpha.qcow2
        perl /root/disk.pl > $disk
        virsh -q destroy alpha
        virsh -q attach-disk alpha $disk hda --config --driver qemu --subdriver qcow2
        virsh -q start alpha")
        .map(drop)
}

#[test]
fn a_snapshot_brings_back_an_entry_of_ours_that_is_out_of_date() {
    scenario(|lab| {
        give_disk(lab)?;
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1").port("1"))?;
        let before = alpha.wait_attached(&stick)?;
        lab.sh("virsh -q snapshot-create-as alpha earlier")?;
        let moved = lab.replug(&stick, "6")?;
        alpha.wait_exactly(&[&moved])?;
        let snapshot = lab.sh("virsh -q snapshot-dumpxml alpha earlier")?;
        ensure!(snapshot.contains(&before.alias), "{snapshot}");

        lab.sh("virsh -q snapshot-revert alpha earlier")?;
        alpha.wait_exactly(&[&moved])
    });
}
