//! The engine's stories, told event by event.

mod bench;
mod conflict;
mod connection;
mod devices;
mod disks;
mod failure;
mod flapping;
mod follow;
mod guard;
mod hold;
mod hold_ends;
mod holds;
mod left;
mod namesakes;
mod pauses;
mod places;
mod plug;
mod pool;
mod reload;
mod restart;
mod restore;
mod sharing;
mod starting;
mod switches;
mod worlds;
