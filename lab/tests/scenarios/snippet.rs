//! The static forms, each on the real thing.

use lab::gadget::Gadget;
use lab::wait::{Seen, until};
use lab::world::Device;
use lab::{Context, Outer, Result, Stick, ensure, scenario};

/// Prints a snippet; gives what came to standard output.
fn snippet(lab: &Outer, arguments: &str) -> Result<String> {
    let output = lab.run(&format!("virtplug snippet {arguments}"))?;
    ensure!(
        output.code == 0,
        "virtplug snippet {arguments} ended with {}: {}{}",
        output.code,
        output.out,
        output.err
    );
    Ok(output.out)
}

/// Defines alpha anew and starts it. `change` makes the definition from the one
/// that all small machines have.
fn start_alpha(lab: &Outer, change: impl FnOnce(String) -> Result<String>) -> Result<()> {
    let definition = change(lab.sh("cat /root/alpha.xml")?)?;
    lab.sh("virsh -q destroy alpha; virsh -q undefine alpha")?;
    lab.write("/root/changed.xml", &definition)?;
    lab.sh("virsh -q define /root/changed.xml && virsh -q start alpha")?;
    Ok(())
}

/// Waits until QEMU has opened a device of the host in alpha.
fn wait_opened(lab: &Outer) -> Result<()> {
    until("QEMU has opened the serial adapter", || {
        let shown = lab.machine("alpha").usb()?;
        let open = shown.iter().any(|device| device.product.contains("SERIAL"));
        Ok(if open {
            Seen::Yes(())
        } else {
            Seen::NotYet(format!("{shown:?}"))
        })
    })
}

/// Installs a rule file. udev must read it without a complaint.
fn install_rule(lab: &Outer, name: &str, rule: &str) -> Result<()> {
    let path = format!("/etc/udev/rules.d/{name}");
    lab.write(&path, rule)?;
    lab.sh("udevadm control --reload && udevadm trigger && udevadm settle")?;
    // There since systemd 254.
    if lab.run("udevadm verify --help")?.code == 0 {
        lab.sh(&format!("udevadm verify {path}"))?;
    }
    check_udev_is_content(lab, name)
}

fn check_udev_is_content(lab: &Outer, name: &str) -> Result<()> {
    lab.sh("journalctl --sync")?;
    let said = lab.run(&format!(
        "journalctl -b -o cat -u systemd-udevd | grep -F {name}"
    ))?;
    ensure!(
        said.out.is_empty(),
        "udev complains of {name}:\n{}",
        said.out
    );
    Ok(())
}

fn node(device: &Device) -> String {
    format!("/dev/bus/usb/{:03}/{:03}", device.bus, device.device)
}

/// Group and mode of a device's node.
fn permission(lab: &Outer, path: &str) -> Result<String> {
    let node = node(&lab.device(path)?);
    lab.sh(&format!("stat -c '%G %a' {node}"))
}

/// A property of a device in udev's database, empty if it has none.
fn property(lab: &Outer, syspath: &str, name: &str) -> Result<String> {
    let all = lab.sh(&format!("udevadm info -q property -p \"{syspath}\""))?;
    let start = format!("{name}=");
    let found = all.lines().find_map(|line| line.strip_prefix(&start));
    Ok(found.unwrap_or_default().to_owned())
}

#[test]
fn a_machine_starts_with_the_hostdev_and_the_controller() {
    scenario(|lab| {
        lab.install_stopped("")?;
        let first = lab.plug(Stick::serial("A1").port("1"))?;
        let controller = snippet(lab, "controller A1")?;
        let entry = snippet(lab, "hostdev A1 --guest-port 0:12")?;
        start_alpha(lab, |definition| {
            let old = "<controller type='usb' model='qemu-xhci' ports='15'/>";
            ensure!(definition.contains(old), "no controller in {definition}");
            Ok(definition
                .replace(old, &controller)
                .replace("</devices>", &format!("{entry}</devices>")))
        })?;
        wait_opened(lab)?;
        let domain = lab.machine("alpha").domain()?;
        let [hostdev] = domain.hostdevs.as_slice() else {
            lab::bail!("not one entry: {:?}", domain.hostdevs)
        };
        let address = (first.first.bus, first.first.device);
        ensure!(hostdev.address == Some(address), "{hostdev:?}");
        ensure!(hostdev.guest_port.as_deref() == Some("12"), "{hostdev:?}");
        ensure!(!hostdev.missing, "{hostdev:?}");

        // With a second one of its kind, only the address tells them apart.
        let second = lab.plug(Stick::serial("B1").port("2"))?;
        let by_product = lab.run("virtplug snippet hostdev B1")?;
        for said in [&by_product.out, &by_product.err] {
            ensure!(said.contains(&first.path), "no warning: {said}");
        }
        lab.write("/root/twin.xml", &snippet(lab, "hostdev B1 --by address")?)?;
        lab.sh("virsh -q attach-device beta /root/twin.xml --live")?;
        let there = lab.machine("beta").domain()?.hostdevs;
        let address = (second.first.bus, second.first.device);
        ensure!(
            there.len() == 1 && there.iter().all(|entry| entry.address == Some(address)),
            "{there:?}"
        );
        Ok(())
    });
}

#[test]
fn qemu_opens_the_port_with_the_rule_and_the_cgroup_setting() {
    scenario(|lab| {
        lab.install_stopped("")?;
        let stick = lab.plug(Stick::serial("A1").port("1"))?;
        let rule = snippet(lab, "udev-rule A1 --symlink lab/stick")?;
        install_rule(lab, "90-usb-qemu.rules", &rule)?;
        let check = |path: &str| {
            let found = permission(lab, path)?;
            ensure!(found == "libvirt-qemu 660", "{path} has {found}");
            let target = lab.sh("readlink -f /dev/lab/stick")?;
            ensure!(
                target == node(&lab.device(path)?),
                "the link leads to {target}"
            );
            Ok(())
        };
        check(&stick.path)?;
        // The kernel sends `add` and then `bind`: the link must outlive both.
        let stick = lab.replug(&stick, "1")?;
        check(&stick.path)?;

        let setting = snippet(lab, "cgroup-acl A1 --symlink lab/stick")?;
        ensure!(
            setting.contains("\"/dev/kvm\""),
            "not the whole list: {setting}"
        );
        lab.write("/root/setting", &setting)?;
        lab.sh("cat /root/setting >> /etc/libvirt/qemu.conf && systemctl restart libvirtd")?;
        lab.sh("virsh -q list > /dev/null")?;

        let arguments = snippet(lab, "qemu-args A1")?;
        let between = |start: &str, end: &str| {
            let from = arguments.find(start)?;
            let rest = arguments.get(from..)?;
            rest.get(..rest.find(end)?)
        };
        let namespace = between("xmlns:qemu", ">").context("no namespace")?;
        let end = "</qemu:commandline>";
        let section = between("<qemu:commandline>", end).context("no arguments")?;
        start_alpha(lab, |definition| {
            Ok(definition
                .replace("<domain ", &format!("<domain {namespace} "))
                .replace("</domain>", &format!("{section}{end}</domain>")))
        })?;
        wait_opened(lab)?;
        let driver = lab.device(&stick.path)?.driver;
        ensure!(driver.is_none(), "the host still drives it: {driver:?}");
        Ok(())
    });
}

#[test]
fn the_host_leaves_an_ignored_disk_alone() {
    scenario(|lab| {
        lab.install_stopped("")?;
        let stick = lab.plug(Stick::storage("S1").port("1"))?;
        let rule = snippet(lab, "host-ignore S1")?;
        install_rule(lab, "61-lab.rules", &rule)?;
        let ignored = lab.replug(&stick, "1")?;
        let other = lab.plug(Stick::storage("S2").port("2"))?;
        let disk = |path: &str| {
            until(&format!("the disk of {path}"), || {
                let found = lab.sh(&format!(
                    "udevadm settle; find /sys/bus/usb/devices/{path}/ -path '*/block/sd?' | head -n 1"
                ))?;
                Ok(if found.is_empty() {
                    Seen::NotYet("none".to_owned())
                } else {
                    Seen::Yes(found)
                })
            })
        };
        for (stick, is) in [(&ignored, true), (&other, false)] {
            let device = format!("/sys/bus/usb/devices/{}", stick.path);
            let disk = disk(&stick.path)?;
            for (syspath, name, value) in [
                (&device, "ID_MM_DEVICE_IGNORE", "1"),
                (&device, "MTP_NO_PROBE", "1"),
                (&device, "SYSTEMD_READY", "0"),
                (&disk, "UDISKS_IGNORE", "1"),
                (&disk, "UDISKS_AUTO", "0"),
                (&disk, "DM_UDEV_DISABLE_OTHER_RULES_FLAG", "1"),
                (&disk, ".VIRTPLUG_IGNORE", ""),
            ] {
                let wanted = if is { value } else { "" };
                let found = property(lab, syspath, name)?;
                ensure!(
                    found == wanted,
                    "{syspath}: {name} is {found:?}, not {wanted:?}"
                );
            }
            // What depends on the disk, such as a mount, starts with its unit.
            let name = disk.rsplit('/').next().unwrap_or_default().to_owned();
            let active = || lab.run(&format!("systemctl is-active dev-{name}.device"));
            until(&format!("systemd knows dev-{name}.device: {}", !is), || {
                let output = active()?;
                Ok(if (output.code == 0) == is {
                    Seen::NotYet(output.out)
                } else {
                    Seen::Yes(())
                })
            })?;
        }
        check_udev_is_content(lab, "61-lab.rules")
    });
}

#[test]
fn a_rule_finds_a_device_with_a_hostile_serial_and_no_other() {
    scenario(|lab| {
        lab.install_stopped("")?;
        let plug = |controller: u8, serial: &[u8]| {
            lab.plug_gadget(&Gadget {
                controller,
                vendor: 0x1209,
                product: 0x0042,
                serial: serial.to_vec(),
            })
        };
        let odd = plug(0, br#"|A", RUN+="x *?[1]\"#)?;
        let near = plug(1, br#"|A", RUN+="x -?[1]\"#)?;
        let unwritable = plug(2, "é\u{1b}[31m".as_bytes())?;
        for (number, path) in [&odd, &unwritable].into_iter().enumerate() {
            let rule = snippet(lab, &format!("udev-rule {path} --group kvm"))?;
            install_rule(lab, &format!("90-odd-{number}.rules"), &rule)?;
        }
        for (path, wanted) in [
            (&odd, "kvm 660"),
            (&unwritable, "kvm 660"),
            (&near, "root 664"),
        ] {
            let found = permission(lab, path)?;
            ensure!(found == wanted, "{path} has {found}, not {wanted}");
        }
        Ok(())
    });
}
