//! Two daemons on one host. Nobody should do that, and nobody is hurt by it.

use lab::wait::{Seen, until};
use lab::{Outer, Result, Stick, ensure, scenario};

use crate::A1_TO_ALPHA;

/// Starts the service, and a second daemon with rules of its own. That one speaks for
/// root, and has a socket of its own: with that of the first it would end. In the model
/// of the world there is one daemon, and entries of ours that it did not ask for are
/// wrong, so nothing is recorded.
fn start_both(lab: &Outer, first: &str, config: &str) -> Result<()> {
    lab.record_nothing()?;
    lab.install(first)?;
    lab.write("/root/second.toml", config)?;
    lab.sh("systemd-run --quiet --unit=second --service-type=notify \
            --property=RuntimeDirectory=second \
            --setenv=VIRTPLUG_SOCKET=/run/second/control.sock \
            virtplug daemon --config /root/second.toml")
        .map(drop)
}

/// How often the second one has attached or detached something.
fn deeds_of_second(lab: &Outer) -> Result<usize> {
    let count = lab.sh(
        "journalctl --sync; journalctl --quiet --unit=second --output=cat \
         VIRTPLUG_EVENT=attached VIRTPLUG_EVENT=detached | wc -l",
    )?;
    Ok(count.trim().parse()?)
}

fn deeds(lab: &Outer) -> Result<usize> {
    Ok(lab.count("attached")? + lab.count("detached")? + deeds_of_second(lab)?)
}

/// Waits until neither has done anything for a while.
fn wait_both_quiet(lab: &Outer) -> Result<usize> {
    let mut last = deeds(lab)?;
    until("both have nothing more to do", || {
        lab.daemon().wait_quiet()?;
        let now = deeds(lab)?;
        let same = now == last;
        last = now;
        Ok(if same {
            Seen::Yes(now)
        } else {
            Seen::NotYet(format!("{now} deeds"))
        })
    })
}

#[test]
fn two_daemons_with_the_same_rules_do_the_work_of_one() {
    scenario(|lab| {
        start_both(lab, A1_TO_ALPHA, A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_exactly(&[&stick])?;
        let stick = lab.replug(&stick, "2")?;
        alpha.wait_exactly(&[&stick])?;
        let done = wait_both_quiet(lab)?;
        alpha.check_exactly(&[&stick])?;
        ensure!(
            done <= 6,
            "{done} deeds for one device that was replugged once"
        );
        lab.unplug(&stick)?;
        alpha.wait_exactly(&[])
    });
}

#[test]
fn two_daemons_with_different_rules_do_not_fight() {
    scenario(|lab| {
        start_both(lab, A1_TO_ALPHA, &A1_TO_ALPHA.replace("alpha", "beta"))?;
        lab.plug(Stick::serial("A1"))?;
        let done = wait_both_quiet(lab)?;
        let world = lab.world()?;
        let own = |name| Ok::<_, lab::Error>(world.machine(name)?.own().count());
        let (alpha, beta) = (own("alpha")?, own("beta")?);
        ensure!(alpha + beta <= 1, "{alpha} in alpha, {beta} in beta");
        ensure!(done <= 6, "{done} deeds for one device");
        Ok(())
    });
}
