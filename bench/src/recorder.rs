//! When the kernel, udev and libvirt told of devices, by one clock.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use anyhow::{Context as _, Result, bail};
use rustix::time::{ClockId, clock_gettime};
use virtplug_core::ConnectionUri;
use virtplug_libvirt::{Connection, ConnectionEvent, EventLoop};

use crate::listening::{Teller, each_event};

/// Something that was told.
#[derive(Debug)]
struct Stamp {
    /// Nanoseconds of the monotonic clock.
    at: i64,
    /// `kernel`, `udev` or `libvirt`.
    teller: &'static str,
    /// What, and which device.
    what: String,
}

impl Stamp {
    fn now(teller: &'static str, what: String) -> Self {
        let time = clock_gettime(ClockId::Monotonic);
        Self {
            at: time.tv_sec * 1_000_000_000 + time.tv_nsec,
            teller,
            what,
        }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, teller, what } = self;
        write!(f, "{at} {teller} {what}")
    }
}

/// Records until it is killed or loses libvirt.
pub(crate) fn record(pipe: &Path) -> Result<()> {
    let (sender, stamps) = channel();
    let from_libvirt = sender.clone();
    let sink = Arc::new(move |event| {
        let what = match event {
            ConnectionEvent::HostdevAdded(_, _, alias) => format!("added {alias}"),
            ConnectionEvent::HostdevRemoved(_, _, alias) => format!("removed {alias}"),
            ConnectionEvent::RemovalFailed(_, _, alias) => format!("failed {alias}"),
            ConnectionEvent::Closed(reason) => format!("closed {reason}"),
            ConnectionEvent::MachineChanged(..) => return,
        };
        let _ = from_libvirt.send(Stamp::now("libvirt", what));
    });
    let _connection = Connection::open(EventLoop::start()?, &ConnectionUri::default(), sink)?;
    let (ready, readiness) = channel();
    thread::spawn(move || {
        let told = listen(&sender, &ready);
        let what = format!("closed {told:?}");
        let _ = sender.send(Stamp::now("udev", what));
    });
    readiness.recv().context("cannot listen to udev")?;
    println!("ready");

    let mut text = String::new();
    for stamp in stamps {
        if stamp.what.starts_with("closed ") {
            bail!("{stamp}");
        }
        writeln!(text, "{stamp}")?;
        if stamp.teller == "libvirt" {
            // Waits for a reader; who tells meanwhile has its time already.
            fs::write(pipe, &text)?;
            text.clear();
        }
    }
    Ok(())
}

fn listen(sender: &Sender<Stamp>, ready: &Sender<()>) -> Result<()> {
    let sockets = [Teller::Kernel.listen()?, Teller::Udev.listen()?];
    ready.send(())?;
    each_event(&sockets, |index, event| {
        let teller = if index == 0 { "kernel" } else { "udev" };
        let (action, name) = (event.event_type(), event.sysname().to_string_lossy());
        sender.send(Stamp::now(teller, format!("{action} {name}")))?;
        Ok(())
    })
}
