//! The host boots.

use lab::{Stick, ensure, scenario};

use crate::A1_TO_ALPHA;

#[test]
fn outer_machine_booted_with_everything_present_from_power_on() {
    scenario(|lab| {
        lab.install_stopped(A1_TO_ALPHA)?;
        let stick = lab.plug(Stick::serial("A1"))?;
        lab.sh("systemctl enable virtplug && virsh -q autostart alpha")?;
        let before = lab.sh("cat /proc/sys/kernel/random/boot_id")?;

        lab.boot_again()?;
        ensure!(
            lab.sh("cat /proc/sys/kernel/random/boot_id")? != before,
            "it did not boot"
        );
        let active = lab.sh("systemctl is-active virtplug")?;
        ensure!(active == "active", "the service is {active}");
        let stick = lab.find_again(&stick)?;
        lab.machine("alpha").wait_exactly(&[&stick])
    });
}
