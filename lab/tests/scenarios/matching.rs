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

#[test]
fn match_by_pattern_with_an_exception() {
    scenario(|lab| {
        lab.install(
            "[[machines.alpha.device]]\nserial = { glob = \"desk-?\" }\nnot = { serial = \"desk-3\" }\n\
             [[machines.beta.device]]\nserial = [\"B1\", { regex = '^room-[0-9]{2}$' }]\n",
        )?;
        let (alpha, beta) = (lab.machine("alpha"), lab.machine("beta"));
        let globbed = lab.plug(Stick::serial("desk-1").port("1"))?;
        let longer = lab.plug(Stick::serial("desk-12").port("2"))?;
        let except = lab.plug(Stick::serial("desk-3").port("3"))?;
        let exact = lab.plug(Stick::serial("B1").port("4"))?;
        let matched = lab.plug(Stick::serial("room-42").port("5"))?;
        alpha.wait_exactly(&[&globbed])?;
        beta.wait_exactly(&[&exact, &matched])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&longer)?;
        lab.check_on_host(&except)
    });
}

#[test]
fn match_by_interface_speed_and_text_of_the_device() {
    scenario(|lab| {
        lab.install(
            "[[machines.alpha.device]]\ninterfaces = \"08:06:50\"\nspeed = \"super\"\n\
             [[machines.beta.device]]\nmanufacturer = \"QEMU\"\nproduct-name = { glob = \"*Keyboard\" }\n\
             interfaces = { any = [\"03\"] }\n",
        )?;
        let memory = lab.plug(Stick::storage("S1").port("1"))?;
        let keyboard = lab.plug(Stick::keyboard("K1").port("2"))?;
        let mouse = lab.plug(Stick::mouse("M1").port("3"))?;
        lab.machine("alpha").wait_exactly(&[&memory])?;
        lab.machine("beta").wait_exactly(&[&keyboard])?;
        lab.daemon().wait_quiet()?;
        lab.check_on_host(&mouse)
    });
}
