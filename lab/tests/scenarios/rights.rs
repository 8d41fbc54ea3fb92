//! What the service may do, and giving back what a dead machine left.

use lab::{Stick, ensure, scenario};

use crate::A1_TO_ALPHA;

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
