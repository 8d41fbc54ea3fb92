//! Loading configurations from real files.

mod arbitrary;
mod example;
mod faults;
mod limits;
mod messages;
mod tree;
mod valid;
