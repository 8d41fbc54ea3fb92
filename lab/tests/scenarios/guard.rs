//! The guard: what the host uses stays with it until it lets go.

use lab::wait::{Seen, until};
use lab::{Outer, Plugged, Result, Stick, ensure, scenario};

use crate::commands::virtplug;

/// Everything that is plugged belongs to alpha.
const TO_ALPHA: &str = "[[machines.alpha.device]]\nserial = \"G1\"\n";

/// The disk of a device, as in `/dev`.
fn disk(lab: &Outer, plugged: &Plugged) -> Result<String> {
    let path = &plugged.path;
    until(&format!("{plugged} has a disk"), || {
        let found = lab.sh(&format!(
            "for disk in /sys/bus/usb/devices/{path}/{path}:1.0/host*/target*/*/block/*; do
                [ -e \"$disk/dev\" ] && echo \"/dev/${{disk##*/}}\"
            done; udevadm settle"
        ))?;
        let found = found.trim().to_owned();
        Ok(if found.starts_with("/dev/") {
            Seen::Yes(found)
        } else {
            Seen::NotYet(found)
        })
    })
}

/// A use of the host: how it begins and ends, and what is said of it. `$disk` is the disk.
struct HostUse<'a> {
    begin: &'a str,
    end: &'a str,
    said: &'a str,
    /// Proves that the data are as they were.
    intact: &'a str,
}

const MOUNTED: HostUse<'static> = HostUse {
    begin: "mkfs.ext4 -q $disk && mkdir -p /srv/stick && mount $disk /srv/stick \
            && echo data > /srv/stick/file && sync",
    end: "umount /srv/stick",
    said: "is mounted at /srv/stick",
    intact: "grep -q data /srv/stick/file && echo more > /srv/stick/more && sync",
};

/// A use that begins before the daemon, is refused, and ends by event.
fn check_refused_then_attached(host_use: &HostUse<'_>) {
    scenario(|lab| check_attached_at_the_end(lab, Stick::disk("G1"), host_use).map(drop));
}

/// The device, attached after the use has ended.
fn check_attached_at_the_end(lab: &Outer, stick: Stick, host_use: &HostUse<'_>) -> Result<Plugged> {
    let stick = lab.plug(stick)?;
    let disk = disk(lab, &stick)?;
    let run = |script: &str| lab.sh(&format!("set -e; disk={disk}; {script}"));
    run(host_use.begin)?;
    lab.install(TO_ALPHA)?;
    check_refused(lab, &stick, host_use.said)?;
    run(host_use.intact)?;
    run(host_use.end)?;
    lab.machine("alpha").wait_exactly(&[&stick])?;
    let log = lab.sh("journalctl -u virtplug -o cat --grep 'refus|host uses' || true")?;
    ensure!(
        log.contains(host_use.said),
        "the journal does not tell:\n{log}"
    );
    Ok(stick)
}

/// Writes much to a slow disk and unmounts it: the file system leaves the table of
/// mounts long before all is written. Nothing of it may be missing afterwards.
fn check_all_is_written(mkfs: &'static str) {
    scenario(|lab| {
        let begin = format!(
            "{mkfs} $disk > /dev/null && mkdir -p /srv/stick && mount $disk /srv/stick && sync"
        );
        let host_use = HostUse {
            begin: &begin,
            end: "dd if=/dev/urandom of=/srv/stick/much bs=64k count=96 2> /dev/null; \
                  md5sum < /srv/stick/much > /root/sum; umount /srv/stick",
            said: "is mounted at /srv/stick",
            intact: "touch /srv/stick/file",
        };
        let stick = check_attached_at_the_end(lab, Stick::slow_disk("G1"), &host_use)?;
        lab.daemon().reload(&TO_ALPHA.replace("G1", "none"))?;
        lab.wait_on_host(&stick)?;
        let disk = disk(lab, &stick)?;
        lab.sh(&format!(
            "mount {disk} /srv/stick && md5sum < /srv/stick/much | cmp - /root/sum"
        ))?;
        Ok(())
    });
}

/// Fails if the device is not with the host, for this reason.
fn check_refused(lab: &Outer, plugged: &Plugged, said: &str) -> Result<()> {
    lab.daemon().wait_quiet()?;
    lab.machine("alpha").check_exactly(&[])?;
    lab.check_on_host(plugged)?;
    let explained = virtplug(lab, &format!("explain {}", plugged.path), 0)?;
    let words: Vec<&str> = explained.split_whitespace().collect();
    ensure!(
        words.join(" ").contains(said),
        "no {said:?} in:\n{explained}"
    );
    Ok(())
}

#[test]
fn mounted_disk_stays_with_the_host_until_it_is_unmounted() {
    check_refused_then_attached(&MOUNTED);
}

#[test]
fn unmounted_disk_stays_until_its_file_system_has_ended() {
    check_all_is_written("mkfs.ext4 -q");
}

/// Of such a file system nothing is seen beside the table of mounts.
#[test]
fn unmounted_disk_stays_until_all_is_written() {
    check_all_is_written("mkfs.minix -3");
}

#[test]
fn disk_that_is_swapped_to_stays_until_swapoff() {
    check_refused_then_attached(&HostUse {
        begin: "mkswap -q $disk && swapon $disk",
        end: "swapoff $disk",
        said: "the host swaps to sd",
        intact: "grep -q $disk /proc/swaps",
    });
}

#[test]
fn disk_of_another_machine_stays_there_until_it_is_taken_out() {
    check_refused_then_attached(&HostUse {
        begin: "link=$(udevadm info -q symlink $disk | tr ' ' '\\n' | grep -m1 by-id); \
                virsh -q attach-disk beta /dev/$link sdz --targetbus usb --live",
        end: "virsh -q detach-disk beta sdz --live",
        said: "machine beta has it as a disk",
        intact: "virsh -q domblklist beta | grep -q by-id",
    });
}

#[test]
fn disk_of_a_volume_group_stays_until_the_group_is_off() {
    check_refused_then_attached(&HostUse {
        begin: "pvcreate -qq $disk; vgcreate -qq labvg $disk; lvcreate -qq -Zn -l 50%FREE -n data labvg",
        end: "vgchange -qq -an labvg",
        said: "(LVM labvg-data)",
        intact: "dd if=/dev/labvg/data of=/dev/null bs=4k count=1 2> /dev/null",
    });
}

#[test]
fn encrypted_disk_stays_until_it_is_closed() {
    check_refused_then_attached(&HostUse {
        begin: "printf secret | cryptsetup -q luksFormat --type luks1 --pbkdf-force-iterations 1000 $disk -; \
                printf secret | cryptsetup open $disk labcrypt --key-file -",
        end: "cryptsetup close labcrypt",
        said: "(LUKS labcrypt)",
        intact: "dd if=/dev/mapper/labcrypt of=/dev/null bs=4k count=1 2> /dev/null",
    });
}

#[test]
fn mounts_that_are_made_while_the_daemon_runs_are_seen_wherever_they_are() {
    scenario(|lab| {
        lab.install(&TO_ALPHA.replace("G1", "none"))?;
        let stick = lab.plug(Stick::disk("G1"))?;
        let first = disk(lab, &stick)?;
        lab.sh(&format!("mkfs.ext4 -q {first}"))?;
        for at in ["/home/stick", "/tmp/stick", "/run/media/stick", "/mnt"] {
            let disk = disk(lab, &stick)?;
            lab.sh(&format!("mkdir -p {at} && mount {disk} {at}"))?;
            lab.daemon().reload(TO_ALPHA)?;
            check_refused(lab, &stick, &format!("is mounted at {at}"))?;
            // Also one that was there before the daemon.
            lab.daemon().restart()?;
            check_refused(lab, &stick, &format!("is mounted at {at}"))?;
            lab.sh(&format!("umount {at}"))?;
            lab.machine("alpha").wait_exactly(&[&stick])?;
            lab.daemon().reload(&TO_ALPHA.replace("G1", "none"))?;
            lab.machine("alpha").wait_exactly(&[])?;
            lab.wait_on_host(&stick)?;
        }
        Ok(())
    });
}

#[test]
fn network_adapter_with_an_address_stays_until_the_address_is_gone() {
    scenario(|lab| {
        let adapter = lab.plug(Stick::network())?;
        let path = &adapter.path;
        let find = format!(
            "for net in /sys/bus/usb/devices/{path}/{path}:*/net/*; do
                [ -e \"$net/address\" ] && echo \"${{net##*/}}\"
            done; true"
        );
        let interface = until("the adapter has a network interface", || {
            let found = lab.sh(&find)?.trim().to_owned();
            Ok(if found.is_empty() {
                Seen::NotYet("none".to_owned())
            } else {
                Seen::Yes(found)
            })
        })?;
        lab.sh(&format!(
            "udevadm settle; busybox ip link set {interface} up && busybox ip addr add 10.99.0.1/24 dev {interface}"
        ))?;
        lab.install(&format!("[[machines.alpha.device]]\nport = \"{path}\"\n"))?;
        let said = format!("the network interface {interface} has the address 10.99.0.1");
        check_refused(lab, &adapter, &said)?;
        lab.sh(&format!("busybox ip addr del 10.99.0.1/24 dev {interface}"))?;
        lab.machine("alpha").wait_exactly(&[&adapter])
    });
}

#[test]
fn allowed_in_use_is_taken_and_the_log_says_so() {
    scenario(|lab| {
        let stick = lab.plug(Stick::disk("G1"))?;
        let disk = disk(lab, &stick)?;
        lab.sh(&format!("set -e; disk={disk}; {}", MOUNTED.begin))?;
        lab.install(&format!("{TO_ALPHA}allow-in-use = true\n"))?;
        lab.machine("alpha").wait_exactly(&[&stick])?;
        let log = lab.sh("journalctl -u virtplug -o cat")?;
        ensure!(
            log.contains(MOUNTED.said),
            "the journal does not tell:\n{log}"
        );
        Ok(())
    });
}
