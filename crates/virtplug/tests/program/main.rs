//! The program itself, with libvirt's test driver and whatever host there is:
//! how it starts and ends, and what it does where its surroundings are bad.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod commands;
mod daemon;
mod running;
