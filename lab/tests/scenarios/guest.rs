//! The strongest proof: a kernel in the machine.

use lab::wait::{Seen, until};
use lab::{Outer, Result, Stick, scenario};

fn wait_line(lab: &Outer, wanted: &str) -> Result<()> {
    until(&format!("the guest's kernel says {wanted:?}"), || {
        let log = lab.sh("cat /var/log/guest.log")?;
        Ok(if log.lines().any(|line| line.contains(wanted)) {
            Seen::Yes(())
        } else {
            Seen::NotYet(log)
        })
    })
}

#[test]
fn the_innermost_guest_sees_the_device_arrive_and_leave() {
    scenario(|lab| {
        let guest = lab.machine("guest");
        guest.virsh("resume")?;
        lab.install("[[machines.guest.device]]\nserial = \"INNER1\"\n")?;
        let stick = lab.plug(Stick::serial("INNER1"))?;
        guest.wait_exactly(&[&stick])?;
        wait_line(lab, "usb add 1-1 403/6001/400 serial=INNER1")?;

        lab.unplug(&stick)?;
        guest.wait_exactly(&[])?;
        wait_line(lab, "usb remove 1-1")
    });
}
