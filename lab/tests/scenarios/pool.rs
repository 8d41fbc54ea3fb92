//! Devices that are all the same.

use lab::{Plugged, Stick, ensure, scenario};

/// One stick for each machine.
const ONE_EACH: &str = r#"
[[machines.alpha.device]]
vendor = "0403"
product = "6001"
count = 1

[[machines.beta.device]]
vendor = "0403"
product = "6001"
count = 1
"#;

#[test]
fn three_identical_sticks_are_shared_by_two_machines_and_nobody_moves() {
    scenario(|lab| {
        lab.install(ONE_EACH)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let plug = |port: &str| lab.plug(Stick::serial("SAME").port(port));
        // The last port first: the order of plugging counts, not that of the ports.
        let first = plug("3")?;
        alpha.wait_exactly(&[&first])?;
        let second = plug("2")?;
        beta.wait_exactly(&[&second])?;
        let third = plug("1")?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&third)?;
        let of_alpha = alpha.wait_attached(&first)?;
        let of_beta = beta.wait_attached(&second)?;

        // A new daemon knows from the live XML who has what.
        lab.daemon().restart()?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&third)?;
        ensure!(
            alpha.wait_attached(&first)? == of_alpha && beta.wait_attached(&second)? == of_beta,
            "the restart moved a device"
        );

        // The spare takes the place of one that left; the other one does not move.
        lab.unplug(&first)?;
        alpha.wait_exactly(&[&third])?;
        let back = plug("3")?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&back)?;
        let of_alpha = alpha.wait_attached(&third)?;
        ensure!(
            beta.wait_attached(&second)? == of_beta,
            "beta's device moved"
        );

        // More room moves nobody either.
        lab.daemon()
            .reload(&ONE_EACH.replacen("count = 1", "count = 2", 1))?;
        let both: [&Plugged; 2] = [&third, &back];
        alpha.wait_exactly(&both)?;
        beta.check_exactly(&[&second])?;
        ensure!(
            alpha.wait_attached(&third)? == of_alpha && beta.wait_attached(&second)? == of_beta,
            "the reload moved a device"
        );
        Ok(())
    });
}
