//! Where actions meet the world: each is performed off the loop, and its
//! answer comes back as a message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use virtplug_core::{
    Action, AttachRequest, CallError, ConnectionUri, Escaped, Event, Fact, OpId, Outcome,
};
use virtplug_libvirt::{Connection, ConnectionEvent, EventLoop, OpenError};
use virtplug_udev::{Host, MonitorHandle};

mod call;

use self::call::{connected, detach, instance_present, list, read, start, unused, with_advice};
use crate::machine_names::MachineNames;
use crate::message::{Content, Message};

/// How devices are found.
pub(crate) enum DeviceSource {
    /// The monitor's thread scans on request.
    Monitor(MonitorHandle),
    /// Each scan is one read of sysfs.
    Scan,
}

/// Performs actions.
pub(crate) struct Edge {
    sender: mpsc::UnboundedSender<Message>,
    host: Host,
    events: EventLoop,
    source: DeviceSource,
    connections: BTreeMap<ConnectionUri, Link>,
    names: MachineNames,
    generation: u64,
    in_flight: usize,
    /// Whether libvirt refused this user.
    refused: bool,
    calls: usize,
}

/// A connection, or the attempt to open it. The generation tells what belongs
/// to an earlier connection of the same URI.
struct Link {
    generation: u64,
    connection: Option<Arc<Connection>>,
}

impl Edge {
    pub(crate) fn new(host: Host, events: EventLoop) -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let edge = Self {
            sender,
            host,
            events,
            source: DeviceSource::Scan,
            connections: BTreeMap::new(),
            names: MachineNames::default(),
            generation: 0,
            in_flight: 0,
            refused: false,
            calls: 0,
        };
        (edge, receiver)
    }

    /// For threads that have something to say to the loop.
    pub(crate) fn sender(&self) -> mpsc::UnboundedSender<Message> {
        self.sender.clone()
    }

    pub(crate) fn watch_with(&mut self, monitor: MonitorHandle) {
        self.source = DeviceSource::Monitor(monitor);
    }

    /// Takes notice of what the engine is told: a new policy says how machines are named.
    pub(crate) fn observe(&mut self, event: &Event) {
        if let Event::Policy(policy) = event {
            self.names = MachineNames::of(policy);
        }
    }

    /// Actions that are not answered.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Attaches, detaches and starts that are not answered.
    pub(crate) fn calls(&self) -> usize {
        self.calls
    }

    /// Starts an action. `cause` is when the udev event that led to it was received.
    pub(crate) fn perform(&mut self, action: Action, cause: Option<Instant>) {
        if matches!(
            action,
            Action::Attach(..) | Action::Detach(..) | Action::Start(..)
        ) {
            self.calls += 1;
        }
        match action {
            Action::Connect(uri) => self.connect(uri),
            Action::Disconnect(uri) => self.drop_connection(&uri),
            Action::ScanDevices => self.scan(),
            Action::ListMachines(uri) => {
                let names = self.names.clone();
                self.call(&uri.clone(), move |c| list(c, uri, &names));
            }
            Action::ReadMachine(machine) => {
                let names = self.names.clone();
                self.call(&machine.uri.clone(), move |c| {
                    let read = names.judge(&machine, read(c, &machine));
                    Event::MachineRead(machine, read)
                });
            }
            Action::Attach(op, request) => self.attach(op, request, cause),
            Action::Detach(op, request) => self.call(&request.machine.uri.clone(), move |c| {
                detach(c, op, &request)
            }),
            Action::Start(op, machine) => {
                self.call(&machine.uri.clone(), move |c| start(c, op, &machine));
            }
            Action::Report(_) => {}
        }
    }

    /// Takes a message from the queue: keeps the books on connections and
    /// gives the event that is left for the engine.
    pub(crate) fn accept(&mut self, content: Content) -> Option<Event> {
        match content {
            Content::Event(event) => Some(event),
            Content::Answer(event) => {
                self.in_flight = self.in_flight.saturating_sub(1);
                if matches!(event, Event::Done(..)) {
                    self.calls = self.calls.saturating_sub(1);
                }
                Some(event)
            }
            Content::Opened {
                uri,
                generation,
                result,
            } => {
                self.in_flight = self.in_flight.saturating_sub(1);
                self.opened(uri, generation, result)
            }
            Content::Libvirt {
                uri,
                generation,
                event,
            } => {
                if self.connections.get(&uri)?.generation != generation {
                    return None;
                }
                Some(match event {
                    ConnectionEvent::MachineChanged(machine, uuid) => {
                        Event::MachineChanged(self.names.key(machine, uuid))
                    }
                    ConnectionEvent::HostdevAdded(machine, uuid, alias)
                    | ConnectionEvent::HostdevRemoved(machine, uuid, alias)
                    | ConnectionEvent::RemovalFailed(machine, uuid, alias) => {
                        Event::HostdevChanged(self.names.key(machine, uuid), alias)
                    }
                    ConnectionEvent::Closed(reason) => {
                        self.drop_connection(&uri);
                        Event::Disconnected(uri, Escaped(&reason).to_string())
                    }
                })
            }
            Content::Called { .. } | Content::Overrun => None,
        }
    }

    /// Whether libvirt refused this user.
    pub(crate) fn was_refused(&self) -> bool {
        self.refused
    }

    fn connect(&mut self, uri: ConnectionUri) {
        self.generation += 1;
        let generation = self.generation;
        let link = Link {
            generation,
            connection: None,
        };
        self.connections.insert(uri.clone(), link);
        self.in_flight += 1;
        let sender = self.sender.clone();
        let event_loop = self.events;
        spawn_blocking(move || {
            let events = sender.clone();
            let of = uri.clone();
            let sink = Arc::new(move |event| {
                let content = Content::Libvirt {
                    uri: of.clone(),
                    generation,
                    event,
                };
                // Without a loop there is nobody to tell.
                let _ = events.send(content.into());
            });
            let result = Connection::open(event_loop, &uri, sink);
            let opened = Content::Opened {
                uri,
                generation,
                result,
            };
            let _ = sender.send(opened.into());
        });
    }

    fn opened(
        &mut self,
        uri: ConnectionUri,
        generation: u64,
        result: Result<Connection, OpenError>,
    ) -> Option<Event> {
        let link = self
            .connections
            .get_mut(&uri)
            .filter(|link| link.generation == generation);
        match (result, link) {
            (Ok(connection), Some(link)) => {
                link.connection = Some(Arc::new(connection));
                Some(Event::Connected(uri))
            }
            (Ok(unwanted), None) => {
                close(unwanted);
                None
            }
            (Err(error), Some(_)) => {
                self.refused |= matches!(error, OpenError::NotPermitted { .. });
                self.connections.remove(&uri);
                Some(Event::Disconnected(uri, error_text(&error)))
            }
            (Err(_), None) => None,
        }
    }

    fn drop_connection(&mut self, uri: &ConnectionUri) {
        let link = self.connections.remove(uri);
        if let Some(connection) = link.and_then(|link| link.connection) {
            close(connection);
        }
    }

    fn scan(&mut self) {
        if let DeviceSource::Monitor(monitor) = &self.source {
            // The answer comes as a report of the monitor.
            monitor.rescan();
            return;
        }
        let host = self.host.clone();
        self.answer(move |_| match host.scan() {
            Ok(scan) => Event::Devices {
                present: scan.devices,
                unreadable: scan.unreadable.into_iter().map(|one| one.port).collect(),
            },
            Err(error) => Event::ScanFailed(error_text(&error)),
        });
    }

    fn attach(&mut self, op: OpId, request: AttachRequest, cause: Option<Instant>) {
        let host = self.host.clone();
        let connection = self.connection(&request.machine.uri);
        self.answer(move |sender| {
            let result = match instance_present(&host, &request) {
                Fact::Known(true) => connected(connection.as_deref()).and_then(|connection| {
                    unused(&host, &request)?;
                    let reaction = cause.map(|received| received.elapsed());
                    let attached = connection.attach(&request);
                    // Told after it, so that the loop does not wake up while libvirt is to begin.
                    if let Some(reaction) = reaction {
                        let alias = request.alias.clone();
                        let _ = sender.send(Content::Called { alias, reaction }.into());
                    }
                    attached.map_err(|error| with_advice(error, &request))
                }),
                Fact::Known(false) | Fact::Unknown => Err(CallError::InstanceChanged),
            };
            let outcome = Outcome {
                result,
                after: read(connection.as_deref(), &request.machine),
                instance_present: instance_present(&host, &request),
            };
            Event::Done(op, outcome)
        });
    }

    /// Runs a call on a connection and sends what it gives as an answer.
    fn call(
        &mut self,
        uri: &ConnectionUri,
        call: impl FnOnce(Option<&Connection>) -> Event + Send + 'static,
    ) {
        let connection = self.connection(uri);
        self.answer(move |_| call(connection.as_deref()));
    }

    fn connection(&self, uri: &ConnectionUri) -> Option<Arc<Connection>> {
        self.connections.get(uri)?.connection.clone()
    }

    /// Runs something that may block on a thread of its own.
    fn answer(
        &mut self,
        work: impl FnOnce(&mpsc::UnboundedSender<Message>) -> Event + Send + 'static,
    ) {
        self.in_flight += 1;
        let sender = self.sender.clone();
        spawn_blocking(move || {
            let event = work(&sender);
            let _ = sender.send(Content::Answer(event).into());
        });
    }
}

/// Closing waits for libvirt, so it happens off the loop.
fn close(connection: impl Send + 'static) {
    spawn_blocking(move || drop(connection));
}

/// An error with its causes, in one line that is fit to be shown.
pub(crate) fn error_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    Escaped(&text).to_string()
}
