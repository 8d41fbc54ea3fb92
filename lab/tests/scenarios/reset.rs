//! A reset of the whole bus.

use lab::{Stick, ensure, scenario};

use crate::A1_TO_ALPHA_B1_TO_BETA;

#[test]
fn bus_reset_with_the_same_bus_and_device_number() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1"))?;
        let before = alpha.wait_attached(&stick)?;

        lab.reset_bus(&[&stick])?;
        let now = lab.device(&stick.path)?;
        ensure!(
            (now.bus, now.device) == before.address,
            "the lab should bring the same address back: {now:?}"
        );
        // The old entry looks right in the XML: only a new alias shows the new instance.
        let after = lab::wait::until("a new attachment", || {
            let found = alpha.wait_attached(&stick)?;
            Ok(if found.alias == before.alias {
                lab::wait::Seen::NotYet(format!("{found:?}"))
            } else {
                lab::wait::Seen::Yes(found)
            })
        })?;
        ensure!(after.inode != before.inode, "not a new instance: {after:?}");
        alpha.wait_exactly(&[&stick])
    });
}

#[test]
fn bus_reset_with_devices_of_two_machines() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let a1 = lab.plug(Stick::serial("A1").port("1"))?;
        let b1 = lab.plug(Stick::serial("B1").port("2"))?;
        let c1 = lab.plug(Stick::serial("C1").port("3"))?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let of_alpha = alpha.wait_attached(&a1)?;
        let of_beta = beta.wait_attached(&b1)?;

        lab.reset_bus(&[&a1, &b1, &c1])?;
        lab.daemon().wait_quiet()?;
        alpha.wait_exactly(&[&a1])?;
        beta.wait_exactly(&[&b1])?;
        ensure!(
            alpha.wait_attached(&a1)?.alias != of_alpha.alias,
            "alpha kept the stale entry"
        );
        ensure!(
            beta.wait_attached(&b1)?.alias != of_beta.alias,
            "beta kept the stale entry"
        );
        lab.check_on_host(&c1)
    });
}
