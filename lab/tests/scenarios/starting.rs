//! Devices that start their machine, and other names of a machine.

use std::thread::sleep;
use std::time::Duration;

use lab::{Stick, scenario};

const STARTS_ALPHA: &str = r#"
[[machines.alpha.device]]
serial = "A1"
start-machine = true
"#;

#[test]
fn plugging_a_device_in_starts_its_machine_and_nothing_else_does() {
    scenario(|lab| {
        let alpha = lab.machine("alpha");
        alpha.stop()?;
        // What was there before the daemon is not plugged in now.
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.install(STARTS_ALPHA)?;
        lab.daemon().wait_quiet()?;
        alpha.check_state("shut off")?;

        lab.unplug(&stick)?;
        // A device that is back at once was reset, not plugged in.
        sleep(Duration::from_secs(7));
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_state("running")?;
        alpha.wait_exactly(&[&stick])?;

        // Who shuts the machine down means it.
        alpha.stop()?;
        lab.daemon().wait_quiet()?;
        alpha.check_state("shut off")?;
        lab.reset_bus(&[&stick])?;
        lab.daemon().wait_quiet()?;
        alpha.check_state("shut off")?;

        lab.unplug(&stick)?;
        lab.daemon().wait_quiet()?;
        alpha.check_state("shut off")
    });
}

#[test]
fn plugging_a_device_in_resumes_its_machine_and_unplugging_leaves_it_alone() {
    scenario(|lab| {
        let alpha = lab.machine("alpha");
        lab.install(STARTS_ALPHA)?;
        alpha.virsh("suspend")?;
        let stick = lab.plug(Stick::serial("A1"))?;
        alpha.wait_state("running")?;
        alpha.wait_exactly(&[&stick])?;

        lab.unplug(&stick)?;
        alpha.wait_exactly(&[])?;
        alpha.check_state("running")
    });
}

#[test]
fn a_machine_by_its_uuid_is_found_under_a_new_name() {
    scenario(|lab| {
        let uuid = lab.machine("alpha").virsh("domuuid")?;
        lab.install(&format!(
            "[machines.desk]\nuuid = \"{}\"\n[[machines.desk.device]]\nserial = \"A1\"\n",
            uuid.trim()
        ))?;
        let stick = lab.plug(Stick::serial("A1"))?;
        let alpha = lab.machine("alpha");
        alpha.wait_exactly(&[&stick])?;

        alpha.stop()?;
        lab.sh("virsh -q domrename alpha workplace")?;
        let workplace = lab.machine("workplace");
        workplace.start()?;
        workplace.wait_exactly(&[&stick])
    });
}
