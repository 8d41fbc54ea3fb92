//! What administrators do with `virsh`.

use virtplug_core::{MachineKey, OwnAlias, PortPath};

use crate::machine::{Author, Entry};
use crate::server::{Notice, Server};
use crate::world::World;

impl World {
    pub(super) fn admin_detach(&mut self, machine: &MachineKey, own: bool) -> Option<Notice> {
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

    /// The host has no disk to give where a machine has the device.
    pub(super) fn give_disk(&mut self, machine: &MachineKey, port: &PortPath) -> Option<Notice> {
        let plugged = self.host.at(port)?;
        let is_held = |server: &Server| {
            let mut entries = server.entries();
            entries.any(|(_, _, entry)| entry.holds == Some(plugged.instance))
        };
        if self.servers.values().any(is_held) {
            return None;
        }
        let run = self.domain(machine)?.run.as_mut()?;
        let is_new = run.disks.insert(port.clone());
        is_new.then(|| Notice::Hostdev(machine.clone(), "virtio-disk1".into()))
    }

    pub(super) fn admin_attach(&mut self, machine: &MachineKey, port: &PortPath) -> Option<Notice> {
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
