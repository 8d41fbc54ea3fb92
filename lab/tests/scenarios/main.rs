//! What virtplug does on a real kernel, a real libvirt and a real QEMU.
//!
//! Each test starts from the same saved state: the machines `alpha` and `beta`
//! run, `guest` is paused with a booted kernel, nothing is plugged.

mod ask;
mod boot;
mod commands;
mod crowd;
mod daemon;
mod flapping;
mod follow;
mod foreign;
mod guard;
mod guest;
mod hang;
mod hooks;
mod hub;
mod identity;
mod lab_itself;
mod libvirt;
mod losses;
mod machine;
mod manual;
mod matching;
mod metrics;
mod migration;
mod modular;
mod owners;
mod package;
mod place;
mod plug;
mod pool;
mod race;
mod reload;
mod reset;
mod rights;
mod screen;
mod snippet;
mod socket;
mod starting;
mod steer;
mod trixie;
mod twice;
mod unknown;
mod user;

/// Serial `A1` belongs to alpha.
const A1_TO_ALPHA: &str = r#"
[machines.alpha]
[[machines.alpha.device]]
serial = "A1"
"#;

/// Serial `A1` belongs to alpha, `B1` to beta.
const A1_TO_ALPHA_B1_TO_BETA: &str = r#"
[machines.alpha]
[[machines.alpha.device]]
serial = "A1"

[machines.beta]
[[machines.beta.device]]
serial = "B1"
"#;

/// All serial adapters belong to alpha.
const ADAPTERS_TO_ALPHA: &str = r#"
[machines.alpha]
[[machines.alpha.device]]
vendor = "0403"
product = "6001"
"#;
