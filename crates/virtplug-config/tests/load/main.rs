//! Loading configurations from real files.

#![allow(clippy::unwrap_used, reason = "a failing step fails the test")]

mod arbitrary;
mod example;
mod faults;
mod limits;
mod messages;
mod tree;
mod valid;
