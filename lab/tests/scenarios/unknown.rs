//! What nobody can tell at the moment.

use lab::{Outer, Result, Stick, ensure, scenario};

const RULES: &str = "/etc/udev/rules.d/90-lab.rules";

/// What udev has set belongs to alpha, what it has not set to beta.
const BY_PROPERTY: &str = r#"
[[machines.alpha.device]]
env = { LAB_PLACE = "desk 1" }

[[machines.beta.device]]
serial = "U1"
not = { env = { LAB_PLACE = "desk 1" } }
"#;

/// udev sets a property of the device with serial `U1`.
fn mark(lab: &Outer) -> Result<()> {
    lab.write(
        RULES,
        "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{serial}==\"U1\", \
         ENV{LAB_PLACE}=\"desk 1\"",
    )?;
    lab.sh("udevadm control --reload").map(drop)
}

#[test]
fn a_property_that_is_not_known_yet_gives_a_device_to_nobody_until_it_is() {
    scenario(|lab| {
        mark(lab)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        lab.freeze_udev()?;
        let _unseen = lab.plug_blindly(&Stick::serial("U1").port("1"))?;
        lab.wait_in_sysfs("2-1")?;
        lab.install(BY_PROPERTY)?;
        lab.daemon().wait_quiet()?;
        alpha.check_exactly(&[])?;
        beta.check_exactly(&[])?;

        lab.thaw_udev()?;
        alpha.wait_attached_at("2-1")?;
        beta.check_exactly(&[])
    });
}

#[test]
fn an_attached_device_stays_while_its_property_is_unknown_and_goes_when_it_is_known_to_be_another()
{
    scenario(|lab| {
        mark(lab)?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        lab.install(BY_PROPERTY)?;
        let stick = lab.plug(Stick::serial("U1"))?;
        let before = alpha.wait_attached(&stick)?;

        lab.freeze_udev()?;
        lab.forget_in_udev(&stick.path)?;
        lab.daemon().restart()?;
        lab.daemon().wait_quiet()?;
        ensure!(
            alpha.wait_attached(&stick)? == before,
            "it was touched while nobody knew its property"
        );
        beta.check_exactly(&[])?;
        lab.thaw_udev()?;
        lab.look_again_in_udev(&stick.path)?;
        lab.daemon().wait_quiet()?;
        ensure!(
            alpha.wait_attached(&stick)? == before,
            "it was touched when its property was known again"
        );

        lab.sh(&format!("rm {RULES}"))?;
        lab.look_again_in_udev(&stick.path)?;
        beta.wait_exactly(&[&stick])?;
        alpha.wait_exactly(&[])
    });
}
