//! What the service's process costs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::outer::Outer;
use crate::progress::step;

const IDLE: Duration = Duration::from_secs(60);

/// Its memory, by what the kernel counts.
pub(super) fn memory(outer: &Outer, text: &mut String) -> Result<()> {
    let pid = outer.daemon().pid()?;
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
pub(super) fn idle(outer: &Outer, text: &mut String) -> Result<()> {
    let pid = outer.daemon().pid()?;
    let before = switches(outer, pid)?;
    step(&format!("leave it alone for {} s", IDLE.as_secs()), || {
        sleep(IDLE);
        Result::<()>::Ok(())
    })?;
    let after = switches(outer, pid)?;
    let (mut ours, mut keepalive) = (0, 0);
    let mut threads = String::new();
    for (task, (name, count)) in &after {
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

/// Processor time that the service took so far, threads that have ended included.
pub(super) fn processor_time(outer: &Outer) -> Result<Duration> {
    let text = outer.sh(
        "awk '/^usage_usec/ { print $2 }' /sys/fs/cgroup/system.slice/virtplug.service/cpu.stat",
    )?;
    Ok(Duration::from_micros(text.trim().parse()?))
}
