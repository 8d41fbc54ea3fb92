//! A daemon that a user runs, for machines of their own.

use lab::wait::{Seen, until};
use lab::{Outer, Plugged, Result, Stick, ensure, scenario};

const UNIT: &str = include_str!("../../../dist/user/virtplug.service");

const RULE: &str = "[machines.own]\n[[machines.own.device]]\nserial = \"A1\"\n";

/// What the system's daemon has to do meanwhile.
const B1_TO_BETA: &str = "[machines.beta]\n[[machines.beta.device]]\nserial = \"B1\"\n";

/// Runs a command as the user.
fn as_user(lab: &Outer, command: &str) -> Result<lab::agent::Output> {
    lab.run(&format!(
        "cd /home/ann && setpriv --reuid=ann --regid=ann --init-groups \
            env HOME=/home/ann XDG_RUNTIME_DIR=/run/user/$(id -u ann) {command}"
    ))
}

fn checked(lab: &Outer, command: &str) -> Result<String> {
    let output = as_user(lab, command)?;
    ensure!(output.code == 0, "{command}: {output:?}");
    Ok(output.out)
}

/// A user with a running machine and with virtplug installed; the image has no login, which
/// would say where the runtime folder is.
fn install(lab: &Outer) -> Result<()> {
    lab.write("/usr/lib/systemd/user/virtplug.service", UNIT)?;
    lab.write(
        "/etc/systemd/system/user@.service.d/lab.conf",
        "[Service]\nEnvironment=XDG_RUNTIME_DIR=/run/user/%i\n",
    )?;
    lab.sh("useradd --create-home --shell /bin/sh ann
        systemctl daemon-reload
        systemctl start user@$(id -u ann).service
        sed 's/NAME/own/; s/alpha/own/' /root/small.xml > /home/ann/own.xml
        chown ann /home/ann/own.xml")?;
    checked(lab, "virsh -q -c qemu:///session define own.xml")?;
    checked(lab, "virsh -q -c qemu:///session start own")?;
    checked(lab, "mkdir -p .config/virtplug")?;
    lab.write("/home/ann/.config/virtplug/virtplug.toml", RULE)
}

/// The aliases of virtplug's entries in the user's machine.
fn entries(lab: &Outer) -> Result<Vec<String>> {
    let xml = checked(lab, "virsh -q -c qemu:///session dumpxml own")?;
    let aliases = xml.split("alias name='").skip(1);
    let aliases = aliases.filter_map(|rest| rest.split('\'').next());
    let own = aliases.filter(|alias| alias.starts_with("ua-virtplug-"));
    Ok(own.map(str::to_owned).collect())
}

/// Waits until the machine has just this one, by its XML and by what QEMU says.
fn wait_in_machine(lab: &Outer, stick: &Plugged) -> Result<String> {
    until("the stick is in the user's machine", || {
        let entries = entries(lab)?;
        let usb = checked(
            lab,
            "virsh -q -c qemu:///session qemu-monitor-command own --hmp 'info usb'",
        )?;
        let port = format!("ua-virtplug-{}-", stick.path.replace('.', "_"));
        Ok(match entries.as_slice() {
            [alias] if alias.starts_with(&port) && usb.contains("QEMU USB") => {
                Seen::Yes(alias.clone())
            }
            _ => Seen::NotYet(format!("{entries:?}, {usb}")),
        })
    })
}

fn wait_empty(lab: &Outer) -> Result<()> {
    until("the user's machine has no device", || {
        let entries = entries(lab)?;
        Ok(if entries.is_empty() {
            Seen::Yes(())
        } else {
            Seen::NotYet(format!("{entries:?}"))
        })
    })
}

/// A user's daemon beside the system's, from the missing permission to its end.
pub(crate) fn check_session(lab: &Outer) -> Result<()> {
    lab.install(B1_TO_BETA)?;
    let b1 = lab.plug(Stick::serial("B1").port("2"))?;
    let beta = lab.machine("beta");
    let before = beta.wait_attached(&b1)?;
    let system = lab.daemon().pid()?;

    install(lab)?;
    let stick = lab.plug(Stick::serial("A1").port("1"))?;
    checked(lab, "systemctl --user start virtplug")?;
    until("the missing permission is named", || {
        let told = checked(lab, &format!("virtplug explain {}", stick.path))?;
        let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = words.contains("this user may not open /dev/bus/usb/")
            && words.contains(&format!("virtplug snippet udev-rule {}", stick.path));
        Ok(if said {
            Seen::Yes(())
        } else {
            Seen::NotYet(told)
        })
    })?;
    let doctor = as_user(lab, "virtplug doctor --color never 2>&1")?;
    ensure!(
        doctor.code == 1 && doctor.out.contains("may not open"),
        "{doctor:?}"
    );
    // As both of them say.
    let rule = checked(
        lab,
        &format!("virtplug snippet udev-rule {} --group ann", stick.path),
    )?;
    lab.write("/etc/udev/rules.d/90-usb-qemu.rules", &rule)?;
    lab.sh("udevadm control --reload && udevadm trigger --settle --subsystem-match=usb")?;
    wait_in_machine(lab, &stick)?;

    lab.unplug(&stick)?;
    wait_empty(lab)?;
    let stick = lab.plug(Stick::serial("A1").port("3"))?;
    let attached = wait_in_machine(lab, &stick)?;
    checked(lab, "systemctl --user restart virtplug")?;
    checked(lab, "systemctl --user reload virtplug")?;
    let status = checked(lab, "virtplug status --color never")?;
    ensure!(status.contains("own"), "{status}");
    ensure!(
        wait_in_machine(lab, &stick)? == attached,
        "the restart touched the attachment"
    );
    checked(lab, "virtplug detach A1")?;
    wait_empty(lab)?;
    checked(lab, "virtplug release A1")?;
    wait_in_machine(lab, &stick)?;

    // Root may ask, others may not; the system's daemon went on.
    let uid = lab.sh("id -u ann")?;
    let socket = format!("/run/user/{}/virtplug/control.sock", uid.trim());
    lab.sh(&format!(
        "VIRTPLUG_SOCKET={socket} virtplug status > /dev/null"
    ))?;
    lab.sh(&format!("chmod 755 /run/user/{}", uid.trim()))?;
    let other = lab.run(&format!(
        "VIRTPLUG_SOCKET={socket} setpriv --reuid=virtplug --regid=virtplug --init-groups \
            virtplug status 2>&1"
    ))?;
    ensure!(other.code == 4, "{other:?}");
    ensure!(lab.daemon().pid()? == system, "the system's daemon changed");
    ensure!(beta.wait_attached(&b1)? == before, "{before:?}");
    let asked = lab.sh("virtplug status --json")?;
    ensure!(
        asked.contains("\"beta\"") && !asked.contains("\"machine\": \"own\""),
        "{asked}"
    );

    // The end of the daemon ends neither libvirtd nor the machine.
    checked(lab, "systemctl --user stop virtplug")?;
    let state = checked(lab, "virsh -q -c qemu:///session domstate own")?;
    ensure!(state.contains("running"), "{state}");
    Ok(())
}

#[test]
fn a_user_gives_devices_to_machines_of_the_session_and_needs_a_udev_rule() {
    scenario(check_session);
}
