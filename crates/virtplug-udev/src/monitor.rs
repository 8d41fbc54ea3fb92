//! Monitor: waits for events of udev and reports what sysfs says after them.

use std::io;
use std::ops::ControlFlow;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt;
use thiserror::Error;
use virtplug_core::{Device, PortPath};

mod changes;

use self::changes::Changes;
use crate::failure::chain;
use crate::handle::{MonitorHandle, Requests};
use crate::host::Host;
use crate::packet::{Look, Packet};
use crate::patience::Wait;
use crate::snapshot::{Presence, Scan, Unreadable};
use crate::use_watch::UseWatch;

/// Size of the receive buffer to ask for, in bytes: room for some 10,000
/// events, used only while they wait. The kernel's default holds about 166.
pub const RECEIVE_BUFFER: usize = 8 << 20;

/// At most 15 characters, or the kernel cuts it off.
const THREAD_NAME: &str = "vp-udev";

/// Most messages taken from the socket before what they say is acted upon.
const BATCH: usize = 1024;

/// No events at the socket and the handle.
const NOTHING: [PollFlags; 2] = [PollFlags::empty(); 2];

/// What the monitor tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostReport {
    /// When the cause was received: the event of udev or the request.
    pub received: Instant,
    /// What is there now.
    pub what: HostChange,
}

/// What a look found, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostChange {
    /// All devices; what is not in it is gone.
    All(Scan),
    /// The device at a port, read again.
    Device(Box<Device>),
    /// The port holds no device.
    Gone(PortPath),
    /// The port holds a device that could not be read.
    Unreadable(Unreadable),
    /// A scan failed, with the reason; nothing is known from it. The next
    /// event or request causes another one.
    ScanFailed(String),
    /// Events were lost; a scan of all devices follows.
    Overrun,
}

/// Why there are no events.
#[derive(Debug, Error)]
pub enum MonitorError {
    /// The socket to udev could not be opened.
    #[error("cannot open the udev monitor (a netlink socket)")]
    Open(#[source] io::Error),
    /// The thread could not be started.
    #[error("cannot start the thread {THREAD_NAME}")]
    Thread(#[source] io::Error),
    /// Waiting for events failed.
    #[error("cannot wait for events of udev")]
    Wait(#[source] io::Error),
    /// The socket gives nothing but errors.
    #[error("the udev monitor gives only errors")]
    Receive(#[source] io::Error),
}

/// The room for events that the kernel granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiveBuffer {
    /// Bytes, as the kernel counts them: twice what was asked for.
    pub bytes: usize,
    /// Whether the limit of the host (`net.core.rmem_max`) could be passed;
    /// that takes `CAP_NET_ADMIN`.
    pub forced: bool,
}

/// Events of the USB devices of a host. Opened before anything is scanned, so
/// that no change falls between.
pub struct Monitor {
    host: Host,
    /// libudev checks what arrives: sent by root to udev's multicast group.
    socket: udev::MonitorSocket,
    handle: MonitorHandle,
    uses: UseWatch,
    changes: Changes,
    buffer: ReceiveBuffer,
    /// Events were lost, and the socket may not be empty yet.
    lost: bool,
    /// The last scan failed, so that one device alone says too little.
    scan_failed: bool,
}

/// What one wakeup asks for.
#[derive(Debug)]
struct Round {
    /// When it woke up.
    at: Instant,
    stop: bool,
    overrun: bool,
    everything: bool,
    /// Each port once, in the order of the events, and when its cause was received.
    ports: Vec<(PortPath, Instant)>,
}

impl Monitor {
    /// Starts to listen, with a receive buffer of this many bytes
    /// ([`RECEIVE_BUFFER`]) or what the kernel grants.
    pub fn open(host: Host, buffer: usize) -> Result<Self, MonitorError> {
        let open = || -> io::Result<_> {
            let socket = udev::MonitorBuilder::new()?
                .match_subsystem_devtype("usb", "usb_device")?
                .listen()?;
            let buffer = grow(&socket, buffer)?;
            let uses = UseWatch::open(host.clone())?;
            Ok((socket, buffer, MonitorHandle::new()?, uses))
        };
        let (socket, buffer, handle, uses) = open().map_err(MonitorError::Open)?;
        let late = handle.clone();
        host.patience().when_late(move |port| late.look(port));
        Ok(Self {
            host,
            socket,
            handle,
            uses,
            changes: Changes::default(),
            buffer,
            lost: false,
            scan_failed: false,
        })
    }

    /// The receive buffer that was granted.
    pub fn receive_buffer(&self) -> ReceiveBuffer {
        self.buffer
    }

    /// A handle to ask this monitor for more.
    pub fn handle(&self) -> MonitorHandle {
        self.handle.clone()
    }

    /// Runs the monitor on a thread of its own, named `vp-udev`.
    pub fn spawn(
        self,
        report: impl FnMut(HostReport) -> ControlFlow<()> + Send + 'static,
    ) -> Result<JoinHandle<Result<(), MonitorError>>, MonitorError> {
        thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .spawn(move || self.run(report))
            .map_err(MonitorError::Thread)
    }

    /// Scans and reports all devices, then reports what events and requests
    /// lead to, until `report` breaks or the handle says stop. Between events
    /// it sleeps without a timeout.
    pub fn run(
        mut self,
        mut report: impl FnMut(HostReport) -> ControlFlow<()>,
    ) -> Result<(), MonitorError> {
        let mut round = Round::at(Instant::now());
        round.everything = true;
        while !round.stop {
            let mut tell = |what, received| report(HostReport { received, what });
            if self.answer(&round, &mut tell).is_break() {
                break;
            }
            round = self.wait()?;
        }
        Ok(())
    }

    /// Looks where a round asks to and tells what is there.
    fn answer(
        &mut self,
        round: &Round,
        tell: &mut impl FnMut(HostChange, Instant) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if round.overrun {
            tell(HostChange::Overrun, round.at)?;
        }
        let scan_owed = self.scan_failed && !round.ports.is_empty();
        if round.everything || scan_owed {
            self.changes.reading_all();
            let notice = |found: &mut _| self.uses.notice(found);
            let scan = self.host.scan_within(Wait::SHORT, notice);
            if let Ok(scan) = &scan {
                self.uses.keep(scan);
            }
            self.uses.arm();
            self.scan_failed = scan.is_err();
            let what = match scan {
                Ok(scan) => HostChange::All(scan),
                Err(error) => HostChange::ScanFailed(chain(&error)),
            };
            return tell(what, round.at);
        }
        for (port, received) in &round.ports {
            self.changes.reading(port, Instant::now());
            let notice = |found: &mut _| self.uses.notice(found);
            let presence = self.host.read_within(port, Wait::SHORT, notice);
            if presence == Presence::Gone {
                self.uses.drop(port);
            }
            self.uses.arm();
            let what = match presence {
                Presence::Present(device) => HostChange::Device(device),
                Presence::Gone => HostChange::Gone(port.clone()),
                Presence::Unreadable(reason) => HostChange::Unreadable(Unreadable {
                    port: port.clone(),
                    reason,
                }),
            };
            tell(what, *received)?;
        }
        ControlFlow::Continue(())
    }

    /// Sleeps until there is something to do, and says when and what.
    fn wait(&mut self) -> Result<Round, MonitorError> {
        // The kernel drops events silently after an overrun until the socket
        // is empty, so only then does a scan see everything.
        let due = if self.lost {
            Some(Duration::ZERO)
        } else {
            let now = Instant::now();
            let due = self.uses.due(now).into_iter();
            due.chain(self.changes.due(now)).min()
        };
        // A time that a timespec cannot hold is beyond all waiting.
        let timeout = due.and_then(|due| Timespec::try_from(due).ok());
        let (sources, own): (Vec<_>, Vec<_>) = self.uses.sources().into_iter().unzip();
        let mut fds = vec![
            PollFd::new(&self.socket, PollFlags::IN),
            PollFd::new(&self.handle, PollFlags::IN),
        ];
        fds.extend(own);
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Round::at(Instant::now())),
            Err(error) => return Err(MonitorError::Wait(error.into())),
        }
        let mut round = Round::at(Instant::now());
        let ready: Vec<PollFlags> = fds.iter().map(PollFd::revents).collect();
        let (&[events, requests], signs) = ready.split_first_chunk().unwrap_or((&NOTHING, &[]));
        if events.contains(PollFlags::NVAL) {
            return Err(MonitorError::Wait(Errno::BADF.into()));
        }
        if !requests.is_empty() {
            round.add(self.handle.take());
        }
        if !events.is_empty() {
            self.drain(&mut round)?;
        } else if self.lost {
            self.lost = false;
            round.overrun = true;
            round.everything = true;
        }
        for (source, _) in sources
            .into_iter()
            .zip(signs)
            .filter(|(_, sign)| !sign.is_empty())
        {
            self.uses.take(source);
        }
        for (port, told) in self.changes.take(round.at) {
            round.look_at(port, told);
        }
        if self.uses.due(round.at) == Some(Duration::ZERO) {
            for port in self.uses.look() {
                round.look_at(port, round.at);
            }
            self.uses.arm();
        }
        Ok(round)
    }

    /// Takes the messages that have arrived; there is at least one, or an error.
    fn drain(&mut self, round: &mut Round) -> Result<(), MonitorError> {
        let mut messages = self.socket.iter();
        let mut only_errors = None;
        for taken in 0..BATCH {
            if taken > 0 && !self.is_readable()? {
                return Ok(());
            }
            // The iterator ends alike for "empty" and for every error, which
            // only errno tells apart.
            errno::set_errno(errno::Errno(0));
            if let Some(event) = messages.next() {
                match Packet::of(&event).look() {
                    Look::Nothing => {}
                    Look::Everything => round.everything = true,
                    Look::Change(port) if !self.changes.told(&port, round.at) => {}
                    Look::Port(port) | Look::Change(port) => round.look_at(port, round.at),
                }
                only_errors = None;
                continue;
            }
            let error = io::Error::from(errno::errno());
            match Errno::from_io_error(&error) {
                Some(Errno::INTR) => {}
                // There was a message, and libudev did not accept it: not from
                // udev, or not understood. What it meant is not known.
                None | Some(Errno::AGAIN) => round.everything = true,
                // ENOBUFS: the buffer was full. Others are as uncertain.
                Some(_) => {
                    self.lost = true;
                    if taken == 0 || only_errors.is_some() {
                        only_errors = Some(error);
                    }
                }
            }
        }
        only_errors.map_or(Ok(()), |error| Err(MonitorError::Receive(error)))
    }

    fn is_readable(&self) -> Result<bool, MonitorError> {
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        match poll(&mut fds, Some(&Timespec::default())) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(true),
            Err(error) => Err(MonitorError::Wait(error.into())),
        }
    }
}

impl Round {
    fn at(at: Instant) -> Self {
        Self {
            at,
            stop: false,
            overrun: false,
            everything: false,
            ports: Vec::new(),
        }
    }

    fn look_at(&mut self, port: PortPath, received: Instant) {
        if self.ports.iter().all(|(other, _)| *other != port) {
            self.ports.push((port, received));
        }
    }

    fn add(&mut self, requests: Requests) {
        self.stop |= requests.stop;
        self.everything |= requests.everything;
        for port in requests.ports {
            self.look_at(port, self.at);
        }
    }
}

/// Makes the receive buffer as large as the kernel allows, and says how large it is.
fn grow(socket: &udev::MonitorSocket, bytes: usize) -> io::Result<ReceiveBuffer> {
    let forced = sockopt::set_socket_recv_buffer_size_force(socket, bytes).is_ok();
    if !forced {
        // Takes no privilege; the kernel cuts the size to its limit.
        sockopt::set_socket_recv_buffer_size(socket, bytes)?;
    }
    Ok(ReceiveBuffer {
        bytes: sockopt::socket_recv_buffer_size(socket)?,
        forced,
    })
}

#[cfg(test)]
mod tests;
