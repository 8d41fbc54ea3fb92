//! Hubs between the device and the host.

use lab::{Stick, scenario};

use crate::{A1_TO_ALPHA, A1_TO_ALPHA_B1_TO_BETA};

#[test]
fn device_behind_a_hub() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let _hub = lab.plug(Stick::hub().port("3"))?;
        let stick = lab.plug(Stick::serial("A1").port("3.2"))?;
        lab::ensure!(stick.path.ends_with("-3.2"), "{stick:?}");
        lab.machine("alpha").wait_exactly(&[&stick])
    });
}

#[test]
fn hub_pulled_with_two_devices_on_it() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA_B1_TO_BETA)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let hub = lab.plug(Stick::hub().port("3"))?;
        let a1 = lab.plug(Stick::serial("A1").port("3.1"))?;
        let b1 = lab.plug(Stick::serial("B1").port("3.2"))?;
        alpha.wait_exactly(&[&a1])?;
        beta.wait_exactly(&[&b1])?;

        lab.unplug(&hub)?;
        lab.wait_gone(&a1)?;
        lab.wait_gone(&b1)?;
        alpha.wait_exactly(&[])?;
        beta.wait_exactly(&[])?;

        let _hub = lab.plug(Stick::hub().port("3"))?;
        let a1 = lab.plug(Stick::serial("A1").port("3.1"))?;
        alpha.wait_exactly(&[&a1])
    });
}

#[test]
fn a_hub_is_never_attached() {
    scenario(|lab| {
        let hub = lab.plug(Stick::hub().port("3"))?;
        let (vendor, product) = (&hub.first.vendor, &hub.first.product);
        lab.install(&format!(
            "[[machines.alpha.device]]\nvendor = \"{vendor}\"\nproduct = \"{product}\"\n"
        ))?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&hub)
    });
}
