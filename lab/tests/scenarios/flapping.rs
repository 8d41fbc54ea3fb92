//! A loose cable, and devices that claim to be another one.

use lab::gadget::Gadget;
use lab::{Stick, ensure, scenario};

use crate::A1_TO_ALPHA;

#[test]
fn a_loose_cable_is_told_once_and_calms_down() {
    scenario(|lab| {
        lab.install("[machines.alpha]\n[[machines.alpha.device]]\nserial = \"LOOSE\"\n")?;
        let gadget = Gadget {
            controller: 0,
            vendor: 0x1209,
            product: 0x0001,
            serial: b"LOOSE".to_vec(),
        };
        lab.plug_gadget(&gadget)?;
        let before = lab.count("attached")? + lab.count("detached")?;
        lab.sh("cd /sys/kernel/config/usb_gadget/lab0
            for n in $(seq 30); do
                echo > UDC
                echo dummy_udc.0 > UDC
                sleep 0.5
            done")?;
        lab.wait_journal("flapping", 1)?;
        let told = lab.count("attached")? + lab.count("detached")? - before;
        ensure!(told <= 12, "{told} lines while the port flapped");
        let status = lab.sh("virtplug status 2>&1 || true")?;
        ensure!(status.contains("too often"), "{status}");
        lab.wait_journal("calm", 1)?;
        let status = lab.sh("virtplug status 2>&1 || true")?;
        ensure!(!status.contains("too often"), "{status}");
        Ok(())
    });
}

#[test]
fn an_impostor_gets_nothing_and_takes_nothing() {
    scenario(|lab| {
        lab.install(A1_TO_ALPHA)?;
        let alpha = lab.machine("alpha");
        let real = lab.plug(Stick::serial("A1").port("1"))?;
        alpha.wait_exactly(&[&real])?;
        let copy = lab.plug(Stick::serial("A1").port("2"))?;
        lab.wait_journal("conflict", 1)?;
        alpha.check_exactly(&[&real])?;
        lab.check_on_host(&copy)?;
        let why = lab.sh(&format!("virtplug explain {}", copy.path))?;
        ensure!(why.contains(&real.path), "{why}");
        lab.unplug(&real)?;
        alpha.wait_exactly(&[&copy])
    });
}
