//! A machine moves to another host and back, while it runs.
//!
//! The other host is a second libvirtd with a name, files, sockets and a virtplug of
//! its own. It shares the kernel with this host, but sees only the devices that are
//! shown to it. Both are slow here: a move that takes a second takes one or two minutes.

use lab::attachment;
use lab::domain::Domain;
use lab::wait::{Seen, until};
use lab::{Outer, Plugged, Result, Stick, ensure, scenario};

use crate::A1_TO_ALPHA;

/// Where the other host's libvirt is reached from this one.
const FAR: &str = "'qemu+unix:///system?socket=/run/far/libvirt-sock'";

/// Gives the calling shell the view of the other host and becomes its libvirtd.
const FAR_SCRIPT: &str = "set -e
mkdir -p /run/far /root/far/lib
cp -a /etc/libvirt /root/far/etc
rm -rf /root/far/etc/qemu/*
echo 'host_uuid = \"11111111-2222-3333-4444-555555555555\"' >> /root/far/etc/libvirtd.conf
printf 'cgroup_controllers = []\\nstdio_handler = \"file\"\\n' >> /root/far/etc/qemu.conf
hostname far
mount --make-rprivate /
mount --bind /root/far/etc /etc/libvirt
mount --bind /root/far/lib /var/lib/libvirt
mount --bind /run/far /run/libvirt
# On the bus is systemd-machined, where a machine can have its name only once.
mount -t tmpfs bus /run/dbus
shown=$(readlink -f /sys/bus/usb/devices/$1)
mount -t tmpfs usb /sys/bus/usb/devices
ln -s $shown /sys/bus/usb/devices/$1
exec libvirtd --pid-file /run/libvirt/libvirtd.pid
";

/// Starts the other host, which has this device and gives it to its alpha.
fn start_far(lab: &Outer, device: &Plugged) -> Result<()> {
    lab.write("/root/far.sh", FAR_SCRIPT)?;
    lab.write("/root/far.toml", &A1_TO_ALPHA.replace("A1", "B1"))?;
    let path = &device.path;
    lab.sh(&format!(
        "systemd-run --quiet --unit=far-libvirtd unshare --mount --uts sh /root/far.sh {path}"
    ))?;
    until("the other libvirtd answers", || {
        let answer = lab.run(&format!("virsh -q -c {FAR} list"))?;
        Ok(if answer.code == 0 {
            Seen::Yes(())
        } else {
            Seen::NotYet(answer.err)
        })
    })?;
    lab.sh(
        "systemd-run --quiet --unit=far-virtplug --service-type=notify \
            --setenv=VIRTPLUG_SOCKET=/run/far/virtplug.sock \
            nsenter --mount --uts --target \"$(systemctl show -P MainPID far-libvirtd)\" \
            virtplug daemon --config /root/far.toml",
    )
    .map(drop)
}

/// The other host's alpha, while it runs there.
fn far_alpha(lab: &Outer) -> Result<Domain> {
    let xml = lab.sh(&format!("virsh -q -c {FAR} dumpxml alpha"))?;
    Domain::parse("running", xml)
}

#[test]
fn a_machine_that_migrates_leaves_its_devices_and_gets_those_of_where_it_arrives() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let b1 = lab.plug(Stick::serial("B1").port("5"))?;
        start_far(lab, &b1)?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let entry = alpha.wait_attached(&a1)?;

        lab.sh(&format!(
            "virsh -q migrate --live --unsafe alpha {FAR} --migrateuri tcp://127.0.0.1:49200"
        ))?;
        alpha.check_state("shut off")?;
        lab.wait_on_host(&a1)?;
        until(
            "the other host's device is in alpha, and nothing else",
            || {
                let (world, domain) = (lab.world()?, far_alpha(lab)?);
                let own = attachment::list(&domain.own().cloned().collect::<Vec<_>>());
                Ok(match attachment::fits(&world, &domain, &b1.path) {
                    Ok(_) if domain.own().count() == 1 => Seen::Yes(()),
                    Ok(_) => Seen::NotYet(own),
                    Err(reason) => Seen::NotYet(format!("{reason}; {own}")),
                })
            },
        )?;

        // It comes back with an entry for a device that nobody has any more.
        lab.sh("systemctl stop far-virtplug")?;
        lab.unplug(&b1)?;
        ensure!(far_alpha(lab)?.own().count() == 1, "it has no entry");
        lab.sh(&format!(
            "virsh -q -c {FAR} migrate --live --unsafe alpha qemu:///system \
             --migrateuri tcp://127.0.0.1:49201"
        ))?;
        alpha.wait_exactly(&[&a1])?;
        ensure!(
            alpha.wait_attached(&a1)?.alias == entry.alias,
            "the device has not changed meanwhile"
        );
        Ok(())
    });
}
