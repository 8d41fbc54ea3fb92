//! What is made of the configuration's keys: the copies in the repository are
//! the newest, and the documents tell the truth.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failing step fails the test"
)]

mod copies;
mod documents;

use std::path::PathBuf;

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}
