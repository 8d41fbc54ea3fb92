//! What the service may do, and giving back what a dead machine left.

use lab::{Outer, Result, Stick, ensure, scenario};

use crate::A1_TO_ALPHA;
use crate::commands::virtplug;

/// What the packages bring for libvirt's polkit driver, with machines to be named.
const POLKIT: &str = include_str!("../../../dist/polkit/60-virtplug.rules");

/// What came of virsh in the hands of virtplug's user.
fn as_virtplug(lab: &Outer, command: &str) -> Result<lab::agent::Output> {
    lab.run(&format!(
        "HOME=/tmp setpriv --reuid=virtplug --regid=virtplug --groups=libvirt \
             virsh -q -c qemu:///system {command}"
    ))
}

#[test]
fn with_polkit_it_does_its_job_and_nothing_else() {
    scenario(|lab| {
        let rule = POLKIT.replace("[\"alpha\", \"beta\"]", "[\"alpha\"]");
        ensure!(rule != POLKIT, "the rule names other machines");
        lab.sh(&format!(
            "mkdir -p /etc/polkit-1/rules.d
             cat > /etc/polkit-1/rules.d/60-virtplug.rules <<'END-OF-FILE'\n{rule}END-OF-FILE
             echo 'access_drivers = [ \"polkit\" ]' >> /etc/libvirt/libvirtd.conf
             systemctl restart polkit libvirtd
             virsh -q list > /dev/null"
        ))?;
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;
        lab.unplug(&stick)?;
        alpha.wait_exactly(&[])?;
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;
        virtplug(lab, "status", 0)?;

        let names = as_virtplug(lab, "list --all --name")?;
        ensure!(names.out.trim() == "alpha", "{names:?}");
        let xml = as_virtplug(lab, "dumpxml alpha")?;
        ensure!(xml.code == 0 && xml.out.contains("<name>alpha"), "{xml:?}");
        lab.sh(
            "echo '<domain type=\"qemu\"><name>new</name><memory>16384</memory><os>\
                <type>hvm</type></os></domain>' > /tmp/new.xml
            echo '<hostdev mode=\"subsystem\" type=\"usb\"><source startupPolicy=\"optional\">\
                <vendor id=\"0x1234\"/><product id=\"0x5678\"/></source></hostdev>' > /tmp/usb.xml",
        )?;
        for forbidden in [
            "destroy alpha",
            "shutdown alpha",
            "reset alpha",
            "suspend alpha",
            "managedsave alpha",
            "undefine alpha",
            "dumpxml --security-info alpha",
            "attach-device alpha /tmp/usb.xml --config",
            "send-key alpha KEY_A",
            "dumpxml beta",
            "start beta",
            "destroy beta",
            "define /tmp/new.xml",
            "create /tmp/new.xml",
            "pool-define-as pool dir --target /tmp",
            "net-list --all --name",
            "nodedev-list",
            "secret-list",
        ] {
            let tried = as_virtplug(lab, forbidden)?;
            // What the user may not even see is not found.
            let unseen = forbidden.ends_with(" beta") && tried.err.contains("failed to get domain");
            let denied = tried.code != 0 && (unseen || tried.err.contains("access denied"));
            let empty = forbidden.contains("-list") && tried.out.trim().is_empty();
            ensure!(denied || empty, "{forbidden}: {tried:?}");
        }
        alpha.check_exactly(&[&stick])
    });
}

#[test]
fn the_service_has_almost_no_rights_and_does_its_job() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let analysis = "systemd-analyze security --offline=true --threshold=15 --no-pager \
                        /usr/lib/systemd/system/virtplug.service";
        // Ends with an error where the exposure is above 1.5.
        lab.sh(&format!("{analysis} > /dev/null"))?;
        let pid = lab.daemon().pid()?;
        let status = lab.sh(&format!("cat /proc/{pid}/status"))?;
        for none in ["CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
            ensure!(status.contains(none), "{status}");
        }
        let uid = lab.sh(&format!("stat -c %U /proc/{pid}"))?;
        ensure!(uid.trim() == "virtplug", "it runs as {uid}");
        let children = lab.sh(&format!("cat /proc/{pid}/task/*/children"))?;
        ensure!(children.trim().is_empty(), "children: {children}");

        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;
        lab.daemon().reload(A1_TO_ALPHA)?;
        lab.sh("systemctl restart libvirtd")?;
        lab.daemon().wait_quiet()?;
        alpha.check_exactly(&[&stick])?;
        lab.unplug(&stick)?;
        alpha.wait_exactly(&[])?;
        let log = lab.sh("journalctl -u virtplug -o cat")?;
        let enforced = lab.sh("cat /sys/kernel/security/lsm 2> /dev/null || true")?;
        let there = enforced.contains("landlock");
        ensure!(
            log.contains("landlock is in force") == there,
            "lsm is {enforced}: {log}"
        );
        Ok(())
    });
}

#[test]
fn a_normal_end_gives_the_driver_back_and_rebind_does_after_a_kill() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;
        let refused = lab.sh(&format!(
            "virtplug rebind {} 2>&1; echo \"exit $?\"",
            stick.path
        ))?;
        ensure!(refused.contains("exit 1"), "{refused}");
        lab.sh(&format!("virtplug detach {}", stick.path))?;
        lab.wait_on_host(&stick)?;
        lab.sh(&format!("virtplug release {}", stick.path))?;
        alpha.wait_exactly(&[&stick])?;

        alpha.kill_qemu()?;
        lab.daemon().wait_quiet()?;
        let status = lab.sh("virtplug status 2>&1 || true")?;
        let advice = format!("virtplug rebind {}", stick.path);
        ensure!(status.contains(&advice), "{status}");
        let denied = lab.sh(&format!(
            "setpriv --reuid=virtplug --clear-groups {advice} 2>&1; echo \"exit $?\""
        ))?;
        ensure!(denied.contains("exit 4"), "{denied}");
        lab.sh(&advice)?;
        lab.wait_on_host(&stick)?;
        lab.daemon().wait_quiet()?;
        let status = lab.sh("virtplug status 2>&1 || true")?;
        ensure!(!status.contains(&advice), "{status}");
        Ok(())
    });
}
