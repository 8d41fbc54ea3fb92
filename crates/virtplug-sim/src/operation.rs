//! Operations: what people, cables and machines do.

use std::time::Duration;

use virtplug_core::{ConnectionUri, MachineKey, Order, OwnAlias, Owner, PortPath};

use crate::fault::Fault;
use crate::gadget::Gadget;
use crate::invariant::Violation;
use crate::machine::{Author, Doing, Domain, Entry, Sockets};
use crate::rules::{self, RuleSpec};
use crate::server::Notice;
use crate::world::World;

/// One thing that happens to the world. What makes no sense at that moment,
/// such as pulling nothing, does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Time passes: milliseconds.
    Wait(u64),
    /// A gadget is plugged in at a port, in the place of what is there.
    Plug(PortPath, Gadget),
    /// What is at a port is pulled, with all that is behind it.
    Unplug(PortPath),
    /// A device is enumerated again, under a new number.
    Reset(PortPath),
    /// A device is enumerated again, under the same number.
    ResetSameNumber(PortPath),
    /// All devices of a bus are enumerated again and keep their numbers.
    ResetBus(u16),
    /// A device becomes another model.
    SwitchMode(PortPath),
    /// So many other devices come and go on a bus.
    SkipNumbers(u16, u8),
    /// `authorized` of a device is written.
    Authorize(PortPath, bool),
    /// Somebody triggers an event of a device by hand.
    Trigger(PortPath),
    /// The udev record of a device vanishes, as after a synthetic `remove`.
    WipeRecord(PortPath),
    /// A machine starts, from its managed save where it has one.
    Start(MachineKey),
    /// A machine ends.
    Stop(MachineKey),
    /// A machine is saved and ends.
    Save(MachineKey),
    /// A machine is paused.
    Pause(MachineKey),
    /// A machine becomes busy: it saves, migrates or shuts down.
    BeginWork(MachineKey),
    /// A paused or busy machine runs again.
    Resume(MachineKey),
    /// A machine is undefined; where it runs it ends with its run.
    Undefine(MachineKey),
    /// A machine is defined, where there is none.
    Define(MachineKey),
    /// Two machines change names while both are off.
    SwapNames(MachineKey, MachineKey),
    /// A machine that is off gets other USB controllers.
    SetSockets(MachineKey, Sockets),
    /// The persistent XML of a machine gets a foreign hostdev, or none.
    SetFixed(MachineKey, Option<Gadget>),
    /// Somebody detaches one of our entries by `virsh`.
    AdminDetach(MachineKey),
    /// Somebody attaches the device at a port by `virsh`.
    AdminAttach(MachineKey, PortPath),
    /// Somebody detaches a foreign entry.
    AdminDetachForeign(MachineKey),
    /// Another USB device, such as a redirected one, takes a guest port.
    TakeSocket(MachineKey),
    /// Such a device goes.
    FreeSocket(MachineKey),
    /// libvirtd stops; machines run on.
    StopServer(ConnectionUri),
    /// libvirtd starts.
    StartServer(ConnectionUri),
    /// The connection to libvirtd breaks.
    BreakConnection(ConnectionUri),
    /// A new configuration is loaded.
    Reload(Vec<RuleSpec>),
    /// Somebody gives the device at a port to a machine, or to the host.
    Give(PortPath, Option<MachineKey>),
    /// Somebody orders anything else.
    Order(Order),
    /// The daemon is killed.
    KillDaemon,
    /// The daemon is started.
    StartDaemon,
    /// A fault waits for its next occasion.
    Arm(Fault),
}

impl World {
    /// Lets an operation happen.
    pub(crate) fn operate(&mut self, operation: &Operation) -> Result<(), Violation> {
        if !matches!(operation, Operation::Wait(_)) {
            self.note(|| format!("{operation:?}"));
        }
        match operation {
            Operation::Wait(millis) => return self.pass(Duration::from_millis(*millis)),
            Operation::Reload(specs) => {
                self.policy = rules::policy(specs);
                let policy = self.policy.clone();
                return self.feed(virtplug_core::Event::Policy(policy));
            }
            Operation::Give(port, machine) => {
                if let Some(plugged) = self.host.at(port) {
                    let order = Order::Hold {
                        port: port.clone(),
                        instance: plugged.instance,
                        owner: machine.clone().map_or(Owner::Host, Owner::Machine),
                        allow_in_use: false,
                    };
                    return self.feed(virtplug_core::Event::Order(order));
                }
            }
            Operation::Order(order) => {
                return self.feed(virtplug_core::Event::Order(order.clone()));
            }
            Operation::StartDaemon => return self.start_daemon(),
            Operation::KillDaemon => self.kill_daemon(),
            Operation::Arm(fault) => self.faults.arm(*fault),
            Operation::StopServer(uri) => {
                if let Some(server) = self.servers.get_mut(uri) {
                    server.up = false;
                }
                self.break_session(uri);
            }
            Operation::StartServer(uri) => self.start_server(uri),
            Operation::BreakConnection(uri) => self.break_session(uri),
            other => self.operate_device(other),
        }
        Ok(())
    }

    fn operate_device(&mut self, operation: &Operation) {
        let changed = match operation {
            Operation::Plug(port, gadget) => {
                let mut changed = self.host.unplug(port);
                let plugged = self.host.plug(port, *gadget);
                changed.extend(plugged.then(|| port.clone()));
                changed
            }
            Operation::Unplug(port) => self.host.unplug(port),
            Operation::Reset(port) => self.host.enumerate_again(port, false, |same| same),
            Operation::ResetSameNumber(port) => self.host.enumerate_again(port, true, |same| same),
            Operation::SwitchMode(port) => self.host.enumerate_again(port, false, Gadget::switched),
            Operation::ResetBus(bus) => self
                .host
                .ports()
                .into_iter()
                .filter(|port| port.bus().0 == *bus && port.ports().len() == 1)
                .flat_map(|port| self.host.enumerate_again(&port, true, |same| same))
                .collect(),
            Operation::SkipNumbers(bus, count) => {
                self.host
                    .skip_numbers(virtplug_core::BusNumber(*bus), *count);
                Vec::new()
            }
            Operation::Authorize(port, authorized) => {
                let plugged = self.host.at_mut(port);
                let changed = plugged.filter(|one| one.authorized != *authorized);
                let changed = changed.map(|one| one.authorized = *authorized);
                changed.map(|()| port.clone()).into_iter().collect()
            }
            Operation::Trigger(port) => vec![port.clone()],
            Operation::WipeRecord(port) => {
                if let Some(plugged) = self.host.at_mut(port) {
                    plugged.processed = false;
                }
                // The event that did it is told; the record comes back with the next.
                Vec::new()
            }
            other => return self.operate_machine(other),
        };
        for port in changed {
            self.uevent(&port);
        }
    }

    fn operate_machine(&mut self, operation: &Operation) {
        let notice = match operation {
            Operation::Start(machine) => self.start(machine),
            Operation::Stop(machine) => self.end(machine, false),
            Operation::Save(machine) => self.end(machine, true),
            Operation::Pause(machine) => self.set_doing(machine, Doing::Paused),
            Operation::BeginWork(machine) => self.set_doing(machine, Doing::Busy),
            Operation::Resume(machine) => self.set_doing(machine, Doing::Running),
            Operation::Undefine(machine) => self.undefine(machine),
            Operation::Define(machine) => self.define(machine),
            Operation::SwapNames(one, other) => self.swap_names(one, other),
            Operation::SetSockets(machine, sockets) => {
                let off = self.domain(machine).filter(|domain| domain.run.is_none());
                off.map(|domain| domain.sockets = *sockets)
                    .map(|()| Notice::Machine(machine.clone()))
            }
            Operation::SetFixed(machine, gadget) => {
                if let Some(domain) = self.domain(machine) {
                    domain.fixed = *gadget;
                }
                None
            }
            Operation::AdminDetach(machine) => self.admin_detach(machine, true),
            Operation::AdminDetachForeign(machine) => self.admin_detach(machine, false),
            Operation::AdminAttach(machine, port) => self.admin_attach(machine, port),
            Operation::TakeSocket(machine) => {
                let domain = self.domain(machine);
                let domain = domain.filter(|domain| domain.takes_one_more().is_ok());
                let socket = domain.as_ref().map(|domain| domain.free_socket());
                let run = domain.and_then(|domain| domain.run.as_mut());
                run.zip(socket)
                    .map(|(run, socket)| run.others.push(socket))
                    .map(|()| Notice::Hostdev(machine.clone(), "redir0".into()))
            }
            Operation::FreeSocket(machine) => {
                let run = self.domain(machine).and_then(|domain| domain.run.as_mut());
                run.and_then(|run| run.others.pop())
                    .map(|_| Notice::Hostdev(machine.clone(), "redir0".into()))
            }
            _ => None,
        };
        if let Some(notice) = notice {
            self.announce(&notice);
        }
    }

    /// A machine of a server that is up.
    fn domain(&mut self, machine: &MachineKey) -> Option<&mut Domain> {
        let server = self.servers.get_mut(&machine.uri).filter(|one| one.up)?;
        server.domains.get_mut(machine)
    }

    pub(crate) fn start(&mut self, machine: &MachineKey) -> Option<Notice> {
        self.runs_begun += 1;
        let serial = self.runs_begun;
        let server = self.servers.get_mut(&machine.uri)?;
        let started = server.start(machine, &self.host, serial);
        if !started {
            return None;
        }
        // RESUMED comes before STARTED.
        self.announce(&Notice::Machine(machine.clone()));
        Some(Notice::Machine(machine.clone()))
    }

    /// A run ends; QEMU may die while libvirtd is down.
    fn end(&mut self, machine: &MachineKey, saved: bool) -> Option<Notice> {
        let server = self.servers.get_mut(&machine.uri)?;
        if saved && !server.up {
            return None;
        }
        let run = server.end(machine)?;
        if saved && let Some(domain) = server.domains.get_mut(machine) {
            domain.saved = Some(run.entries);
        }
        Some(Notice::Machine(machine.clone()))
    }

    pub(crate) fn set_doing(&mut self, machine: &MachineKey, doing: Doing) -> Option<Notice> {
        let run = self.domain(machine)?.run.as_mut()?;
        (std::mem::replace(&mut run.doing, doing) != doing)
            .then(|| Notice::Machine(machine.clone()))
    }

    fn undefine(&mut self, machine: &MachineKey) -> Option<Notice> {
        let server = self.servers.get_mut(&machine.uri).filter(|one| one.up)?;
        let domain = server.domains.get_mut(machine)?;
        domain.persistent = false;
        domain.saved = None;
        if domain.run.is_none() {
            server.domains.remove(machine);
        }
        Some(Notice::Machine(machine.clone()))
    }

    fn define(&mut self, machine: &MachineKey) -> Option<Notice> {
        let uuid = u8::try_from(self.random.below(200)).unwrap_or(0);
        let server = self.servers.get_mut(&machine.uri).filter(|one| one.up)?;
        let fresh = Domain::new(uuid.saturating_add(50));
        let domain = server.domains.entry(machine.clone()).or_insert(fresh);
        domain.persistent = true;
        Some(Notice::Machine(machine.clone()))
    }

    fn swap_names(&mut self, one: &MachineKey, other: &MachineKey) -> Option<Notice> {
        let server = self.servers.get_mut(&one.uri).filter(|one| one.up)?;
        let off = |machine| {
            server
                .domains
                .get(machine)
                .is_some_and(|domain: &Domain| domain.run.is_none())
        };
        if one == other || one.uri != other.uri || !off(one) || !off(other) {
            return None;
        }
        let (first, second) = (server.domains.remove(one)?, server.domains.remove(other)?);
        server.domains.insert(one.clone(), second);
        server.domains.insert(other.clone(), first);
        self.announce(&Notice::Machine(one.clone()));
        Some(Notice::Machine(other.clone()))
    }

    fn admin_detach(&mut self, machine: &MachineKey, own: bool) -> Option<Notice> {
        let run = self.domain(machine)?.run.as_mut()?;
        let serial = run.serial;
        let place = run
            .entries
            .iter()
            .position(|entry| entry.own().is_some() == own && entry.leaving.is_none())?;
        let entry = run.entries.remove(place);
        if own && let Some(instance) = entry.own().map(|alias: OwnAlias| alias.instance) {
            self.taken_out.insert((machine.clone(), serial, instance));
        }
        Some(Notice::Hostdev(machine.clone(), entry.alias))
    }

    fn admin_attach(&mut self, machine: &MachineKey, port: &PortPath) -> Option<Notice> {
        let plugged = self.host.at(port)?.clone();
        let server = self.servers.get_mut(&machine.uri).filter(|one| one.up)?;
        let used = server
            .entries()
            .any(|(_, _, entry)| entry.blocks(plugged.address));
        let domain = server.domains.get_mut(machine)?;
        if used || domain.takes_one_more().is_err() {
            return None;
        }
        let socket = domain.free_socket();
        let run = domain.run.as_mut()?;
        let alias = (0..100)
            .map(|number| format!("hostdev{number}"))
            .find(|alias| run.entries.iter().all(|entry| entry.alias != *alias))?;
        run.entries.push(Entry {
            alias: alias.clone(),
            ids: plugged.gadget.ids(),
            address: Some(plugged.address),
            missing: false,
            holds: Some(plugged.instance),
            author: Author::Admin,
            leaving: None,
            socket,
        });
        Some(Notice::Hostdev(machine.clone(), alias))
    }
}
