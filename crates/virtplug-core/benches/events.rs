//! What one event costs the engine, by the number of devices and machines.
//!
//! `cargo bench -p virtplug-core --bench events` prints a table. For a count of
//! instructions, which a busy machine does not disturb, `-- --once STEP DEVICES
//! MACHINES` runs one step, under `valgrind --tool=callgrind
//! --toggle-collect='*measured*'`; `scripts/bench.sh` does so.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(clippy::print_stdout, reason = "the figures are for people")]
#![allow(clippy::panic, reason = "a bench may panic")]
#![allow(clippy::indexing_slicing, reason = "a bench may panic")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]
#![allow(unreachable_pub, reason = "the world is shared by benches")]

mod cycle;
mod world;

use std::time::{Duration, Instant};

use cycle::{Cycle, STEPS};
use virtplug_core::{Action, Engine, Event, Time};
use world::{Size, World};

/// How often each step is timed.
const ROUNDS: usize = 100;
const SCANS: usize = 9;

/// What happens to everything at once.
const WHOLE: [&str; 4] = ["first scan", "same scan", "all gone", "reload"];

const SIZES: [usize; 3] = [10, 1_000, 10_000];
const MACHINES: [usize; 3] = [10, 100, 1_000];

/// The call that is measured; it has a name of its own for callgrind.
#[inline(never)]
fn measured(engine: &mut Engine, now: Time, event: Event) -> (Vec<Action>, Duration) {
    let start = Instant::now();
    let actions = engine.handle(now, event);
    (actions, start.elapsed())
}

/// Times one of the events that concern everything, in a world of its own.
fn whole(name: &str, size: Size) -> Duration {
    let mut world = match name {
        "first scan" => World::before_scan(size),
        _ => World::settled(size),
    };
    let event = match name {
        "all gone" => Event::Devices {
            present: Vec::new(),
            unreadable: Vec::new(),
        },
        "reload" => Event::Policy(size.policy()),
        _ => size.scan(),
    };
    measured(&mut world.engine, world.now, event).1
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

fn once(step: &str, size: Size) {
    if WHOLE.contains(&step) {
        whole(step, size);
        return;
    }
    let mut cycle = Cycle::new(size);
    cycle.run(&mut |name, engine, now, event| {
        if name == step {
            measured(engine, now, event).0
        } else {
            engine.handle(now, event)
        }
    });
}

fn heading(unit: &str, columns: &[&str]) {
    println!(
        "\nmedian, in {unit}\ndevices machines each | {}",
        columns.join(" | ")
    );
}

fn start_of_row(size: Size) {
    print!("{:7} {:8} {:4}", size.devices, size.machines, size.each);
}

/// One line: what each step costs in a world.
fn steps(size: Size) {
    let mut cycle = Cycle::new(size);
    let mut times = vec![Vec::new(); STEPS.len()];
    for _ in 0..ROUNDS {
        cycle.run(&mut |name, engine, now, event| {
            let (actions, time) = measured(engine, now, event);
            if let Some(step) = STEPS.iter().position(|step| *step == name) {
                times[step].push(time);
            }
            actions
        });
    }
    start_of_row(size);
    for (step, times) in STEPS.iter().zip(times) {
        print!(" | {:1$.1}", median(times) * 1e6, step.len());
    }
    println!();
}

fn wholes(size: Size) {
    start_of_row(size);
    for name in WHOLE {
        let times = (0..SCANS).map(|_| whole(name, size)).collect();
        print!(" | {:1$.2}", median(times) * 1e3, name.len());
    }
    println!();
}

fn tables() {
    let sizes = SIZES.map(|devices| MACHINES.map(|machines| Size::usual(devices, machines)));
    let crowds = [15, 100, 1_000].map(|each| Size {
        devices: 10_000,
        machines: 10,
        each,
    });
    heading("microseconds", &STEPS);
    sizes
        .iter()
        .flatten()
        .chain(&crowds)
        .for_each(|size| steps(*size));
    heading("milliseconds", &WHOLE);
    sizes.iter().flatten().for_each(|size| wholes(*size));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--once", step, devices, machines, ..] => {
            let size = Size::usual(devices.parse().unwrap(), machines.parse().unwrap());
            once(step, size);
        }
        // `cargo test --benches` only sees whether it runs.
        ["--test", ..] => {}
        _ => tables(),
    }
}
