//! Who hears the events of which connection.
//!
//! libvirt's callbacks get a number and no pointer: a callback that comes late
//! finds nobody under its number, so there is no memory whose end libvirt and
//! this crate would have to agree on. (libvirt drops the free function of a
//! close callback unseen where the driver knows no such callback, `test:///`
//! for one, and calls that of an event from its own thread, later.)

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use virtplug_core::ConnectionUri;

use crate::event::ConnectionEvent;

/// Takes the events of a connection. It is called on the event loop's thread,
/// or on a thread that is within a call of the same connection: it must be
/// quick, must not wait, and must not call libvirt.
pub type Sink = Arc<dyn Fn(ConnectionEvent) + Send + Sync>;

/// All listeners of the process, by number.
struct Registry {
    last: usize,
    listeners: BTreeMap<usize, (ConnectionUri, Sink)>,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    last: 0,
    listeners: BTreeMap::new(),
});

fn registry() -> MutexGuard<'static, Registry> {
    // No code that could panic runs under the lock.
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the registry. Dropping it ends the delivery, but for an event
/// that is on its way at that moment.
#[derive(Debug)]
pub(crate) struct Listener(usize);

impl Listener {
    /// Enters a sink for the events of a connection.
    pub(crate) fn new(uri: ConnectionUri, sink: Sink) -> Self {
        let mut registry = registry();
        registry.last += 1;
        let number = registry.last;
        registry.listeners.insert(number, (uri, sink));
        Self(number)
    }

    /// The number under which libvirt's callbacks find the sink.
    pub(crate) fn number(&self) -> usize {
        self.0
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The sink is dropped after the lock is released: its drop may do anything.
        let sink = registry().listeners.remove(&self.0);
        drop(sink);
    }
}

/// Hands an event to the listener with this number, if there is one. Never
/// panics: it is called from C.
pub(crate) fn deliver(number: usize, event: impl FnOnce(&ConnectionUri) -> ConnectionEvent) {
    let Some((uri, sink)) = registry().listeners.get(&number).cloned() else {
        return;
    };
    // A sink that panics has written its message by then; the next event may fare better.
    let _ = catch_unwind(AssertUnwindSafe(move || sink(event(&uri))));
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn closed(_: &ConnectionUri) -> ConnectionEvent {
        ConnectionEvent::Closed("test".to_owned())
    }

    #[test]
    fn a_dropped_listener_hears_nothing_and_keeps_no_sink() {
        let (sender, receiver) = mpsc::channel();
        let listener = Listener::new(
            ConnectionUri::default(),
            Arc::new(move |event| drop(sender.send(event))),
        );
        let number = listener.number();
        deliver(number, closed);
        assert!(receiver.try_recv().is_ok());
        drop(listener);
        deliver(number, closed);
        assert_eq!(receiver.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    }

    #[test]
    fn a_sink_that_panics_is_called_again() {
        let (sender, receiver) = mpsc::channel();
        let listener = Listener::new(
            ConnectionUri::default(),
            Arc::new(move |_| {
                let _ = sender.send(());
                panic!("a fault in the sink");
            }),
        );
        deliver(listener.number(), closed);
        deliver(listener.number(), closed);
        assert_eq!(receiver.try_iter().count(), 2);
    }

    #[test]
    fn a_sink_may_drop_its_own_listener() {
        let slot: Arc<Mutex<Option<Listener>>> = Arc::default();
        let inner = Arc::clone(&slot);
        let listener = Listener::new(
            ConnectionUri::default(),
            Arc::new(move |_| drop(inner.lock().unwrap().take())),
        );
        let number = listener.number();
        *slot.lock().unwrap() = Some(listener);
        deliver(number, closed);
        assert!(slot.lock().unwrap().is_none());
    }
}
