//! The strongest proof: a kernel in the machine.

use std::time::Duration;

use lab::wait::{Seen, until_within};
use lab::{Outer, Result, Stick, scenario};

/// A kernel that is emulated twice takes its time.
const SLOW: Duration = Duration::from_secs(240);

fn wait_line(lab: &Outer, wanted: &str) -> Result<()> {
    until_within(SLOW, &format!("the guest's kernel says {wanted:?}"), || {
        // The guest shall have the processor, not our looks at it.
        let log = lab.sh("sleep 3; cat /var/log/guest.log")?;
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
