//! A connection to libvirt and what it can be asked.

#![forbid(unsafe_code)]

use std::ffi::CString;
use std::sync::Arc;

use virt_sys as sys;
use virtplug_core::{
    AttachRequest, CallError, ConnectionUri, DetachRequest, LiveMachine, MachineKey,
    MachineListing, MachineRead, RunId,
};

use crate::definition::Definition;
use crate::domain_xml::DomainXml;
use crate::event::ConnectionEvent;
use crate::event_loop::EventLoop;
use crate::ffi::{Connect, Domain, DomainEvent, LibvirtError};
use crate::hostdev_xml::hostdev_xml;
use crate::known::Known;
use crate::lane::{Lane, Lanes};
use crate::listener::{Listener, Sink};
use crate::machine_state::{Standstill, activity};
use crate::open_error::OpenError;
use crate::uri::without_prompts;
use crate::version::{Version, Versions};

/// How often a machine that changes while it is looked at is looked at again.
/// Each look takes three round trips of well under a millisecond.
const LOOKS: usize = 5;

/// A machine and its definition, or why that cannot be read.
pub type DefinedMachine = (MachineListing, Result<Definition, String>);

/// An open connection, for any number of threads at once.
///
/// Every method waits for the server. A call that hangs holds up no other:
/// each has a connection to itself, and a second one is opened when the first
/// stays taken. A server that hangs as a whole is noticed by the keepalive
/// after some 30 s: then all calls under way fail, and
/// [`ConnectionEvent::Closed`](crate::ConnectionEvent::Closed) is delivered.
///
/// Dropping a connection ends its events, then closes it on a thread of its
/// own (`vp-libvirt-end`), and so never waits, not even for a server that
/// hangs. That thread ends with the answer, at the latest with the keepalive.
#[derive(Debug)]
pub struct Connection {
    uri: ConnectionUri,
    // Dropped before the connection: no events come from the closing of it.
    listener: Listener,
    known: Known,
    lanes: Lanes,
}

impl Connection {
    /// Opens a connection and registers for its events, all before the caller
    /// can list anything, so that no change goes unseen. Never asks for a
    /// password. Events may come before this returns, and before it fails.
    ///
    /// libvirt has no time limit for this: where the server accepts and says
    /// nothing, it takes until the server goes on or dies. Keep at most one
    /// opening per URI under way.
    pub fn open(_: EventLoop, uri: &ConnectionUri, sink: Sink) -> Result<Self, OpenError> {
        let address = c_string(&without_prompts(uri.as_str()))?;
        let known = Known::default();
        let news = known.news();
        let sink = Arc::new(move |event| {
            if let ConnectionEvent::MachineChanged(_, uuid) = &event {
                news.changed(*uuid);
            }
            sink(event);
        });
        let listener = Listener::new(uri.clone(), sink);
        let lanes = Lanes::open(address, |main| subscribe(main, listener.number()))?;
        Ok(Self {
            uri: uri.clone(),
            listener,
            known,
            lanes,
        })
    }

    /// The URI as it was given.
    pub fn uri(&self) -> &ConnectionUri {
        &self.uri
    }

    /// All machines, active or not, from one moment, in no order, each by its
    /// name. One round trip.
    pub fn list_machines(&self) -> Result<Vec<MachineListing>, CallError> {
        let lane = self.lanes.take();
        let domains = lane.domains()?;
        let listings: Result<Vec<MachineListing>, LibvirtError> =
            domains.iter().map(|domain| self.listing(domain)).collect();
        Ok(listings?)
    }

    /// The versions of libvirt and of the hypervisor. Two round trips.
    pub fn versions(&self) -> Result<Versions, CallError> {
        let lane = self.lanes.take();
        let hypervisor = Version::from_number(lane.hypervisor_version()?);
        Ok(Versions {
            libvirt: Version::from_number(lane.lib_version()?),
            hypervisor: (hypervisor != Version::default()).then_some(hypervisor),
        })
    }

    /// All machines with what their definitions say, which is not what runs now,
    /// or why one cannot be read. One round trip for each.
    pub fn definitions(&self) -> Result<Vec<DefinedMachine>, CallError> {
        let lane = self.lanes.take();
        let mut machines = Vec::new();
        for domain in lane.domains()? {
            let definition = match domain.definition() {
                Err(error) if error.is_no_domain() => continue,
                Err(error) => Err(CallError::from(error).to_string()),
                Ok(xml) => Definition::read(&xml).map_err(|error| error.to_string()),
            };
            machines.push((self.listing(&domain)?, definition));
        }
        Ok(machines)
    }

    fn listing(&self, domain: &Domain) -> Result<MachineListing, LibvirtError> {
        Ok(MachineListing {
            machine: MachineKey::new(self.uri.clone(), &domain.name()),
            uuid: domain.uuid()?,
            active: domain.id().is_some(),
        })
    }

    /// Looks at a machine, by its UUID if it has one, otherwise by its name.
    /// Three round trips.
    pub fn read_machine(&self, machine: &MachineKey) -> MachineRead {
        let lane = self.lanes.take();
        for _ in 0..LOOKS {
            let before = self.known.before();
            match look(&lane, machine) {
                Ok(Look::Running(live, domain)) => {
                    if lane.is_main() {
                        self.known.keep(machine, live.run.uuid, domain, before);
                    }
                    return MachineRead::Live(live);
                }
                Ok(Look::Clear(read)) => {
                    self.known.forget(machine);
                    return read;
                }
                Ok(Look::Moved) => {}
                Err(error) => return MachineRead::Failed(CallError::from(error).to_string()),
            }
        }
        MachineRead::Failed(format!("it changed during each of {LOOKS} looks"))
    }

    /// Attaches a device to a running machine; its definition stays as it is.
    /// Success does not say that a device is there: read the machine again.
    pub fn attach(&self, request: &AttachRequest) -> Result<(), CallError> {
        let entry = hostdev_xml(request)
            .map_err(|error| LibvirtError::new(sys::VIR_ERR_XML_ERROR, error.to_string()))?;
        let lane = self.lanes.take();
        let domain = self.running(&lane, &request.machine)?;
        Ok(domain.attach_live(&c_string(&entry)?)?)
    }

    /// Asks a running machine to give up an entry of ours, by its alias; the
    /// definition stays as it is. Returns before the entry is gone:
    /// [`ConnectionEvent::HostdevRemoved`](crate::ConnectionEvent::HostdevRemoved)
    /// tells when it is.
    pub fn detach(&self, request: &DetachRequest) -> Result<(), CallError> {
        let lane = self.lanes.take();
        let domain = self.running(&lane, &request.machine)?;
        Ok(domain.detach_live(&c_string(&request.alias.to_string())?)?)
    }

    /// Starts a machine that is off, resumes one that somebody paused and wakes
    /// one that its guest suspended. One that runs is left as it is. Returns
    /// when libvirt is done with it.
    pub fn start(&self, machine: &MachineKey) -> Result<(), CallError> {
        let lane = self.lanes.take();
        let domain = find(&lane, machine)?;
        let (state, reason) = domain.state()?;
        match Standstill::of(state, reason) {
            Some(Standstill::Off) => domain.create()?,
            Some(Standstill::Paused) => domain.resume()?,
            Some(Standstill::Suspended) => domain.wake_up()?,
            None => {}
        }
        Ok(())
    }

    /// A machine that runs: the one that the last look found, unless something was told
    /// of it since; that saves a round trip.
    fn running(&self, lane: &Lane<'_>, machine: &MachineKey) -> Result<Arc<Domain>, LibvirtError> {
        // A reference belongs to its connection.
        let known = lane.is_main().then(|| self.known.get(machine)).flatten();
        known.map_or_else(|| find(lane, machine).map(Arc::new), Ok)
    }

    /// Whether the connection is usable, as far as this side knows. Does not
    /// ask the server.
    pub fn is_alive(&self) -> bool {
        self.lanes.main().is_alive()
    }

    /// Ends the events and closes the connection on this thread. Unlike a
    /// drop it waits for the server.
    pub fn close(self) {
        let Self {
            listener,
            known,
            lanes,
            ..
        } = self;
        drop((listener, known));
        lanes.close();
    }
}

/// Registers for the loss of a connection, then for its events: a connection
/// that is lost in between fails the latter.
fn subscribe(connect: &mut Connect, listener: usize) -> Result<(), LibvirtError> {
    connect.watch_close(listener)?;
    for event in DomainEvent::ALL {
        connect.watch(event, listener)?;
    }
    Ok(())
}

fn find(lane: &Lane<'_>, machine: &MachineKey) -> Result<Domain, LibvirtError> {
    if let Some(uuid) = machine.uuid {
        return lane.domain_with_uuid(uuid);
    }
    let name = CString::new(machine.name()).map_err(|_| {
        LibvirtError::new(sys::VIR_ERR_NO_DOMAIN, "no machine has a NUL in its name")
    })?;
    lane.domain(&name)
}

/// What one look at a machine gave.
enum Look {
    /// It runs, and all parts fit together.
    Running(LiveMachine, Domain),
    /// It does not run, or cannot be understood.
    Clear(MachineRead),
    /// The machine stopped, started or went away between the parts.
    Moved,
}

fn look(lane: &Lane<'_>, machine: &MachineKey) -> Result<Look, LibvirtError> {
    let domain = match find(lane, machine) {
        Err(error) if error.is_no_domain() => return Ok(Look::Clear(MachineRead::Absent)),
        domain => domain?,
    };
    let Some(id) = domain.id() else {
        return Ok(Look::Clear(MachineRead::Off));
    };
    let parts = domain.xml().and_then(|xml| Ok((xml, domain.state()?)));
    let (xml, (state, reason)) = match parts {
        Err(error) if error.is_no_domain() => return Ok(Look::Moved),
        parts => parts?,
    };
    let xml = match DomainXml::read(&xml) {
        Ok(xml) => xml,
        Err(error) => return Ok(Look::Clear(MachineRead::Failed(error.to_string()))),
    };
    // Stopped or started anew since the look-up: the XML is that of the
    // definition, or of another run.
    let (Some(activity), true) = (activity(state, reason), xml.id == Some(id)) else {
        return Ok(Look::Moved);
    };
    let live = LiveMachine {
        run: RunId {
            uuid: domain.uuid()?,
            id,
        },
        activity,
        paused: matches!(
            Standstill::of(state, reason),
            Some(Standstill::Paused | Standstill::Suspended)
        ),
        hostdevs: xml.hostdevs,
        ports: xml.ports,
        disks: xml.disks,
    };
    Ok(Look::Running(live, domain))
}

fn c_string(text: &str) -> Result<CString, LibvirtError> {
    CString::new(text).map_err(|_| {
        LibvirtError::new(
            sys::VIR_ERR_INVALID_ARG,
            format!("there is a NUL in {text:?}"),
        )
    })
}
