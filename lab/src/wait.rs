//! Waiting for a condition. Under emulation everything takes longer than one
//! thinks, so deadlines are generous; a test that succeeds never waits for one.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a test waits for something that should happen.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks. Each takes the emulated processor from what is waited for.
const PAUSE: Duration = Duration::from_millis(300);

/// What one look found.
#[derive(Debug)]
pub enum Seen<T> {
    /// The condition holds.
    Yes(T),
    /// It does not, and this is what was there instead.
    NotYet(String),
}

impl<T> From<Result<T, String>> for Seen<T> {
    fn from(result: Result<T, String>) -> Self {
        match result {
            Ok(value) => Self::Yes(value),
            Err(found) => Self::NotYet(found),
        }
    }
}

/// Looks again and again until the condition holds.
pub fn until<T>(what: &str, look: impl FnMut() -> Result<Seen<T>>) -> Result<T> {
    until_within(PATIENCE, what, look)
}

/// Like [`until`], with a deadline of its own.
pub fn until_within<T>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<Seen<T>>,
) -> Result<T> {
    let begin = Instant::now();
    loop {
        match look()? {
            Seen::Yes(value) => return Ok(value),
            Seen::NotYet(found) if begin.elapsed() > patience => {
                bail!(
                    "expected: {what}\nfound after {} s: {found}",
                    patience.as_secs()
                )
            }
            Seen::NotYet(_) => sleep(PAUSE),
        }
    }
}
