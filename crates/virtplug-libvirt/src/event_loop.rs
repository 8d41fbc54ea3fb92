//! libvirt's own event loop, on a thread of its own.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use thiserror::Error;

use crate::ffi;

/// Name of the thread, as `ps -L` and `/proc` show it (at most 15 bytes).
const THREAD: &str = "vp-libvirt-ev";

/// Pause after a failed round, so that a fault that lasts cannot spin.
const PAUSE: Duration = Duration::from_secs(1);

/// Proof that libvirt's event loop runs in this process. Without it there are
/// no events, no keepalive and no word of a lost connection, so that
/// [`Connection::open`](crate::Connection::open) asks for it.
#[derive(Debug, Clone, Copy)]
pub struct EventLoop(());

/// Why the event loop does not run.
#[derive(Debug, Error)]
pub enum EventLoopError {
    /// libvirt did not initialise.
    #[error("libvirt does not start: {message} (libvirt error {code})")]
    Libvirt {
        /// `virErrorNumber`.
        code: i32,
        /// libvirt's text.
        message: String,
    },
    /// The system gave no thread.
    #[error("no thread for libvirt's events")]
    Thread(#[source] io::Error),
}

impl EventLoop {
    /// Starts the loop, once in a process; later calls find it running. Also
    /// stops libvirt from printing its errors to stderr, as they are returned
    /// to the caller anyway. Call it before anything else uses libvirt.
    pub fn start() -> Result<Self, EventLoopError> {
        static STARTED: Mutex<bool> = Mutex::new(false);
        let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
        if !*started {
            ffi::initialize().map_err(|error| EventLoopError::Libvirt {
                code: error.code,
                message: error.message,
            })?;
            thread::Builder::new()
                .name(THREAD.to_owned())
                .spawn(run)
                .map_err(EventLoopError::Thread)?;
            *started = true;
        }
        Ok(Self(()))
    }
}

/// Waits in poll(2) and dispatches, for as long as the process lives: libvirt
/// has no way to end the loop.
fn run() -> Infallible {
    loop {
        if ffi::run_event_loop_once().is_err() {
            thread::sleep(PAUSE);
        }
    }
}
