//! Measures virtplug in the lab: how fast it reacts, what it costs.
//!
//! Nothing is asserted: emulation is slower than any host by a factor that
//! nobody knows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::cache;
use crate::outer::Outer;
use crate::plug::Stick;
use crate::progress::step;
use crate::recipe::Release;

const CONFIG: &str = r#"
[machines.alpha]
[[machines.alpha.device]]
vendor = "0403"
product = "6001"
"#;

const ROUNDS: usize = 5;
const STICKS: [&str; 4] = ["1", "2", "3", "4"];
const IDLE: Duration = Duration::from_secs(60);

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

    let pid = outer.daemon().pid()?;
    let before = switches(&outer, pid)?;
    step(&format!("leave it alone for {} s", IDLE.as_secs()), || {
        sleep(IDLE);
        Result::<()>::Ok(())
    })?;
    let after = switches(&outer, pid)?;

    let mut text = String::from("virtplug in the lab\n");
    slowness(&outer, &mut text)?;
    latencies(&outer, &mut text)?;
    memory(&outer, pid, &mut text)?;
    idle(&before, &after, &mut text)?;
    print!("{text}");
    let path = cache::folder()?.join("figures.txt");
    std::fs::write(&path, &text)?;
    Ok(())
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

fn memory(outer: &Outer, pid: u32, text: &mut String) -> Result<()> {
    let rollup = outer.sh(&format!("cat /proc/{pid}/smaps_rollup"))?;
    let kilobytes = |name: &str| -> u64 {
        let line = rollup
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default();
        line.split_whitespace()
            .nth(1)
            .and_then(|number| number.parse().ok())
            .unwrap_or_default()
    };
    let private = kilobytes("Private_Clean:") + kilobytes("Private_Dirty:");
    writeln!(
        text,
        "  memory: private {}.{} MiB (aim: at most 10), resident {}.{} MiB",
        private / 1024,
        private % 1024 * 10 / 1024,
        kilobytes("Rss:") / 1024,
        kilobytes("Rss:") % 1024 * 10 / 1024,
    )?;
    Ok(())
}

type Switches = BTreeMap<u32, (String, u64)>;

/// Context switches so far, by thread.
fn switches(outer: &Outer, pid: u32) -> Result<Switches> {
    let text = outer.sh(&format!(
        "cd /proc/{pid}/task && for task in *; do
            # One that ends meanwhile is passed by.
            status=$(cat $task/status 2>/dev/null) && name=$(cat $task/comm 2>/dev/null) || continue
            echo \"$task $(echo \"$status\" | awk '/ctxt_switches/ {{ n += $2 }} END {{ print n + 0 }}') $name\"
        done"
    ))?;
    let mut threads = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.splitn(3, ' ');
        let (Some(task), Some(count), Some(name)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        threads.insert(
            task.parse()?,
            (name.to_owned(), count.parse().context("switches")?),
        );
    }
    ensure!(!threads.is_empty(), "process {pid} has no threads");
    Ok(threads)
}

/// libvirt's event loop runs on a thread of its own; its keepalive messages are
/// the only thing that may happen while nothing happens.
fn idle(before: &Switches, after: &Switches, text: &mut String) -> Result<()> {
    let (mut ours, mut keepalive) = (0, 0);
    let mut threads = String::new();
    for (task, (name, count)) in after {
        let earlier = before.get(task).map_or(0, |(_, count)| *count);
        let switched = count.saturating_sub(earlier);
        if name.contains("libvirt") {
            keepalive += switched;
        } else {
            ours += switched;
        }
        writeln!(threads, "    {name}: {switched}")?;
    }
    writeln!(
        text,
        "  context switches in {} idle seconds: {ours} of our own (aim: none), {keepalive} of libvirt's keepalive\n{threads}",
        IDLE.as_secs()
    )?;
    Ok(())
}
