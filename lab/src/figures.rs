//! Measures virtplug in the lab: how fast it reacts, what it costs.
//!
//! Nothing is asserted: emulation is slower than any host by a factor that
//! nobody knows.

pub mod compare;
mod contestant;
pub mod host;
mod process;
mod sample;

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::cache;
use crate::outer::Outer;
use crate::plug::Stick;
use crate::progress::step;
use crate::recipe::Release;

/// All serial adapters belong to alpha.
const CONFIG: &str = r#"
[machines.alpha]
[[machines.alpha.device]]
vendor = "0403"
product = "6001"
"#;

const ROUNDS: usize = 5;
const STICKS: [&str; 4] = ["1", "2", "3", "4"];

/// Measures, prints, and keeps the text in the cache folder.
pub fn print() -> Result<()> {
    let outer = step("start the lab", || {
        Outer::ready(Release::default(), "figures")
    })?;
    outer.install(CONFIG)?;
    step(&format!("plug {} devices", ROUNDS * STICKS.len()), || {
        plug_all(&outer)
    })?;
    let stay = outer.plug(Stick::serial("stays").port("1"))?;
    outer.machine("alpha").wait_attached(&stay)?;
    outer.daemon().wait_quiet()?;

    let mut text = String::from("virtplug in the lab\n");
    process::idle(&outer, &mut text)?;
    slowness(&outer, &mut text)?;
    latencies(&outer, &mut text)?;
    process::memory(&outer, &mut text)?;
    show("figures", &text)
}

/// Prints figures, and keeps them in the cache folder.
fn show(name: &str, text: &str) -> Result<()> {
    print!("{text}");
    let path = cache::folder()?.join(name).with_extension("txt");
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn plug_all(outer: &Outer) -> Result<()> {
    for round in 1..=ROUNDS {
        let mut plugged = Vec::new();
        for (index, port) in STICKS.into_iter().enumerate() {
            plugged.push(outer.plug(Stick::serial(&format!("F{round}{index}")).port(port))?);
            // One at a time: this measures the reaction to a single event.
            outer.wait_journal("attached", (round - 1) * STICKS.len() + index + 1)?;
        }
        for one in &plugged {
            outer.unplug(one)?;
        }
        outer.wait_journal("detached", round * STICKS.len())?;
    }
    Ok(())
}

/// How much slower the emulated machine is than this one, by a loop that a shell
/// runs. Times measured inside mean nothing without it.
fn slowness(outer: &Outer, text: &mut String) -> Result<()> {
    const LOOP: &str = "i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done";
    let begin = Instant::now();
    let status = Command::new("/bin/sh").args(["-c", LOOP]).status()?;
    ensure!(status.success(), "no shell");
    let here = begin.elapsed().as_millis().max(1);
    let inside = outer.sh(&format!(
        "a=$(date +%s%N); /bin/sh -c '{LOOP}'; b=$(date +%s%N); echo $(((b - a) / 1000000))"
    ))?;
    let inside: u128 = inside.parse()?;
    writeln!(
        text,
        "  emulated: a loop of the shell takes {}.{} times as long as outside",
        inside / here,
        inside * 10 / here % 10
    )?;
    Ok(())
}

fn latencies(outer: &Outer, text: &mut String) -> Result<()> {
    let journal = outer.journal()?;
    for (field, what) in [
        ("VIRTPLUG_REACTION_US", "udev event → libvirt call (ours)"),
        ("VIRTPLUG_ADDED_US", "udev event → device-added event"),
    ] {
        let mut values: Vec<_> = journal
            .iter()
            .filter(|entry| entry.event() == "attached")
            .filter_map(|entry| entry.microseconds(field))
            .collect();
        values.sort_unstable();
        let milliseconds = |value: Option<&u64>| {
            value.map_or_else(
                || "–".to_owned(),
                |value| format!("{}.{:03} ms", value / 1000, value % 1000),
            )
        };
        writeln!(
            text,
            "  {what}: median {}, worst {} ({} samples)",
            milliseconds(values.get(values.len() / 2)),
            milliseconds(values.last()),
            values.len()
        )?;
    }
    Ok(())
}
