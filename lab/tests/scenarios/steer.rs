//! What is decided by hand.

use lab::{Stick, ensure, scenario};

use crate::commands::virtplug;
use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA};

#[test]
fn what_is_detached_by_hand_stays_out_until_it_is_released() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;

        let said = virtplug(lab, "detach A1", 0)?;
        ensure!(said.contains("on the host"), "{said}");
        lab.check_on_host(&stick)?;
        alpha.check_exactly(&[])?;
        // Also over a restart, and over the end of a daemon that had no time.
        for end in ["restart", "kill"] {
            if end == "restart" {
                lab.daemon().restart()?;
            } else {
                lab.daemon().kill()?;
                lab.sh("sleep 1; systemctl start virtplug")?;
            }
            lab.daemon().wait_quiet()?;
            alpha.check_exactly(&[])?;
        }
        let said = virtplug(lab, "explain A1", 0)?;
        ensure!(said.contains("by hand"), "{said}");
        let said = virtplug(lab, "release A1", 0)?;
        ensure!(said.contains("alpha"), "{said}");
        alpha.wait_exactly(&[&stick])?;

        // Plugging it in again ends it, too.
        virtplug(lab, "detach A1", 0)?;
        lab.unplug(&stick)?;
        lab.sh("sleep 11")?;
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;

        // And so does the end of its machine.
        virtplug(lab, "detach A1", 0)?;
        alpha.stop()?;
        alpha.start()?;
        alpha.wait_exactly(&[&stick])
    });
}

#[test]
fn what_is_attached_by_hand_stays_through_a_reset_until_unplug_or_the_end_of_the_machine() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let c1 = lab.plug(Stick::serial("C1").port("2"))?;
        alpha.wait_exactly(&[&a1])?;

        // No rule names it, so a machine has to be named.
        let said = virtplug(lab, "attach C1", 1)?;
        ensure!(said.contains("-D"), "{said}");
        let said = virtplug(lab, "attach C1 -D beta", 0)?;
        ensure!(said.contains("beta"), "{said}");
        beta.wait_exactly(&[&c1])?;
        // And what a rule gives to one machine goes to another.
        virtplug(lab, "attach 2-1 --domain beta", 0)?;
        beta.wait_exactly(&[&a1, &c1])?;
        alpha.check_exactly(&[])?;

        lab.reset_bus(&[&a1, &c1])?;
        let (a1, c1) = (lab.find_again(&a1)?, lab.find_again(&c1)?);
        beta.wait_exactly(&[&a1, &c1])?;
        lab.daemon().restart()?;
        lab.daemon().wait_quiet()?;
        beta.check_exactly(&[&a1, &c1])?;

        let c1 = {
            lab.unplug(&c1)?;
            lab.sh("sleep 11")?;
            lab.plug(Stick::serial("C1").port("2"))?
        };
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&c1)?;
        beta.stop()?;
        alpha.wait_exactly(&[&a1])?;
        let said = virtplug(lab, "attach C1 -D beta", 1)?;
        ensure!(said.contains("beta is off"), "{said}");
        let said = virtplug(lab, "attach C1 -D gamma", 1)?;
        ensure!(said.contains("gamma"), "{said}");
        let said = virtplug(lab, "attach Z9", 1)?;
        ensure!(said.contains("Z9"), "{said}");
        // It waits for what comes.
        lab.sh("(virtplug attach C1 -D beta --wait 60s > /root/waited 2>&1; echo $? >> /root/waited) > /dev/null 2>&1 & sleep 1")?;
        beta.start()?;
        beta.wait_exactly(&[&c1])?;
        let waited = lab.sh("sleep 2; cat /root/waited")?;
        ensure!(waited.trim_end().ends_with('0'), "{waited}");
        virtplug(lab, "release --all", 0)?;
        beta.wait_exactly(&[])
    });
}

#[test]
fn without_the_daemon_only_what_was_asked_for_is_done() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        let c1 = lab.plug(Stick::serial("C1").port("3"))?;

        let said = virtplug(lab, "attach C1 -D alpha --dry-run -v", 0)?;
        ensure!(said.contains("would attach 2-3"), "{said}");
        alpha.check_exactly(&[])?;
        virtplug(lab, "attach C1 -D alpha", 0)?;
        alpha.check_exactly(&[&c1])?;
        beta.check_exactly(&[])?;
        let address = format!("-b {} -d {}", b1.first.bus, b1.first.device);
        virtplug(lab, &format!("attach {address}"), 0)?;
        beta.check_exactly(&[&b1])?;
        let said = virtplug(lab, "detach C1 -d 127", 1)?;
        ensure!(said.contains("--devnum"), "{said}");
        virtplug(lab, "detach C1", 0)?;
        alpha.check_exactly(&[])?;
        virtplug(lab, "attach-all", 0)?;
        alpha.check_exactly(&[&a1])?;
        beta.check_exactly(&[&b1])?;
        virtplug(lab, "detach-all alpha", 0)?;
        alpha.check_exactly(&[])?;
        beta.check_exactly(&[&b1])?;
        // A configuration of its own, by its bare name in the usual folder.
        lab.write(
            "/etc/virtplug/other.toml",
            "[[machines.beta.device]]\nserial = \"C1\"\n",
        )?;
        virtplug(lab, "attach-all -C other -c qemu:///system", 0)?;
        beta.check_exactly(&[&b1, &c1])?;
        virtplug(lab, "detach-all", 0)?;
        for stick in [&a1, &b1, &c1] {
            lab.check_on_host(stick)?;
        }
        Ok(())
    });
}

#[test]
fn a_group_is_switched_to_a_machine_to_the_host_and_back() {
    scenario(|lab| {
        lab.install(
            "[[machines.alpha.device]]\nserial = \"A1\"\ngroup = \"desk\"\n\
             [[machines.alpha.device]]\nserial = \"B1\"\ngroup = \"desk\"\n\
             [[machines.alpha.device]]\nserial = \"C1\"\n",
        )?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let c1 = lab.plug(Stick::serial("C1").port("3"))?;
        alpha.wait_exactly(&[&a1, &c1])?;

        let said = virtplug(lab, "switch desk beta", 0)?;
        ensure!(said.contains("2-1") && !said.contains("2-3"), "{said}");
        beta.check_exactly(&[&a1])?;
        alpha.check_exactly(&[&c1])?;
        // One that comes later goes there, too; also after a restart.
        lab.daemon().restart()?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        beta.wait_exactly(&[&a1, &b1])?;
        virtplug(lab, "switch desk host", 0)?;
        beta.check_exactly(&[])?;
        lab.check_on_host(&a1)?;
        virtplug(lab, "switch desk --back", 0)?;
        alpha.check_exactly(&[&a1, &b1, &c1])?;
        let said = virtplug(lab, "switch table beta", 1)?;
        ensure!(said.contains("desk"), "{said}");
        Ok(())
    });
}

#[test]
fn a_pause_stops_what_is_done_on_our_own_until_it_ends() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_exactly(&[&a1])?;

        virtplug(lab, "pause beta", 0)?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&b1)?;
        alpha.check_exactly(&[&a1])?;
        let said = virtplug(lab, "status", 0)?;
        ensure!(said.contains("paused"), "{said}");
        // What is ordered meanwhile is done.
        virtplug(lab, "attach B1", 0)?;
        beta.check_exactly(&[&b1])?;
        virtplug(lab, "resume beta", 0)?;
        beta.check_exactly(&[&b1])?;

        virtplug(lab, "pause --detach", 0)?;
        alpha.check_exactly(&[])?;
        beta.check_exactly(&[])?;
        lab.daemon().restart()?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&a1)?;
        lab.check_on_host(&b1)?;
        virtplug(lab, "resume", 0)?;
        alpha.check_exactly(&[&a1])?;
        beta.check_exactly(&[&b1])
    });
}
