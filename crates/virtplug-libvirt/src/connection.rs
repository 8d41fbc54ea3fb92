//! A connection to libvirt and what it can be asked.

#![forbid(unsafe_code)]

use std::ffi::CString;

use virt_sys as sys;
use virtplug_core::{
    AttachRequest, CallError, ConnectionUri, DetachRequest, LiveMachine, MachineKey,
    MachineListing, MachineRead, RunId,
};

use crate::domain_xml::DomainXml;
use crate::event_loop::EventLoop;
use crate::ffi::{Connect, Domain, DomainEvent, LibvirtError};
use crate::hostdev_xml::hostdev_xml;
use crate::listener::{Listener, Sink};
use crate::machine_state::activity;
use crate::open_error::OpenError;
use crate::uri::without_prompts;

/// Seconds between two signs of life, and how many may be missed: a server
/// that hangs is given up after some 30 s.
const KEEPALIVE: (i32, u32) = (5, 5);

/// How often a machine that changes while it is looked at is looked at again.
/// Each look takes three round trips of well under a millisecond.
const LOOKS: usize = 5;

/// An open connection, for any number of threads at once.
///
/// Every method waits for the server, which works on five calls of a
/// connection at a time (`max_client_requests` of libvirt's daemons). One that
/// hangs is noticed by the keepalive after some 30 s: then all calls under way
/// fail, and [`ConnectionEvent::Closed`](crate::ConnectionEvent::Closed) is delivered.
///
/// Dropping a connection ends its events, then closes it on a thread of its
/// own (`vp-libvirt-end`), and so never waits, not even for a server that
/// hangs. That thread ends with the answer, at the latest with the keepalive.
#[derive(Debug)]
pub struct Connection {
    uri: ConnectionUri,
    // Dropped before the connection: no events come from the closing of it.
    listener: Listener,
    connect: Connect,
}

impl Connection {
    /// Opens a connection and registers for its events, all before the caller
    /// can list anything, so that no change goes unseen. Never asks for a
    /// password.
    ///
    /// libvirt has no time limit for this: where the server accepts and says
    /// nothing, it takes until the server goes on or dies. Keep at most one
    /// opening per URI under way.
    pub fn open(_: EventLoop, uri: &ConnectionUri, sink: Sink) -> Result<Self, OpenError> {
        let connect = Connect::open(&c_string(&without_prompts(uri.as_str()))?)?;
        let listener = Listener::new(uri.clone(), sink);
        let mut connection = Self {
            uri: uri.clone(),
            listener,
            connect,
        };
        match connection.subscribe() {
            Ok(()) => Ok(connection),
            Err(error) => {
                connection.close();
                Err(error.into())
            }
        }
    }

    /// The close callback comes first: a connection that is lost before then
    /// fails the registrations after it.
    fn subscribe(&mut self) -> Result<(), LibvirtError> {
        let number = self.listener.number();
        self.connect.watch_close(number)?;
        self.connect.set_keepalive(KEEPALIVE.0, KEEPALIVE.1)?;
        for event in DomainEvent::ALL {
            self.connect.watch(event, number)?;
        }
        Ok(())
    }

    /// The URI as it was given.
    pub fn uri(&self) -> &ConnectionUri {
        &self.uri
    }

    /// All machines, active or not, from one moment, in no order. One round trip.
    pub fn list_machines(&self) -> Result<Vec<MachineListing>, CallError> {
        let listing = |domain: &Domain| MachineListing {
            machine: MachineKey::new(self.uri.clone(), &domain.name()),
            active: domain.id().is_some(),
        };
        Ok(self.connect.domains()?.iter().map(listing).collect())
    }

    /// Looks at a machine, by its name. Three round trips.
    pub fn read_machine(&self, machine: &MachineKey) -> MachineRead {
        for _ in 0..LOOKS {
            match self.look(machine) {
                Ok(Look::Clear(read)) => return read,
                Ok(Look::Moved) => {}
                Err(error) => return MachineRead::Failed(CallError::from(error).to_string()),
            }
        }
        MachineRead::Failed(format!("it changed during each of {LOOKS} looks"))
    }

    fn look(&self, machine: &MachineKey) -> Result<Look, LibvirtError> {
        let domain = match self.domain(machine) {
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
        Ok(Look::Clear(MachineRead::Live(LiveMachine {
            run: RunId {
                uuid: domain.uuid()?,
                id,
            },
            activity,
            hostdevs: xml.hostdevs,
            ports: xml.ports,
        })))
    }

    /// Attaches a device to a running machine; its definition stays as it is.
    /// Success does not say that a device is there: read the machine again.
    pub fn attach(&self, request: &AttachRequest) -> Result<(), CallError> {
        let entry = hostdev_xml(request)
            .map_err(|error| LibvirtError::new(sys::VIR_ERR_XML_ERROR, error.to_string()))?;
        let domain = self.domain(&request.machine)?;
        Ok(domain.attach_live(&c_string(&entry)?)?)
    }

    /// Asks a running machine to give up an entry of ours, by its alias; the
    /// definition stays as it is. Returns before the entry is gone:
    /// [`ConnectionEvent::HostdevRemoved`](crate::ConnectionEvent::HostdevRemoved)
    /// tells when it is.
    pub fn detach(&self, request: &DetachRequest) -> Result<(), CallError> {
        let domain = self.domain(&request.machine)?;
        Ok(domain.detach_live(&c_string(&request.alias.to_string())?)?)
    }

    /// Whether the connection is usable, as far as this side knows. Does not
    /// ask the server.
    pub fn is_alive(&self) -> bool {
        self.connect.is_alive()
    }

    /// Ends the events and closes the connection on this thread. Unlike a
    /// drop it waits for the server.
    pub fn close(self) {
        let Self {
            listener, connect, ..
        } = self;
        drop(listener);
        connect.close();
    }

    fn domain(&self, machine: &MachineKey) -> Result<Domain, LibvirtError> {
        let name = CString::new(machine.name()).map_err(|_| {
            LibvirtError::new(sys::VIR_ERR_NO_DOMAIN, "no machine has a NUL in its name")
        })?;
        self.connect.domain(&name)
    }
}

/// What one look at a machine gave.
enum Look {
    /// All parts fit together.
    Clear(MachineRead),
    /// The machine stopped, started or went away between the parts.
    Moved,
}

fn c_string(text: &str) -> Result<CString, LibvirtError> {
    CString::new(text).map_err(|_| {
        LibvirtError::new(
            sys::VIR_ERR_INVALID_ARG,
            format!("there is a NUL in {text:?}"),
        )
    })
}
