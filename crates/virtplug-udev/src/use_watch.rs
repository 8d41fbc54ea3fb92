//! Use watch: waits for signs that the host began or ceased to use a device.
//! It only looks at devices that the host's drivers made nodes of, and listens
//! only while there are any. A use that may end without a sign is looked at a
//! few times more.

mod again;
mod kept;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};
use virtplug_core::PortPath;

use self::again::Again;
use self::kept::Kept;
use crate::host::{Found, Host};
use crate::host_use::{Kind, port_above};
use crate::snapshot::Scan;

/// Least time between two looks: what comes in between is looked at together.
const PAUSE: Duration = Duration::from_millis(100);

/// Most messages taken from a socket at once.
const BATCH: usize = 1024;

/// Kinds of nodes whose events tell of a use.
const TOLD_BY_UDEV: [&str; 3] = ["block", "net", "input"];

/// The kernel's groups (`RTMGRP_*`): links, addresses and routes of both families.
const ROUTE_GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;

/// Devices with nodes, and where changes of their use show.
pub(crate) struct UseWatch {
    host: Host,
    /// A socket of its own, so that a storm of other devices takes no room from
    /// the events of USB devices.
    udev: udev::MonitorSocket,
    mounts: Option<File>,
    swaps: Option<File>,
    routes: Option<OwnedFd>,
    kept: BTreeMap<PortPath, Kept>,
    wanted: Wanted,
    looked: Option<Instant>,
    again: Again,
}

/// What to look at.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// Events were lost.
    everything: bool,
    /// Devices with such nodes.
    kinds: BTreeSet<Kind>,
    ports: BTreeSet<PortPath>,
}

/// Where a sign comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Udev,
    Mounts,
    Swaps,
    Routes,
}

impl UseWatch {
    pub(crate) fn open(host: Host) -> io::Result<Self> {
        let mut builder = udev::MonitorBuilder::new()?;
        for subsystem in TOLD_BY_UDEV {
            builder = builder.match_subsystem(subsystem)?;
        }
        Ok(Self {
            host,
            udev: builder.listen()?,
            mounts: None,
            swaps: None,
            routes: None,
            kept: BTreeMap::new(),
            wanted: Wanted::default(),
            looked: None,
            again: Again::default(),
        })
    }

    /// Forgets the devices that a scan did not find.
    pub(crate) fn keep(&mut self, scan: &Scan) {
        let devices = scan.devices.iter().map(|device| &device.port);
        let unreadable = scan.unreadable.iter().map(|one| &one.port);
        let there: BTreeSet<_> = devices.chain(unreadable).collect();
        self.kept.retain(|port, _| there.contains(port));
    }

    /// Keeps what is told of a device. A use that ended a moment ago is told as
    /// if it went on.
    pub(crate) fn notice(&mut self, found: &mut Found) {
        let now = Instant::now();
        let device = &mut found.device;
        let kept = self.kept.entry(device.port.clone()).or_default();
        let before = kept.uses.clone();
        kept.take(device.instance, &found.host_use, now);
        device.in_use.clone_from(&kept.uses);
        let changed = kept.uses != before;
        let unwatched = self.again.due(now).is_none();
        if kept.may_end_unseen() && changed || kept.is_busy() && unwatched {
            self.again.begin(now);
        }
        if kept.is_nothing() {
            self.kept.remove(&device.port);
        }
    }

    /// The device at a port is gone.
    pub(crate) fn drop(&mut self, port: &PortPath) {
        self.kept.remove(port);
    }

    /// Listens for what matters to the devices that are kept, and to nothing
    /// else. A change from before is found by the look that follows.
    pub(crate) fn arm(&mut self) {
        let places = self.host.places();
        let any = |kind| self.kept.values().any(|kept| kept.kinds.contains(&kind));
        let mut started = BTreeSet::new();
        let mut file = |open: &mut Option<File>, path: &Path| {
            if !any(Kind::Block) {
                *open = None;
            } else if open.is_none() {
                *open = File::open(path).ok();
                started.extend(open.is_some().then_some(Kind::Block));
            }
        };
        file(&mut self.mounts, &places.mounts());
        file(&mut self.swaps, &places.swaps());
        if !any(Kind::Net) {
            self.routes = None;
        } else if self.routes.is_none() {
            self.routes = routes().ok();
            started.extend(self.routes.is_some().then_some(Kind::Net));
        }
        self.wanted.kinds.extend(started);
    }

    /// How long until something is to be looked at. `None`: nothing is.
    pub(crate) fn due(&self, now: Instant) -> Option<Duration> {
        let wanted = self.is_wanted().then(|| {
            let since = self
                .looked
                .map(|looked| now.saturating_duration_since(looked));
            since.map_or(Duration::ZERO, |since| PAUSE.saturating_sub(since))
        });
        wanted.into_iter().chain(self.again.due(now)).min()
    }

    fn is_wanted(&self) -> bool {
        self.wanted != Wanted::default()
    }

    /// What to wait for. Nothing while a look is due already, so that a storm
    /// of events wakes only for it.
    pub(crate) fn sources(&self) -> Vec<(Source, PollFd<'_>)> {
        if self.is_wanted() {
            return Vec::new();
        }
        let mut sources = vec![(Source::Udev, PollFd::new(&self.udev, PollFlags::IN))];
        let files = [(Source::Mounts, &self.mounts), (Source::Swaps, &self.swaps)];
        for (source, file) in files {
            sources.extend(
                file.iter()
                    .map(|file| (source, PollFd::new(file, PollFlags::PRI))),
            );
        }
        let routes = self.routes.iter();
        sources.extend(routes.map(|socket| (Source::Routes, PollFd::new(socket, PollFlags::IN))));
        sources
    }

    /// Takes what has arrived at a source.
    pub(crate) fn take(&mut self, source: Source) {
        match source {
            Source::Udev => self.take_events(),
            Source::Mounts | Source::Swaps => self.want(Kind::Block),
            Source::Routes => {
                if let Some(socket) = &self.routes {
                    drain(socket);
                }
                self.want(Kind::Net);
            }
        }
    }

    fn take_events(&mut self) {
        let mut events = self.udev.iter();
        let mut wanted = Vec::new();
        for _ in 0..BATCH {
            errno::set_errno(errno::Errno(0));
            if let Some(event) = events.next() {
                let text = |name| event.property_value(name).and_then(|value| value.to_str());
                let kind = text("SUBSYSTEM").and_then(Kind::of_class);
                wanted.push((kind, text("DEVPATH").map(port_above)));
                continue;
            }
            match Errno::from_io_error(&io::Error::from(errno::errno())) {
                Some(Errno::AGAIN) => break,
                Some(Errno::INTR) => {}
                // Lost, or not understood.
                _ => self.wanted.everything = true,
            }
        }
        for (kind, port) in wanted {
            match (kind, port) {
                (Some(kind), Some(port)) => self.event(kind, port),
                _ => self.wanted.everything = true,
            }
        }
    }

    /// A node came, went or changed, below the USB device at a port or elsewhere.
    fn event(&mut self, kind: Kind, port: Option<PortPath>) {
        // Any keyboard matters to whether another one is the last.
        if port.is_none() || kind == Kind::Input {
            self.want(kind);
        }
        self.wanted.ports.extend(port);
    }

    fn want(&mut self, kind: Kind) {
        if self.kept.values().any(|kept| kept.kinds.contains(&kind)) {
            self.wanted.kinds.insert(kind);
        }
    }

    /// Looks at what is wanted, and gives the ports of the devices that are
    /// used otherwise than was told.
    pub(crate) fn look(&mut self) -> Vec<PortPath> {
        let now = Instant::now();
        self.looked = Some(now);
        if self.is_wanted() {
            self.again = Again::default();
        }
        let wanted = std::mem::take(&mut self.wanted);
        let mut ports = wanted.ports;
        if wanted.everything {
            // Without a list nothing is known; the next event looks again.
            ports.extend(self.host.ports().unwrap_or_default());
        }
        let with_nodes = self.kept.iter();
        ports.extend(
            with_nodes
                .filter(|(_, kept)| kept.may_end_unseen() || !kept.kinds.is_disjoint(&wanted.kinds))
                .map(|(port, _)| port.clone()),
        );
        let tables = self.host.tables();
        ports.retain(|port| match self.host.use_at(port, &tables) {
            Ok(Some(found)) => {
                let kept = self.kept.entry(port.clone()).or_default();
                kept.is_to_tell(&found, now)
            }
            // Its own event tells that it left.
            Ok(None) => false,
            Err(_) => true,
        });
        self.kept.retain(|_, kept| !kept.is_nothing());
        let busy = self.kept.values().any(Kept::is_busy);
        let unseen = self.kept.values().any(Kept::may_end_unseen);
        self.again.go_on(now, busy, unseen);
        ports.into_iter().collect()
    }
}

/// A socket that gets a message when a link, an address or a route changes.
fn routes() -> io::Result<OwnedFd> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        // NETLINK_ROUTE is protocol 0.
        None,
    )?;
    bind(&socket, &SocketAddrNetlink::new(0, ROUTE_GROUPS))?;
    Ok(socket)
}

/// Empties a socket whose messages say nothing but "look".
fn drain(socket: &OwnedFd) {
    for _ in 0..BATCH {
        // Messages were lost: there may be more.
        let got = recv(socket, &mut [0; 1][..], RecvFlags::DONTWAIT);
        if !matches!(got, Ok(_) | Err(Errno::NOBUFS | Errno::INTR)) {
            return;
        }
    }
}
