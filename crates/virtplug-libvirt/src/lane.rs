//! Which connection a call goes over, so that one that hangs holds up no other.
//!
//! libvirt allows many threads on one connection, yet they are not free of
//! each other there. The client of 9.0 loses the wake-up of a thread that
//! comes while another waits for its answer (`g_main_loop_quit` before
//! `g_main_loop_run` in `virnetclient.c`): with a machine that hangs, every
//! other call now and then took 5 s, until the keepalive. And libvirt's
//! daemons work on five calls of a client at a time, then stop reading
//! (`max_client_requests`), the sixth machine waits for the first.
//!
//! So a call has a connection to itself. Calls take a millisecond and queue
//! for the main one; when that stays taken, another one is opened, and closed
//! again as soon as the main one is free.

#![forbid(unsafe_code)]

use std::ffi::{CStr, CString};
use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::ffi::{Connect, LibvirtError};

/// How long a call waits for the main connection before another is opened.
const QUEUE: Duration = Duration::from_millis(50);

/// How long a call waits in all before it goes over the main connection
/// together with the one that has it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Most connections beside the main one.
const MAX_EXTRA: usize = 8;

/// Name of the thread that opens one (at most 15 bytes).
const OPENING_THREAD: &str = "vp-libvirt-open";

/// Seconds between two signs of life, and how many may be missed: a server
/// that hangs is given up after some 30 s.
const KEEPALIVE: (i32, u32) = (5, 5);

/// The connections of one URI.
#[derive(Debug)]
pub(crate) struct Lanes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    uri: CString,
    main: Connect,
    /// Whether it leads to a server. Calls do not hang where there is none, and
    /// each connection to `test:///file.xml` would see machines of its own.
    server: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    main: Main,
    /// Calls that wait for a connection.
    waiting: usize,
    /// Open and not in use, while the main one is taken.
    idle: Vec<Connect>,
    /// Open beside the main one, or being opened.
    extra: usize,
    opening: Opening,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Main {
    #[default]
    Free,
    Taken,
    /// For one of the calls that wait; who comes later must not overtake them.
    Offered,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Opening {
    #[default]
    No,
    Underway,
    /// It failed since the main one was handed on.
    Failed,
}

/// The use of a connection for a call.
#[derive(Debug)]
pub(crate) struct Lane<'a> {
    inner: &'a Inner,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Main,
    /// Taken out when the lane is dropped.
    Extra(Option<Connect>),
    /// The main one, though another call may have it.
    Shared,
}

impl Lanes {
    /// Opens the main connection, lets the caller prepare it, and has it
    /// notice when its server hangs. Where that fails it is closed again.
    pub(crate) fn open(
        uri: CString,
        prepare: impl FnOnce(&mut Connect) -> Result<(), LibvirtError>,
    ) -> Result<Self, LibvirtError> {
        let mut main = Connect::open(&uri)?;
        let server = main
            .set_keepalive(KEEPALIVE.0, KEEPALIVE.1)
            .and_then(|server| prepare(&mut main).map(|()| server));
        let server = match server {
            Ok(server) => server,
            Err(error) => {
                main.close();
                return Err(error);
            }
        };
        Ok(Self(Arc::new(Inner {
            uri,
            main,
            server,
            state: Mutex::default(),
            changed: Condvar::new(),
        })))
    }

    /// The main connection, for what does not wait.
    pub(crate) fn main(&self) -> &Connect {
        &self.0.main
    }

    /// A connection for a call, after some waiting when many call at once.
    pub(crate) fn take(&self) -> Lane<'_> {
        if !self.0.server {
            return self.lane(Kind::Shared);
        }
        let since = Instant::now();
        let mut state = self.0.lock();
        if state.main == Main::Free {
            state.main = Main::Taken;
            return self.lane(Kind::Main);
        }
        state.waiting += 1;
        let kind = loop {
            if state.main == Main::Offered {
                state.main = Main::Taken;
                break Kind::Main;
            }
            if let Some(connect) = state.idle.pop() {
                break Kind::Extra(Some(connect));
            }
            let waited = since.elapsed();
            if waited >= PATIENCE || (waited >= QUEUE && !self.open_another(&mut state)) {
                break Kind::Shared;
            }
            let next = if waited < QUEUE { QUEUE } else { PATIENCE };
            state = self
                .0
                .changed
                .wait_timeout(state, next.saturating_sub(waited))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        };
        state.waiting -= 1;
        self.lane(kind)
    }

    fn lane(&self, kind: Kind) -> Lane<'_> {
        Lane {
            inner: &self.0,
            kind,
        }
    }

    /// Makes sure that a connection is being opened, on a thread of its own as
    /// that can hang without end. False where none is to be had.
    fn open_another(&self, state: &mut State) -> bool {
        if state.opening == Opening::No && state.extra < MAX_EXTRA {
            let (uri, inner) = (self.0.uri.clone(), Arc::downgrade(&self.0));
            let opener = thread::Builder::new()
                .name(OPENING_THREAD.to_owned())
                .spawn(move || open(&uri, &inner));
            if opener.is_ok() {
                state.opening = Opening::Underway;
                state.extra += 1;
            }
        }
        state.opening == Opening::Underway
    }

    /// Closes the main connection on this thread.
    pub(crate) fn close(self) {
        // A thread that opened another one may hold it at this moment; then it
        // is closed with that.
        if let Some(inner) = Arc::into_inner(self.0) {
            inner.main.close();
        }
    }
}

fn open(uri: &CStr, inner: &Weak<Inner>) {
    let opened = Connect::open(uri).and_then(|connect| {
        connect.set_keepalive(KEEPALIVE.0, KEEPALIVE.1)?;
        Ok(connect)
    });
    let Some(inner) = inner.upgrade() else {
        return;
    };
    let mut state = inner.lock();
    let unused = if let Ok(connect) = opened {
        state.opening = Opening::No;
        state.put_back(connect)
    } else {
        state.opening = Opening::Failed;
        state.extra = state.extra.saturating_sub(1);
        None
    };
    drop(state);
    inner.changed.notify_all();
    drop(unused);
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that could panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps a connection while the main one is taken. Returns it otherwise.
    fn put_back(&mut self, connect: Connect) -> Option<Connect> {
        if self.main != Main::Free && connect.is_alive() {
            self.idle.push(connect);
            None
        } else {
            self.extra = self.extra.saturating_sub(1);
            Some(connect)
        }
    }

    /// Hands the main connection on. Returns the others, to be closed.
    fn free_main(&mut self) -> Vec<Connect> {
        self.main = if self.waiting > 0 {
            Main::Offered
        } else {
            Main::Free
        };
        if self.opening == Opening::Failed {
            self.opening = Opening::No;
        }
        self.extra = self.extra.saturating_sub(self.idle.len());
        std::mem::take(&mut self.idle)
    }
}

impl Lane<'_> {
    /// Whether calls go over the main connection.
    pub(crate) fn is_main(&self) -> bool {
        !matches!(self.kind, Kind::Extra(_))
    }
}

impl Deref for Lane<'_> {
    type Target = Connect;

    fn deref(&self) -> &Connect {
        match &self.kind {
            Kind::Extra(Some(connect)) => connect,
            Kind::Main | Kind::Shared | Kind::Extra(None) => &self.inner.main,
        }
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        let mut state = self.inner.lock();
        let unused = match &mut self.kind {
            Kind::Main => state.free_main(),
            Kind::Extra(connect) => connect
                .take()
                .and_then(|connect| state.put_back(connect))
                .into_iter()
                .collect(),
            Kind::Shared => Vec::new(),
        };
        drop(state);
        self.inner.changed.notify_all();
        // Closed after the lock is released.
        drop(unused);
    }
}
