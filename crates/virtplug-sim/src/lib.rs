//! A simulated host and hypervisor that drive the engine of virtplug.
//!
//! The world has a clock of its own and takes all chance from a seed: kernel,
//! udev, libvirt servers, machines, people, and a daemon that performs what the
//! engine asks for, with latencies, faults and restarts. [`Schedule::run`]
//! checks every invariant after every step.

#![forbid(unsafe_code)]

mod agenda;
mod call;
mod daemon;
mod effect;
mod fault;
mod gadget;
mod history;
mod host;
mod interleaving;
mod invariant;
mod machine;
mod mirror;
mod monitor;
mod operation;
mod plan;
mod random;
mod replay;
mod rules;
mod schedule;
mod server;
mod shrink;
mod small_world;
mod tally;
mod trace;
mod usage;
mod wish;
mod world;

pub use fault::Fault;
pub use gadget::Gadget;
pub use interleaving::Scene;
pub use invariant::{Violation, names as invariants};
pub use machine::Sockets;
pub use operation::Operation;
pub use plan::Plan;
pub use replay::{Broken, Replayed, rules as rules_of_the_world};
pub use rules::{Asks, RuleSpec, Terms, group, machines, ports};
pub use schedule::{Failure, Schedule};
pub use small_world::small_world;
pub use tally::{Count, Counts, Tally};
pub use trace::{BadTrace, Trace};
pub use usage::Usage;
