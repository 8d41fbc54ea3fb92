//! Other ways to name a device than its serial.

use lab::{Outer, Result, Stick, scenario};

/// A udev rule that marks the device with serial `T1`.
fn mark(lab: &Outer) -> Result<()> {
    lab.write(
        "/etc/udev/rules.d/90-lab.rules",
        "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{serial}==\"T1\", \
         ENV{LAB_PLACE}=\"desk 1\", TAG+=\"lab\"",
    )?;
    lab.sh("udevadm control --reload").map(drop)
}

#[test]
fn match_by_port() {
    scenario(|lab| {
        // The bus number of the controller is what the kernel gave it.
        let probe = lab.plug(Stick::serial("P0").port("5"))?;
        let port = probe.path.clone();
        lab.unplug(&probe)?;
        lab.install(&format!("[[machines.alpha.device]]\nport = \"{port}\"\n"))?;

        let there = lab.plug(Stick::serial("P1").port("5"))?;
        let elsewhere = lab.plug(Stick::serial("P2").port("6"))?;
        lab.machine("alpha").wait_exactly(&[&there])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&elsewhere)
    });
}

#[test]
fn match_by_udev_property() {
    scenario(|lab| {
        mark(lab)?;
        lab.install("[[machines.alpha.device]]\nenv = { LAB_PLACE = \"desk 1\" }\n")?;
        let marked = lab.plug(Stick::serial("T1").port("1"))?;
        let other = lab.plug(Stick::serial("T2").port("2"))?;
        lab.machine("alpha").wait_exactly(&[&marked])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&other)
    });
}

#[test]
fn match_by_tag() {
    scenario(|lab| {
        mark(lab)?;
        lab.install("[[machines.alpha.device]]\ntags = [\"lab\"]\n")?;
        let marked = lab.plug(Stick::serial("T1").port("1"))?;
        let other = lab.plug(Stick::serial("T2").port("2"))?;
        lab.machine("alpha").wait_exactly(&[&marked])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&other)
    });
}

#[test]
fn match_by_current_tag() {
    scenario(|lab| {
        mark(lab)?;
        lab.install("[[machines.alpha.device]]\ncurrent-tags = [\"lab\"]\n")?;
        let marked = lab.plug(Stick::serial("T1").port("1"))?;
        lab.machine("alpha").wait_exactly(&[&marked])
    });
}

#[test]
fn all_given_fields_must_match() {
    scenario(|lab| {
        lab.install("[[machines.alpha.device]]\nserial = \"A1\"\nvendor = \"0x46f4\"\n")?;
        let adapter = lab.plug(Stick::serial("A1").port("1"))?;
        let memory = lab.plug(Stick::storage("A1").port("2"))?;
        lab.machine("alpha").wait_exactly(&[&memory])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&adapter)
    });
}
