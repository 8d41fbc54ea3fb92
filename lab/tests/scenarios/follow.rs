//! Devices that leave their port and are back as others.

use std::thread::sleep;
use std::time::Duration;

use lab::gadget::Gadget;
use lab::{Stick, ensure, scenario};

const NORMAL: u16 = 0x0001;
const BOOT_LOADER: u16 = 0x0002;

fn gadget() -> Gadget {
    Gadget {
        controller: 0,
        vendor: 0x1209,
        product: NORMAL,
        serial: b"G1".to_vec(),
    }
}

/// A rule of alpha for the gadget as it normally is.
fn rule(follow: &str) -> String {
    format!(
        "[[machines.alpha.device]]\nvendor = \"1209\"\nproduct = \"0001\"\nfollow = \"{follow}\"\n"
    )
}

#[test]
fn a_device_that_comes_back_with_another_product_id_follows_into_its_machine() {
    scenario(|lab| {
        lab.install(&rule("60s"))?;
        let alpha = lab.machine("alpha");
        let gadget = gadget();
        let path = lab.plug_gadget(&gadget)?;
        let normal = alpha.wait_attached_at(&path)?;
        ensure!(!normal.followed, "{normal:?}");

        lab.turn_gadget_into(&gadget, BOOT_LOADER)?;
        let loader = alpha.wait_attached_anew(&path, &normal)?;
        ensure!(loader.followed, "{loader:?}");
        ensure!(
            lab.device(&path)?.product == "0002",
            "it did not become a boot loader"
        );
        let shown = lab.sh("virtplug devices")?;
        ensure!(
            shown.contains("follow"),
            "the table does not tell that it followed:\n{shown}"
        );

        // No rule names it: a new daemon knows it by its entry alone.
        lab.daemon().restart()?;
        lab.daemon().wait_quiet()?;
        ensure!(
            alpha.wait_attached_at(&path)? == loader,
            "the restart touched the attachment"
        );

        lab.turn_gadget_into(&gadget, NORMAL)?;
        let normal = alpha.wait_attached_anew(&path, &loader)?;
        ensure!(!normal.followed, "{normal:?}");
        Ok(())
    });
}

#[test]
fn nothing_follows_too_late_or_against_a_rule_of_the_host() {
    scenario(|lab| {
        lab.install(&rule("2s"))?;
        let alpha = lab.machine("alpha");
        let mut gadget = gadget();
        let path = lab.plug_gadget(&gadget)?;
        alpha.wait_attached_at(&path)?;

        lab.unplug_gadget(&gadget)?;
        alpha.wait_exactly(&[])?;
        // That the time is over can only be had by letting it pass.
        sleep(Duration::from_secs(3));
        gadget.product = BOOT_LOADER;
        lab.plug_gadget(&gadget)?;
        lab.wait_on_host_at(&path)?;
        lab.daemon().wait_quiet()?;
        lab.wait_on_host_at(&path)?;
        alpha.check_exactly(&[])?;

        let kept = "[[host.device]]\nvendor = \"1209\"\nproduct = \"0002\"\n";
        lab.daemon().reload(&format!("{}{kept}", rule("60s")))?;
        lab.turn_gadget_into(&gadget, NORMAL)?;
        alpha.wait_attached_at(&path)?;
        lab.turn_gadget_into(&gadget, BOOT_LOADER)?;
        alpha.wait_exactly(&[])?;
        lab.daemon().wait_quiet()?;
        lab.wait_on_host_at(&path)
    });
}

#[test]
fn another_device_at_the_port_follows_and_a_hub_never_does() {
    scenario(|lab| {
        lab.install("[[machines.alpha.device]]\nserial = \"A1\"\nfollow = \"60s\"\n")?;
        let alpha = lab.machine("alpha");
        let stick = lab.plug(Stick::serial("A1").port("4"))?;
        alpha.wait_exactly(&[&stick])?;

        lab.unplug(&stick)?;
        let elsewhere = lab.plug(Stick::keyboard("K1").port("5"))?;
        let successor = lab.plug(Stick::mouse("M1").port("4"))?;
        alpha.wait_exactly(&[&successor])?;
        lab.check_on_host(&elsewhere)?;

        lab.unplug(&successor)?;
        let hub = lab.plug(Stick::hub().port("4"))?;
        alpha.wait_exactly(&[])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&hub)
    });
}
