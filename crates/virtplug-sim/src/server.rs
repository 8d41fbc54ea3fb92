//! libvirtd: machines, and what it does when it is called.

use std::collections::{BTreeMap, BTreeSet};

use virtplug_core::{
    AttachRequest, CallError, HostAddress, MachineKey, MachineListing, MachineRead, OwnAlias,
};

use crate::host::Host;
use crate::machine::{Author, Doing, Domain, Entry, Run};

/// What libvirt tells those who are connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    Machine(MachineKey),
    /// A hostdev came, went or could not go.
    Hostdev(MachineKey, String),
}

impl Notice {
    pub(crate) fn machine(&self) -> &MachineKey {
        match self {
            Self::Machine(machine) | Self::Hostdev(machine, _) => machine,
        }
    }
}

/// The daemon behind one URI.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) up: bool,
    pub(crate) domains: BTreeMap<MachineKey, Domain>,
    next_id: u32,
}

fn refusal(code: i32, message: impl Into<String>) -> CallError {
    CallError::Libvirt {
        code,
        message: message.into(),
    }
}

impl Server {
    pub(crate) fn new(domains: BTreeMap<MachineKey, Domain>) -> Self {
        Self {
            up: true,
            domains,
            next_id: 1,
        }
    }

    pub(crate) fn list(&self) -> Vec<MachineListing> {
        let lines = self.domains.iter().map(|(machine, domain)| MachineListing {
            machine: machine.clone(),
            uuid: domain.uuid,
            active: domain.run.is_some(),
        });
        lines.collect()
    }

    pub(crate) fn look(&self, machine: &MachineKey) -> MachineRead {
        self.domains
            .get(machine)
            .map_or(MachineRead::Absent, Domain::look)
    }

    /// The live entries of all machines.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&MachineKey, &Run, &Entry)> {
        self.domains.iter().flat_map(|(machine, domain)| {
            let run = domain.run.iter();
            run.flat_map(move |run| run.entries.iter().map(move |entry| (machine, run, entry)))
        })
    }

    /// The machines that are active.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &Run> {
        self.domains
            .values()
            .filter_map(|domain| domain.run.as_ref())
    }

    /// Who has an address by libvirt's list of devices in use. That list knows
    /// only numbers, so an entry whose device is gone still blocks its number.
    fn user_of(&self, address: HostAddress) -> Option<&MachineKey> {
        self.entries()
            .find(|(_, _, entry)| entry.blocks(address))
            .map(|(machine, ..)| machine)
    }

    /// `virDomainAttachDeviceFlags` with an optional hostdev.
    pub(crate) fn attach(
        &mut self,
        host: &Host,
        request: &AttachRequest,
        author: Author,
    ) -> Result<Notice, CallError> {
        let ids = (request.vendor, request.product);
        let found = host
            .with_address(request.address)
            .filter(|plugged| plugged.gadget.ids() == ids);
        let socket = self.admit(request, found.is_some())?;
        let machine = &request.machine;
        let alias = request.alias.to_string();
        let domain = self.domains.get_mut(machine);
        let Some(run) = domain.and_then(|domain| domain.run.as_mut()) else {
            return Err(refusal(55, "domain is not running"));
        };
        run.entries.push(Entry {
            alias: alias.clone(),
            ids,
            address: Some(request.address),
            missing: found.is_none(),
            holds: found.map(|plugged| plugged.instance),
            author,
            leaving: None,
            socket,
        });
        Ok(Notice::Hostdev(machine.clone(), alias))
    }

    /// Whether libvirt takes a hostdev; gives the guest port that it gets. `found`: the
    /// host has the device that it names.
    pub(crate) fn admit(&self, request: &AttachRequest, found: bool) -> Result<u8, CallError> {
        let alias = request.alias.to_string();
        let Some(domain) = self.domains.get(&request.machine) else {
            return Err(refusal(42, "Domain not found"));
        };
        let wanted = request.guest_port.as_ref();
        let wanted = wanted.and_then(|port| port.ports.first().copied());
        let Some(run) = &domain.run else {
            return Err(refusal(55, "domain is not running"));
        };
        if run.doing == Doing::Busy {
            return Err(refusal(68, "cannot acquire state change lock"));
        }
        if run.entries.iter().any(|entry| entry.alias == alias) {
            return Err(refusal(67, "non unique alias detected"));
        }
        let room = domain.takes_one_more();
        room.map_err(|(code, text)| refusal(code, text))?;
        if wanted.is_some_and(|socket| domain.is_used(socket)) {
            return Err(refusal(27, "Attempted double use of USB port"));
        }
        if let (true, Some(user)) = (found, self.user_of(request.address)) {
            let text = format!("USB device {} is in use by {user}", request.address);
            return Err(refusal(55, text));
        }
        Ok(wanted.unwrap_or_else(|| domain.free_socket()))
    }

    /// `virDomainDetachDeviceAlias`: asks QEMU and returns; gives the run in
    /// which the entry will go.
    pub(crate) fn detach(
        &mut self,
        machine: &MachineKey,
        alias: &OwnAlias,
        author: Author,
    ) -> Result<u64, CallError> {
        let alias = alias.to_string();
        let Some(domain) = self.domains.get_mut(machine) else {
            return Err(refusal(42, "Domain not found"));
        };
        let Some(run) = &mut domain.run else {
            return Err(refusal(55, "domain is not running"));
        };
        if run.doing == Doing::Busy {
            return Err(refusal(68, "cannot acquire state change lock"));
        }
        let Some(entry) = run.entries.iter_mut().find(|entry| entry.alias == alias) else {
            return Err(refusal(1, format!("no device found with alias {alias}")));
        };
        if entry.leaving.is_some() {
            return Err(refusal(1, "the device is in the process of unplug"));
        }
        entry.leaving = Some(author);
        Ok(run.serial)
    }

    /// QEMU lets a device go, or does not (`fails`).
    pub(crate) fn finish_removal(
        &mut self,
        machine: &MachineKey,
        serial: u64,
        alias: &str,
        fails: bool,
    ) -> Option<(Notice, Entry)> {
        let run = self.domains.get_mut(machine)?.run.as_mut()?;
        if run.serial != serial {
            return None;
        }
        let place = run
            .entries
            .iter()
            .position(|entry| entry.alias == alias && entry.leaving.is_some())?;
        let entry = if fails {
            let entry = run.entries.get_mut(place)?;
            entry.leaving = None;
            entry.clone()
        } else {
            run.entries.remove(place)
        };
        Some((Notice::Hostdev(machine.clone(), alias.to_owned()), entry))
    }

    /// Starts a machine with what it had elsewhere, or from its managed save
    /// where it has one, or as it is defined.
    pub(crate) fn start(
        &mut self,
        machine: &MachineKey,
        host: &Host,
        serial: u64,
        had: Option<Vec<Entry>>,
    ) -> bool {
        let Some(domain) = self.domains.get(machine) else {
            return false;
        };
        if !self.up || domain.run.is_some() {
            return false;
        }
        let had = had.or_else(|| domain.saved.clone());
        let cold = had.is_none();
        let mut entries = had.unwrap_or_default();
        if let Some(gadget) = domain.fixed.filter(|_| cold) {
            let mut candidates = host.with_ids(gadget.ids());
            let found = candidates.next().filter(|_| candidates.next().is_none());
            entries.push(Entry {
                alias: "hostdev0".into(),
                ids: gadget.ids(),
                address: found.map(|plugged| plugged.address),
                missing: true,
                holds: None,
                author: Author::Admin,
                leaving: None,
                socket: domain.free_socket(),
            });
        }
        for entry in &mut entries {
            let found = entry
                .address
                .and_then(|address| host.with_address(address))
                .filter(|plugged| plugged.gadget.ids() == entry.ids);
            if let Some(plugged) = found
                && self.user_of(plugged.address).is_some()
            {
                // "in use by": the start fails, a managed save stays.
                return false;
            }
            entry.missing = found.is_none();
            entry.holds = found.map(|plugged| plugged.instance);
            entry.leaving = None;
            entry.author = Author::Admin;
        }
        let id = self.next_id;
        self.next_id += 1;
        if let Some(domain) = self.domains.get_mut(machine) {
            domain.saved = None;
            domain.run = Some(Run {
                id,
                serial,
                doing: Doing::Running,
                entries,
                others: Vec::new(),
                disks: BTreeSet::new(),
            });
        }
        true
    }

    /// Ends the run of a machine, whatever ended it.
    pub(crate) fn end(&mut self, machine: &MachineKey) -> Option<Run> {
        let domain = self.domains.get_mut(machine)?;
        let run = domain.run.take()?;
        if !domain.persistent {
            self.domains.remove(machine);
        }
        Some(run)
    }

    /// Comes up again: machines run on, removals that ended meanwhile are
    /// seen, and ids go on after the highest that is in use.
    pub(crate) fn restart(&mut self) -> Vec<(MachineKey, u64, Entry)> {
        self.up = true;
        let runs = self.domains.values().filter_map(|one| one.run.as_ref());
        self.next_id = runs.map(|run| run.id).max().unwrap_or(0) + 1;
        let mut gone = Vec::new();
        for (machine, domain) in &mut self.domains {
            if let Some(run) = &mut domain.run {
                let serial = run.serial;
                run.entries.retain(|entry| {
                    if entry.leaving.is_some() {
                        gone.push((machine.clone(), serial, entry.clone()));
                    }
                    entry.leaving.is_none()
                });
            }
        }
        gone
    }
}
