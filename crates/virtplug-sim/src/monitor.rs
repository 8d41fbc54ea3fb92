//! udev, and the daemon's monitor of it.
//!
//! An event names a port; the monitor then reads what is there. Events that
//! are lost are answered by a scan, after the socket is empty.

use std::time::Duration;

use virtplug_core::{Device, Event, Fact, PortPath};

use crate::agenda::{Due, Lane, Letter};
use crate::fault::Fault;
use crate::server::Server;
use crate::usage::Usage;
use crate::world::World;

/// The monitor's thread.
#[derive(Debug)]
pub(crate) struct Monitor {
    socket: Vec<PortPath>,
    lost: bool,
    /// A scan was asked for.
    pub(crate) everything: bool,
    scan_failed: bool,
}

/// What a read of a port gives.
enum Presence {
    Present(Box<Device>),
    Unreadable,
    Gone,
}

impl Monitor {
    /// A monitor that is about to make its first scan.
    pub(crate) fn new() -> Self {
        Self {
            socket: Vec::new(),
            lost: false,
            everything: true,
            scan_failed: false,
        }
    }
}

impl World {
    /// The kernel tells udev about a port.
    pub(crate) fn uevent(&mut self, port: &PortPath) {
        let takes = if self.random.percent(5) {
            self.random.millis(1000, 12_000)
        } else {
            self.random.latency()
        };
        let at = self.now + takes;
        let due = Due::Processed(port.clone());
        self.agenda.book_in_line(Lane::Port(port.clone()), at, due);
    }

    /// udev is done with a port and tells its listeners.
    pub(crate) fn processed(&mut self, port: PortPath) {
        if let Some(plugged) = self.host.at_mut(&port) {
            plugged.processed = true;
        }
        let lost = self.faults.strikes(Fault::UdevEventLost);
        let doubled = self.faults.strikes(Fault::UdevEventDoubled);
        let late = self.faults.strikes(Fault::UdevEventLate);
        let overtakes = self.faults.strikes(Fault::UdevEventOvertakes);
        let Some(daemon) = &mut self.daemon else {
            return;
        };
        if lost {
            daemon.monitor.lost = true;
        } else {
            if doubled {
                daemon.monitor.socket.push(port.clone());
            }
            let place = if overtakes {
                0
            } else {
                daemon.monitor.socket.len()
            };
            daemon.monitor.socket.insert(place, port);
        }
        let delay = if late {
            self.random.millis(2000, 30_000)
        } else {
            Duration::ZERO
        };
        self.wake_monitor_after(delay);
    }

    /// The host begins to use a device, or ends that.
    pub(crate) fn change_use(&mut self, port: &PortPath, usage: Usage) {
        let Some(plugged) = self.host.at(port) else {
            return;
        };
        let instance = plugged.instance;
        let mut entries = self.servers.values().flat_map(Server::entries);
        let attached = entries.any(|(_, _, entry)| entry.holds == Some(instance));
        if plugged.usage == usage || (attached && usage != Usage::Free) {
            return;
        }
        let takes = if self.faults.strikes(Fault::UseChangeLate) {
            self.random.millis(2000, 60_000)
        } else {
            self.random.latency()
        };
        let at = self.now + takes;
        if let Some(plugged) = self.host.at_mut(port) {
            plugged.usage = usage;
        }
        if let Some(daemon) = &self.daemon {
            let (epoch, port) = (daemon.epoch, port.clone());
            self.agenda.book(at, Due::UseSeen { epoch, port });
        }
    }

    /// The daemon sees that the host uses a device otherwise, and reads it.
    pub(crate) fn use_seen(&mut self, port: PortPath) {
        if let Some(daemon) = &mut self.daemon {
            daemon.monitor.socket.push(port);
            self.wake_monitor();
        }
    }

    pub(crate) fn wake_monitor(&mut self) {
        self.wake_monitor_after(Duration::ZERO);
    }

    fn wake_monitor_after(&mut self, delay: Duration) {
        let at = self.now + delay + self.random.latency();
        if let Some(daemon) = &self.daemon {
            let epoch = daemon.epoch;
            self.agenda.book(at, Due::Monitor { epoch });
        }
    }

    /// The monitor takes what is in its socket and looks.
    pub(crate) fn look_at_devices(&mut self) {
        let Some(daemon) = &mut self.daemon else {
            return;
        };
        let monitor = &mut daemon.monitor;
        let mut ports = std::mem::take(&mut monitor.socket);
        let mut everything = std::mem::take(&mut monitor.everything);
        if ports.is_empty() && monitor.lost {
            monitor.lost = false;
            everything = true;
        }
        let still_lost = monitor.lost;
        everything |= monitor.scan_failed && !ports.is_empty();
        if everything {
            let fails = self.faults.strikes(Fault::ScanFails);
            if let Some(daemon) = &mut self.daemon {
                daemon.monitor.scan_failed = fails;
            }
            let event = if fails {
                Event::ScanFailed("too many open files".into())
            } else {
                self.scan()
            };
            self.report_device(event);
        } else {
            let mut seen = Vec::new();
            ports.retain(|port| {
                let fresh = !seen.contains(port);
                seen.push(port.clone());
                fresh
            });
            for port in ports {
                let event = match self.read_device(&port) {
                    Presence::Gone => Event::DeviceGone(port),
                    Presence::Unreadable => Event::DeviceUnreadable(port),
                    Presence::Present(device) => Event::Device(*device),
                };
                self.report_device(event);
            }
        }
        if still_lost {
            self.wake_monitor();
        }
    }

    fn scan(&mut self) -> Event {
        let mut present = Vec::new();
        let mut unreadable = Vec::new();
        for port in self.host.ports() {
            match self.read_device(&port) {
                Presence::Present(device) => present.push(*device),
                Presence::Unreadable => unreadable.push(port),
                Presence::Gone => {}
            }
        }
        Event::Devices {
            present,
            unreadable,
        }
    }

    fn read_device(&mut self, port: &PortPath) -> Presence {
        let Some(mut device) = self.host.read(port) else {
            return Presence::Gone;
        };
        if self.faults.strikes(Fault::DeviceUnreadable) {
            return Presence::Unreadable;
        }
        if self.faults.strikes(Fault::SerialUnreadable) {
            device.serial = Fact::Unknown;
        }
        if self.faults.strikes(Fault::AuthorizedUnreadable) {
            device.authorized = Fact::Unknown;
        }
        if self.faults.strikes(Fault::RecordUnreadable) {
            device.udev = Fact::Unknown;
            // As the edge reads it: without a record udev is not done.
            device.processed = false;
        }
        if self.faults.strikes(Fault::UseUnreadable) {
            device.in_use = Fact::Unknown;
        }
        Presence::Present(device.into())
    }

    fn report_device(&mut self, event: Event) {
        let at = self.now + self.random.latency();
        if let Some(daemon) = &self.daemon {
            let due = Due::Letter {
                epoch: daemon.epoch,
                letter: Letter::Event(event),
            };
            self.agenda.book_in_line(Lane::Monitor, at, due);
        }
    }
}
