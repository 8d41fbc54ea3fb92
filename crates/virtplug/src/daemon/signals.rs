//! Signals: which mean something, and which must not end the daemon.

use std::io::Result;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that the daemon acts upon. Those that come before somebody listens
/// to these wait, so they are made before anything else.
#[derive(Debug)]
pub(super) struct Signals {
    pub(super) hangup: Signal,
    pub(super) terminate: Signal,
    pub(super) interrupt: Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self> {
        // These mean nothing, and without this they would end the process.
        for unused in [SignalKind::user_defined1(), SignalKind::user_defined2()] {
            drop(signal(unused)?);
        }
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }
}

/// A signal came. A stream that ended never gives one again.
pub(super) async fn caught(signal: &mut Signal) {
    if signal.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
}
