//! A nested machine with a real kernel, udev, libvirt and QEMU, and USB devices
//! that come and go on request.
//!
//! [`Outer`] is the machine that plays the host. Inside it libvirt runs the
//! machines `alpha`, `beta` and `guest`. Tests see only what an administrator
//! would see: sysfs, live XML, QEMU's monitor, the journal.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "progress and reports are what this crate is for"
)]

pub mod accel;
pub mod agent;
pub mod attachment;
pub mod bus;
pub mod cache;
pub mod daemon;
pub mod demo;
pub mod domain;
pub mod figures;
pub mod gadget;
pub mod image;
pub mod journal;
pub mod lookout;
pub mod machine;
pub mod mirror;
pub mod monitor;
pub mod outer;
pub mod package;
pub mod payload;
pub mod pictures;
pub mod plug;
pub mod progress;
pub mod qemu;
pub mod recipe;
pub mod report;
pub mod scenario;
pub mod state;
pub mod strap;
pub mod trace;
pub mod udev;
pub mod virtqemud;
pub mod wait;
pub mod world;

pub use attachment::Attachment;
pub use machine::Machine;
pub use outer::Outer;
pub use plug::{Plugged, Stick};
pub use recipe::Release;
pub use scenario::{scenario, scenario_on, scenario_with};

pub use anyhow::{Context, Error, Result, bail, ensure};
