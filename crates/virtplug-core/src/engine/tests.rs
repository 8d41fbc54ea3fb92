//! The engine's stories, told event by event.

mod bench;
mod conflict;
mod connection;
mod devices;
mod failure;
mod follow;
mod hold;
mod places;
mod plug;
mod pool;
mod reload;
mod restart;
mod sharing;
mod starting;
