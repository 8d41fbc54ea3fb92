//! libvirt does not answer.

use lab::wait::{Seen, until};
use lab::{Stick, ensure, scenario};

use crate::A1_TO_ALPHA_B1_TO_BETA;

#[test]
fn a_call_that_hangs_delays_no_other_machine_and_shows_in_the_status() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        // libvirt waits for QEMU as long as it takes.
        lab.sh("kill -STOP \"$(cat /run/libvirt/qemu/alpha.pid)\"")?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        beta.wait_exactly(&[&b1])?;

        let status = || lab.sh("systemctl show -P StatusText virtplug");
        until(
            "the status line names the machine that does not answer",
            || {
                let line = status()?;
                Ok(if line.contains("alpha") && line.contains("answer") {
                    Seen::Yes(())
                } else {
                    Seen::NotYet(line)
                })
            },
        )?;
        ensure!(lab.count("call-overdue")? == 1, "it should be told once");
        lab.unplug(&b1)?;
        beta.wait_exactly(&[])?;

        lab.sh("kill -CONT \"$(cat /run/libvirt/qemu/alpha.pid)\"")?;
        alpha.wait_exactly(&[&a1])
    });
}

#[test]
fn sigterm_ends_with_0_and_leaves_the_devices_where_they_are() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let alpha = lab.machine("alpha");
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_exactly(&[&a1])?;
        lab.sh("kill -STOP \"$(cat /run/libvirt/qemu/beta.pid)\"")?;
        lab.plug(Stick::serial("B1").port("2"))?;

        // A call that does not end must not keep the daemon.
        lab.daemon().stop()?;
        let ended = lab.sh("systemctl show -P Result -P ExecMainStatus virtplug")?;
        ensure!(ended.trim() == "success\n0", "it ended with {ended:?}");
        lab.sh("kill -CONT \"$(cat /run/libvirt/qemu/beta.pid)\"")?;
        alpha.check_exactly(&[&a1])
    });
}
