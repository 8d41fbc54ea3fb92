//! Handle: asks a running monitor to look again, from any thread.

use std::collections::BTreeSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{self, Errno};
use virtplug_core::PortPath;

/// Asks the monitor to do something; cheap, and equal requests become one.
#[derive(Debug, Clone)]
pub struct MonitorHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    requests: Mutex<Requests>,
    wake: OwnedFd,
}

/// What was asked for since the monitor last looked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Requests {
    pub(crate) stop: bool,
    pub(crate) everything: bool,
    pub(crate) ports: BTreeSet<PortPath>,
}

impl MonitorHandle {
    pub(crate) fn new() -> Result<Self, Errno> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self {
            shared: Arc::new(Shared {
                requests: Mutex::default(),
                wake,
            }),
        })
    }

    /// Asks for a scan of all devices.
    pub fn rescan(&self) {
        self.request(|requests| requests.everything = true);
    }

    /// Asks to read the device at one port.
    pub fn look(&self, port: PortPath) {
        self.request(|requests| {
            requests.ports.insert(port);
        });
    }

    /// Asks the monitor to end.
    pub fn stop(&self) {
        self.request(|requests| requests.stop = true);
    }

    fn request(&self, add: impl FnOnce(&mut Requests)) {
        add(&mut self.lock());
        // It fails only where the counter is full, and then it is readable.
        let _ = io::write(&self.shared.wake, &1_u64.to_ne_bytes());
    }

    /// Takes all requests.
    pub(crate) fn take(&self) -> Requests {
        // First the wakeup: a request that comes in between wakes once more.
        let _ = io::read(&self.shared.wake, &mut [0; 8]);
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Requests> {
        let requests = self.shared.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for MonitorHandle {
    /// Readable when there are requests.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.wake.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_coalesced_and_taken_once() {
        let handle = MonitorHandle::new().unwrap();
        let port: PortPath = "1-1".parse().unwrap();
        for _ in 0..3 {
            handle.rescan();
            handle.look(port.clone());
        }
        let taken = handle.take();
        assert!(taken.everything && !taken.stop);
        assert_eq!(taken.ports, [port].into());
        assert_eq!(handle.take(), Requests::default());
    }
}
