//! virtplug beside a bare client and a udev rule, in one run: how long a device takes
//! from its plug into the machine, and from its unplug out of it.
//!
//! A recorder in the outer machine takes all times with one clock: the kernel's event, udev's,
//! and libvirt's, which comes when the device is in the live XML and in QEMU, or gone
//! from both. Turns alternate, so that what else the computer does strikes all alike.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::contestant::{Contestant, MACHINE, PROGRAM, start_program};
use super::sample::Sample;
use super::{latencies, show, slowness};
use crate::outer::Outer;
use crate::payload::Extra;
use crate::plug::{Stick, Unseen};
use crate::progress::step;
use crate::recipe::Release;

/// Plugs in each turn. What was just started is slow at first, so one more comes before.
const ROUNDS: usize = 3;
/// For the commands of the lab to be over before a device comes.
const PAUSE: Duration = Duration::from_secs(1);
const PORT: &str = "2";

/// What was measured of one contestant, a turn after the other.
#[derive(Debug, Default)]
struct Measured {
    turns: Vec<Vec<Round>>,
}

/// A plug and an unplug.
#[derive(Debug, Clone, Copy)]
struct Round {
    plug: Span,
    unplug: Span,
}

/// Milliseconds until libvirt told that it was done.
#[derive(Debug, Clone, Copy)]
struct Span {
    since_kernel: f64,
    /// Negative where it acted before udev told.
    since_udev: f64,
}

/// Measures so many turns of each, prints, and keeps the text in the cache folder.
pub fn print(turns: usize) -> Result<()> {
    let extra = Extra {
        file: program()?,
        place: PROGRAM,
        mode: "755",
    };
    let outer = step("start the lab", || {
        Outer::ready_with(Release::default(), "compare", &[extra])
    })?;
    let stick = Stick::serial("compared").port(PORT);
    let path = prepare(&outer, &stick)?;
    let mut all = Contestant::ALL.map(|contestant| (contestant, Measured::default()));
    for turn in 0..turns {
        let name = format!("turn {} of {turns}", turn + 1);
        step(&name, || -> Result<()> {
            // Each comes first in turn.
            let count = all.len();
            for place in 0..count {
                let Some((contestant, measured)) = all.get_mut((turn + place) % count) else {
                    continue;
                };
                let rounds = take_turn(&outer, *contestant, &stick, &path);
                measured
                    .turns
                    .push(rounds.with_context(|| contestant.name())?);
            }
            Ok(())
        })?;
    }
    let mut text = table(&all)?;
    text += "\nvirtplug's own part, from its journal\n";
    latencies(&outer, &mut text)?;
    slowness(&outer, &mut text)?;
    show("compare", &text)
}

/// The recorder and bare client: `$VIRTPLUG_BENCH`, else the release build.
fn program() -> Result<PathBuf> {
    let path = env::var_os("VIRTPLUG_BENCH").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/virtplug-bench"),
        PathBuf::from,
    );
    ensure!(
        path.is_file(),
        "nothing to measure with at {}: run `cargo build --release -p virtplug-bench`, or set VIRTPLUG_BENCH",
        path.display()
    );
    Ok(path)
}

/// Starts the recorder; returns the port path that the device will have.
fn prepare(outer: &Outer, stick: &Stick) -> Result<String> {
    for contestant in Contestant::ALL {
        contestant.install(outer)?;
    }
    let plugged = outer.plug(stick.clone())?;
    outer.unplug(&plugged)?;
    outer.sh("mkfifo /run/stamps && udevadm settle")?;
    start_program(outer, "record", "record /run/stamps")?;
    Ok(plugged.path)
}

fn take_turn(
    outer: &Outer,
    contestant: Contestant,
    stick: &Stick,
    path: &str,
) -> Result<Vec<Round>> {
    contestant.start(outer, path)?;
    let rounds = (0..=ROUNDS).map(|_| {
        let mut plugged = None;
        let plug = record(outer, path, "add", || {
            plugged = Some(outer.plug_blindly(stick)?);
            Ok(())
        })?;
        check(outer, Some(path))?;
        let plugged: Unseen = plugged.context("not plugged")?;
        let unplug = record(outer, path, "remove", || outer.unplug_blindly(&plugged))?;
        check(outer, None)?;
        Ok(Round { plug, unplug })
    });
    let rounds = rounds.skip(1).collect::<Result<Vec<_>>>();
    let rounds = rounds.with_context(|| {
        let logs = outer.run("cat /run/record.log /run/floor.log; journalctl -n 20 --no-pager");
        logs.map_or_else(|error| error.to_string(), |logs| logs.out)
    });
    contestant.stop(outer)?;
    rounds
}

/// Does something that the kernel will tell of, and waits until libvirt is done with it. Until
/// then nothing else happens in the outer machine.
fn record(
    outer: &Outer,
    path: &str,
    action: &str,
    cause: impl FnOnce() -> Result<()>,
) -> Result<Span> {
    outer.sh("udevadm settle")?;
    let script = "timeout 60 cat /run/stamps";
    let output = outer.run_while(script, || {
        sleep(PAUSE);
        cause()
    })?;
    let text = output.checked(script)?;
    // udev's event may come after libvirt's; then it is read with the next ones.
    span(&text, path, action).with_context(|| format!("recorded: {text}"))
}

/// The times that the recorder wrote down.
fn span(text: &str, path: &str, action: &str) -> Option<Span> {
    let mut kernel = None;
    let mut udev = None;
    let mut end = None;
    let told = format!("{action} {path}");
    for line in text.lines() {
        let (at, rest) = line.split_once(' ')?;
        let at: f64 = at.parse().ok()?;
        let (teller, what) = rest.split_once(' ')?;
        match teller {
            "kernel" if what == told => (kernel, udev) = (Some(at), None),
            "udev" if what == told => udev = Some(at),
            "libvirt" => end = Some((at, what)),
            _ => {}
        }
    }
    let (end, what) = end?;
    let wanted = if action == "add" {
        "added "
    } else {
        "removed "
    };
    what.starts_with(wanted).then_some(())?;
    let milliseconds = |begin: f64| (end - begin) / 1e6;
    Some(Span {
        since_kernel: milliseconds(kernel?),
        since_udev: udev.map_or(f64::NAN, milliseconds),
    })
}

/// Fails unless the machine has exactly the device at a port, or nothing.
fn check(outer: &Outer, path: Option<&str>) -> Result<()> {
    let world = outer.world()?;
    let entries = &world.machine(MACHINE)?.hostdevs;
    let wanted = path.map(|path| {
        let device = world.at(path).context("it is not there");
        device.map(|device| (device.bus, device.device))
    });
    let wanted: Vec<_> = wanted.transpose()?.into_iter().collect();
    let found: Vec<_> = entries.iter().filter_map(|entry| entry.address).collect();
    ensure!(
        found == wanted && entries.iter().all(|entry| !entry.missing),
        "{MACHINE} should have {wanted:?}, and has {entries:?}"
    );
    Ok(())
}

fn table(all: &[(Contestant, Measured)]) -> Result<String> {
    let mut text = String::new();
    for (title, span) in [
        (
            "plug → in the live XML",
            (|round| round.plug) as fn(&Round) -> Span,
        ),
        ("unplug → gone from it", |round| round.unplug),
    ] {
        for (since, value) in [
            ("kernel", (|span| span.since_kernel) as fn(Span) -> f64),
            ("udev", |span| span.since_udev),
        ] {
            writeln!(
                text,
                "\n| {title}, since the event of {since} | median and middle half, ms | to the floor | turn by turn | rounds |"
            )?;
            writeln!(text, "|---|---:|---:|---:|---:|")?;
            let sample = |rounds: &[Round]| {
                let values = rounds.iter().map(|round| value(span(round)));
                Sample::new(values.filter(|value| value.is_finite()).collect())
            };
            let Some((_, floor)) = all.first() else {
                continue;
            };
            let floor_median = sample(&floor.turns.concat()).median();
            for (contestant, measured) in all {
                let all = sample(&measured.turns.concat());
                if all.len() == 0 {
                    // udev tells only when the handler is done.
                    continue;
                }
                let pairs = measured.turns.iter().zip(&floor.turns);
                let ratios = Sample::new(
                    pairs
                        .map(|(own, floor)| sample(own).median() / sample(floor).median())
                        .filter(|ratio| ratio.is_finite())
                        .collect(),
                );
                writeln!(
                    text,
                    "| {} | {all} | {:.2} | {:.2} – {:.2} | {} |",
                    contestant.name(),
                    all.median() / floor_median,
                    ratios.percentile(25),
                    ratios.percentile(75),
                    all.len()
                )?;
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_from_the_last_event_of_the_device() {
        let text = "1000000 kernel add 2-2\n2000000 kernel remove 2-2\n\
                    5000000 kernel add 2-2\n6000000 kernel add 2-3\n\
                    8000000 udev add 2-2\n15000000 libvirt added ua-x\n";
        let found = span(text, "2-2", "add").unwrap();
        assert_eq!((found.since_kernel, found.since_udev), (10.0, 7.0));
        assert!(span(text, "2-2", "remove").is_none());
        assert!(span(text, "2-4", "add").is_none());
    }
}
