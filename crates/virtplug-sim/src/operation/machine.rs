//! What machines go through.

use virtplug_core::{InstanceId, MachineKey};

use super::Operation;
use crate::machine::{Doing, Domain, Entry};
use crate::server::Notice;
use crate::world::World;

/// Counted where a saved, migrated or reverted machine brings an entry of ours
/// whose device is another enumeration by then, or gone.
pub(crate) const STALE_AT_START: &str = "a machine came with a stale entry of ours";

impl World {
    pub(super) fn operate_machine(&mut self, operation: &Operation) {
        let notice = match operation {
            Operation::Start(machine) => self.start(machine),
            Operation::Stop(machine) => self.end(machine, false),
            Operation::Crash(machine) => self.crash(machine),
            Operation::Save(machine) => self.end(machine, true),
            Operation::MigrateAway(machine) => self.migrate_away(machine),
            Operation::MigrateBack(machine) => self.migrate_back(machine),
            Operation::TakeSnapshot(machine) => {
                let entries = self.run_entries(machine);
                if let (Some(entries), Some(domain)) = (entries, self.domain(machine)) {
                    domain.snapshot = Some(entries);
                }
                None
            }
            Operation::Revert(machine) => self.revert(machine),
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
            Operation::GiveDisk(machine, port) => self.give_disk(machine, port),
            Operation::TakeDisks(machine) => {
                let run = self.domain(machine).and_then(|domain| domain.run.as_mut());
                let taken = run.map(|run| std::mem::take(&mut run.disks));
                taken
                    .filter(|taken| !taken.is_empty())
                    .map(|_| Notice::Hostdev(machine.clone(), "virtio-disk1".into()))
            }
            _ => None,
        };
        if let Some(notice) = notice {
            self.announce(&notice);
        }
    }

    /// A machine of a server that is up.
    pub(super) fn domain(&mut self, machine: &MachineKey) -> Option<&mut Domain> {
        let server = self.servers.get_mut(&machine.uri).filter(|one| one.up)?;
        server.domains.get_mut(machine)
    }

    pub(crate) fn start(&mut self, machine: &MachineKey) -> Option<Notice> {
        self.start_from(machine, None)
    }

    /// Starts a machine with what it had, or as it is defined.
    fn start_from(&mut self, machine: &MachineKey, had: Option<Vec<Entry>>) -> Option<Notice> {
        self.runs_begun += 1;
        let serial = self.runs_begun;
        let server = self.servers.get_mut(&machine.uri)?;
        let started = server.start(machine, &self.host, serial, had);
        if !started {
            return None;
        }
        let run = server.domains.get(machine)?.run.as_ref()?;
        let stale = run.entries.iter().filter(|entry| {
            let own = entry.own();
            own.is_some_and(|alias| entry.holds != Some(alias.instance))
        });
        for _ in 0..stale.count() {
            self.sight(STALE_AT_START);
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
        for instance in run.entries.iter().filter_map(|entry| entry.holds) {
            self.host.give_back(instance, true);
        }
        if saved && let Some(domain) = server.domains.get_mut(machine) {
            domain.saved = Some(run.entries);
        }
        Some(Notice::Machine(machine.clone()))
    }

    fn crash(&mut self, machine: &MachineKey) -> Option<Notice> {
        let server = self.servers.get(&machine.uri)?;
        let run = server.domains.get(machine)?.run.as_ref()?;
        let held = run.entries.iter().filter_map(|entry| entry.holds);
        let held: Vec<InstanceId> = held.collect();
        let notice = self.end(machine, false);
        for instance in held {
            self.host.give_back(instance, false);
        }
        notice
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

    fn run_entries(&mut self, machine: &MachineKey) -> Option<Vec<Entry>> {
        let run = self.domain(machine)?.run.as_ref()?;
        Some(run.entries.clone())
    }

    fn migrate_away(&mut self, machine: &MachineKey) -> Option<Notice> {
        let entries = self.run_entries(machine)?;
        let notice = self.end(machine, false);
        if let Some(domain) = self.domain(machine) {
            domain.away = Some(entries);
        }
        notice
    }

    fn migrate_back(&mut self, machine: &MachineKey) -> Option<Notice> {
        let domain = self.domain(machine)?;
        let entries = domain.away.clone()?;
        let notice = self.start_from(machine, Some(entries))?;
        if let Some(domain) = self.domain(machine) {
            domain.away = None;
        }
        Some(notice)
    }

    /// QEMU starts anew, also where the machine ran.
    fn revert(&mut self, machine: &MachineKey) -> Option<Notice> {
        let entries = self.domain(machine)?.snapshot.clone()?;
        if let Some(ended) = self.end(machine, false) {
            self.announce(&ended);
        }
        self.start_from(machine, Some(entries))
    }
}
