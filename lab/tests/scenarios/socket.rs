//! The control socket under clients that do not behave.

use std::time::Duration;

use lab::wait::{Seen, until_within};
use lab::{Outer, Result, Stick, ensure, scenario};

use crate::A1_TO_ALPHA;
use crate::commands::virtplug;

/// Clients in Perl, which every Debian has.
const CLIENTS: &str = include_str!("socket/clients.pl");

/// Starts clients in the background; they say on a file that they are at work.
fn start_clients(lab: &Outer, kind: &str, number: u32) -> Result<()> {
    lab.sh(&format!(
        "rm -f /root/{kind}.ready; perl /root/clients.pl {kind} {number} > /root/{kind}.log 2>&1 & \
         for i in $(seq 600); do test -e /root/{kind}.ready && exit 0; sleep 0.1; done; \
         cat /root/{kind}.log; exit 1"
    ))
    .map(drop)
}

#[test]
fn bad_clients_cost_the_daemon_nothing() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        lab.write("/root/clients.pl", CLIENTS)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_exactly(&[&stick])?;
        virtplug(lab, "status", 0)?;
        lab.daemon().wait_quiet()?;
        let pid = lab.daemon().pid()?;
        let before = lab.daemon().memory()?;

        // One that asks for the stream and never reads, 500 that are just there and
        // ask, and one that sends rubbish; the daemon attaches meanwhile.
        start_clients(lab, "silent", 1)?;
        start_clients(lab, "many", 500)?;
        start_clients(lab, "rubbish", 10_000)?;
        let stick = lab.replug(&stick, "2")?;
        alpha.wait_exactly(&[&stick])?;
        until_within(Duration::from_secs(600), "the rubbish is sent", || {
            let done = lab.run("test -e /root/rubbish.done")?.code == 0;
            Ok(if done {
                Seen::Yes(())
            } else {
                Seen::NotYet(lab.sh("cat /root/rubbish.log")?)
            })
        })?;
        virtplug(lab, "status", 0)?;

        lab.sh("pkill perl; sleep 2")?;
        let stick = lab.replug(&stick, "1")?;
        alpha.wait_exactly(&[&stick])?;
        ensure!(lab.daemon().pid()? == pid, "the daemon ended");
        let after = lab.daemon().memory()?;
        ensure!(
            after <= before + 4096,
            "{before} KiB before, {after} KiB after the clients"
        );
        Ok(())
    });
}

#[test]
fn a_socket_that_was_left_is_replaced_and_one_in_use_is_not() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        virtplug(lab, "status", 0)?;
        // A second daemon names the first, and ends.
        let pid = lab.sh("systemctl show -P MainPID virtplug")?;
        let said = lab.run("virtplug daemon")?;
        ensure!(said.code == 8, "{said:?}");
        let named = format!("process {} of user virtplug", pid.trim());
        ensure!(said.err.contains(&named), "{said:?}");
        // A unit that does so is not started again and again.
        lab.sh(
            "cp /usr/lib/systemd/system/virtplug.service /run/systemd/system/second.service; \
             systemctl daemon-reload; systemctl start second; sleep 5",
        )?;
        let second = lab.sh("systemctl show -p NRestarts,ActiveState,ExecMainStatus second")?;
        for expected in ["NRestarts=0", "ActiveState=failed", "ExecMainStatus=8"] {
            ensure!(second.contains(expected), "{second}");
        }
        virtplug(lab, "status", 0)?;
        // Killed, it leaves its socket; the next one takes its place.
        lab.daemon().kill()?;
        lab.sh("sleep 1; systemctl start virtplug")?;
        virtplug(lab, "status", 0)?;
        lab.daemon().stop()?;
        let left = lab.run("test -e /run/virtplug/control.sock")?;
        ensure!(left.code != 0, "the socket is still there");
        Ok(())
    });
}
