//! Loading configurations from real files.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failing step fails the test"
)]

mod arbitrary;
mod control;
mod defaults;
mod drop_in;
mod example;
mod faults;
mod language;
mod limits;
mod messages;
mod roots;
mod tree;
mod valid;
