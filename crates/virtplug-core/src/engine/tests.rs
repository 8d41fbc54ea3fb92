//! The engine's stories, told event by event.

mod bench;
mod conflict;
mod connection;
mod devices;
mod failure;
mod hold;
mod plug;
mod reload;
mod restart;
