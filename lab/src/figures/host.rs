//! A host with 30 devices and 10 machines: what virtplug holds, what an event costs
//! it, and whether it sleeps while nothing happens.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;

use super::process::{idle, memory, processor_time};
use super::{show, slowness};
use crate::outer::Outer;
use crate::plug::{Stick, Unseen};
use crate::progress::step;
use crate::recipe::Release;
use crate::wait::{Seen, until_within};

const MACHINES: usize = 10;
const DEVICES: usize = 30;
/// A hub of QEMU has eight ports.
const ON_A_HUB: usize = 8;
/// Devices that are unplugged and plugged in again, one after the other.
const REPLUGGED: usize = 10;
/// How long all of them may take under emulation.
const ALL: Duration = Duration::from_secs(600);

/// Measures, prints, and keeps the text in the cache folder.
pub fn print() -> Result<()> {
    let outer = step("start the lab", || Outer::ready(Release::default(), "host"))?;
    let machines: Vec<String> = (1..=MACHINES).map(|number| format!("m{number}")).collect();
    step(&format!("start {MACHINES} machines"), || {
        start_machines(&outer, &machines)
    })?;
    outer.install(&configuration(&machines))?;
    let mut plugged = step(&format!("plug {DEVICES} devices"), || plug_all(&outer))?;
    outer.daemon().wait_quiet()?;

    let mut text = format!("a host with {DEVICES} devices and {MACHINES} machines\n");
    memory(&outer, &mut text)?;
    idle(&outer, &mut text)?;
    slowness(&outer, &mut text)?;
    step("unplug and plug some", || {
        events(&outer, &mut plugged, &mut text)
    })?;
    writeln!(text, "after that:")?;
    memory(&outer, &mut text)?;
    show("host", &text)
}

/// Small ones, like `alpha`; those of the saved state make room for them.
fn start_machines(outer: &Outer, names: &[String]) -> Result<()> {
    outer.sh("for name in alpha beta guest; do virsh -q destroy $name; done")?;
    for name in names {
        outer.sh(&format!(
            "sed s/NAME/{name}/ /root/small.xml > /root/{name}.xml
            virsh -q define /root/{name}.xml && virsh -q start {name}"
        ))?;
    }
    Ok(())
}

fn serial(device: usize) -> String {
    format!("H{device:02}")
}

/// A rule for each device; the machines have the same number of them.
fn configuration(machines: &[String]) -> String {
    let each = DEVICES / MACHINES;
    let mut text = String::new();
    for (device, machine) in (0..DEVICES).zip(machines.iter().flat_map(|name| vec![name; each])) {
        let rule = [
            "[[machines.",
            machine,
            ".device]]\nserial = \"",
            &serial(device),
            "\"\n",
        ];
        text.push_str(&rule.concat());
    }
    text
}

fn stick(device: usize) -> Stick {
    let port = format!("{}.{}", 1 + device / ON_A_HUB, 1 + device % ON_A_HUB);
    Stick::serial(&serial(device)).port(&port)
}

fn plug_all(outer: &Outer) -> Result<Vec<Unseen>> {
    for hub in 0..DEVICES.div_ceil(ON_A_HUB) {
        outer.plug(Stick::hub().port(&(1 + hub).to_string()))?;
    }
    let plugged = (0..DEVICES)
        .map(|device| outer.plug_blindly(&stick(device)))
        .collect::<Result<_>>()?;
    wait_attached(outer, DEVICES)?;
    Ok(plugged)
}

/// Waits until the machines have so many devices.
fn wait_attached(outer: &Outer, wanted: usize) -> Result<()> {
    until_within(ALL, &format!("{wanted} devices are attached"), || {
        let world = outer.world()?;
        let found: usize = world.machines.values().map(|one| one.own().count()).sum();
        Ok(if found == wanted {
            Seen::Yes(())
        } else {
            Seen::NotYet(format!("{found} are"))
        })
    })
}

/// Processor time of virtplug for a plug, with all that follows from it, and for an unplug.
fn events(outer: &Outer, plugged: &mut [Unseen], text: &mut String) -> Result<()> {
    let (mut plug, mut unplug) = (Duration::ZERO, Duration::ZERO);
    for (device, unseen) in plugged.iter_mut().enumerate().take(REPLUGGED) {
        let before = processor_time(outer)?;
        outer.unplug_blindly(unseen)?;
        wait_attached(outer, DEVICES - 1)?;
        outer.daemon().wait_quiet()?;
        let between = processor_time(outer)?;
        *unseen = outer.plug_blindly(&stick(device))?;
        wait_attached(outer, DEVICES)?;
        outer.daemon().wait_quiet()?;
        unplug += between.saturating_sub(before);
        plug += processor_time(outer)?.saturating_sub(between);
    }
    let count = u32::try_from(REPLUGGED)?;
    writeln!(
        text,
        "  processor time under emulation: {:.1} ms for a plug with its attach, {:.1} ms for an unplug with its detach ({count} of each)",
        (plug / count).as_secs_f64() * 1e3,
        (unplug / count).as_secs_f64() * 1e3,
    )?;
    Ok(())
}
