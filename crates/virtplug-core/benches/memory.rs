//! How much memory the engine holds, by the number of devices and machines.
//!
//! `cargo bench -p virtplug-core --bench memory`. What was asked of the allocator is counted.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(clippy::print_stdout, reason = "the figures are for people")]
#![allow(clippy::panic, reason = "a bench may panic")]
#![allow(clippy::indexing_slicing, reason = "a bench may panic")]
#![allow(unreachable_pub, dead_code, reason = "the world is shared by benches")]

mod world;

use peak_alloc::PeakAlloc;
use world::{Size, World};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The most that the engine may hold with 10,000 devices and 1,000 machines, in MiB.
const LIMIT: f64 = 64.0;

fn mib(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap()) / 1024.0
}

/// What the engine holds when all is settled, and the most that there was
/// during its first scan, with what was scanned.
fn measure(size: Size) -> (f64, f64) {
    let before = ALLOCATOR.current_usage();
    let mut world = World::before_scan(size);
    let scan = size.scan();
    ALLOCATOR.reset_peak_usage();
    drop(world.tell(scan));
    let peak = ALLOCATOR.peak_usage();
    drop(world);
    let world = World::settled(size);
    let held = ALLOCATOR.current_usage() - before;
    drop(world);
    (mib(held), mib(peak - before))
}

fn main() {
    // `cargo test --benches` only sees whether it runs.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    println!("MiB held | most during the first scan");
    for devices in [10, 1_000, 10_000] {
        for machines in [10, 100, 1_000] {
            let (held, peak) = measure(Size::usual(devices, machines));
            println!("{devices:7} {machines:8} | {held:8.2} | {peak:8.2}");
            assert!(held <= LIMIT, "{held} MiB are more than {LIMIT}");
        }
    }
}
