//! Looks at machines: asking for them, and what follows from the answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::machine::{Entry, Existence, Live, Machine, Task, own};
use super::{Engine, Occupant};
use crate::alias::OwnAlias;
use crate::id::HostAddress;
use crate::machine::{Hostdev, MachineKey, MachineRead};
use crate::order::Detached;
use crate::port::PortPath;
use crate::report::Report;
use crate::retry::{Backoff, CALL_DELAY_CAP};

impl Engine {
    /// Something about a machine changed: look as soon as nothing is under way.
    pub(super) fn look_again(&mut self, machine: &MachineKey) {
        if !self.connections.contains_key(&machine.uri) {
            return;
        }
        let state = self.machine_mut(machine);
        state.look = true;
        state.look_backoff = Backoff::default();
        self.dirty.insert(machine.clone());
    }

    /// The answer to a look.
    pub(super) fn looked(&mut self, machine: &MachineKey, read: MachineRead) {
        if let Some(state) = self.machines.get_mut(machine)
            && state
                .slot
                .as_ref()
                .is_some_and(|slot| slot.task == Task::Look)
        {
            state.slot = None;
            self.learn(machine, read);
        }
    }

    /// Takes what a machine is like now.
    pub(super) fn learn(&mut self, machine: &MachineKey, read: MachineRead) {
        self.dirty.insert(machine.clone());
        let existence = match read {
            MachineRead::Live(live) => Existence::Live(Arc::new(live.into())),
            MachineRead::Off => Existence::Off,
            MachineRead::Absent => Existence::Absent,
            MachineRead::Failed(reason) => return self.look_failed(machine, &reason),
        };
        let up = self.is_up(machine);
        if let Some(state) = self.machines.get_mut(machine) {
            state.current = up;
            state.look_backoff = Backoff::default();
        }
        self.first_look_done(machine);
        if existence == Existence::Absent
            && let Some(connection) = self.connections.get_mut(&machine.uri)
        {
            connection.machines.remove(machine);
        }
        self.replace(machine, &existence);
        let wanted = self.is_named(machine);
        let idle = self.machines.get(machine).is_some_and(|state| {
            !matches!(state.existence, Existence::Live(_)) && !state.look && state.slot.is_none()
        });
        if idle && !wanted {
            self.forget(machine);
        }
        self.close_unneeded(&machine.uri);
    }

    pub(super) fn is_up(&self, machine: &MachineKey) -> bool {
        self.connections
            .get(&machine.uri)
            .is_some_and(super::connection::Connection::is_up)
    }

    fn look_failed(&mut self, machine: &MachineKey, reason: &str) {
        let up = self.is_up(machine);
        let Some(state) = self.machines.get_mut(machine) else {
            return;
        };
        state.current = false;
        state.look = true;
        state
            .look_backoff
            .fail(self.now, CALL_DELAY_CAP, &mut self.jitter);
        if up && state.look_backoff.failures() == 1 {
            self.report(Report::LookFailed(format!("machine {machine}: {reason}")));
        }
    }

    /// Once all machines of a new connection were looked at, attaching begins.
    fn first_look_done(&mut self, machine: &MachineKey) {
        if let Some(connection) = self.connections.get_mut(&machine.uri)
            && connection.unseen.remove(machine)
            && connection.unseen.is_empty()
        {
            let uri = &machine.uri;
            let machines = self.machines.keys().filter(|key| key.uri == *uri);
            self.dirty.extend(machines.cloned());
        }
    }

    /// Puts a new look in the place of the last one and draws the consequences.
    pub(super) fn replace(&mut self, machine: &MachineKey, existence: &Existence) {
        self.attach_resolved(machine);
        let Some(state) = self.machines.get_mut(machine) else {
            return;
        };
        let before = std::mem::replace(&mut state.existence, existence.clone());
        let watched = std::mem::replace(&mut state.watched, true);
        let differing = differing(&before, existence);
        match (&before, existence) {
            (Existence::Live(old), Existence::Live(new)) if old.run == new.run => {
                if old.differs_beside_own(new) {
                    state.attempts.clear();
                } else if new.stuck().is_none() {
                    state.attempts.retain(|_, tries| tries.stuck.is_none());
                }
                self.compare(machine, (old, new), differing, watched);
            }
            (Existence::Unread, Existence::Live(_)) => {}
            _ => {
                state.begin_anew(self.now);
                if let Existence::Live(old) = &before {
                    self.leave_devices(machine, old);
                    self.machine_ended(machine);
                }
                if let Existence::Live(new) = existence {
                    self.report_arrivals(machine, None, &new.entries);
                }
            }
        }
        self.end_with(machine, existence);
        self.index_occupants(machine, differing, existence);
        self.take_machine_disks(machine, before.live(), existence.live());
        self.reconsider_after(machine, (&before, existence), differing);
        let (gone, come) = differing;
        for entry in gone.iter().chain(come) {
            if let Some(address) = entry.hostdev.address {
                self.touch_address(address);
            }
        }
    }

    /// A machine ended. Where its QEMU was killed, nobody gave its devices back
    /// to the drivers of the host; no event tells.
    fn leave_devices(&mut self, machine: &MachineKey, old: &Live) {
        let mut left = false;
        for (alias, hostdev) in old.own() {
            if self.is_good(alias, hostdev) {
                self.devices.leave(alias.instance, machine);
                left = true;
            }
        }
        if left {
            self.scan();
        }
    }

    /// Decides anew on the devices that this machine's start or stop concerns,
    /// and on those that it has or had.
    fn reconsider_after(
        &mut self,
        machine: &MachineKey,
        (before, after): (&Existence, &Existence),
        (gone, come): (&[Entry], &[Entry]),
    ) {
        let runs = |existence: &Existence| match existence {
            Existence::Live(_) => Some(true),
            Existence::Off | Existence::Absent => Some(false),
            Existence::Unread => None,
        };
        if runs(before) != runs(after) {
            let watched = self.watched.get(machine).into_iter().flatten();
            self.reconsider.extend(watched.cloned());
        }
        for (entries, other) in [(gone, after), (come, before)] {
            let other = other.live();
            for (alias, _) in own(entries) {
                let both = other.is_some_and(|other| other.entry(alias).is_some());
                let present = self.devices.with_instance(alias.instance);
                if let Some(present) = present.filter(|_| !both) {
                    // Another device may be known by its address by now.
                    self.dirty.extend(present.assignment.machine().cloned());
                    self.reconsider.insert(present.device.port.clone());
                }
            }
        }
    }

    /// What an attach came to is known: others may want the device.
    pub(super) fn attach_resolved(&mut self, machine: &MachineKey) {
        let state = self.machines.get_mut(machine);
        let Some(address) = state.and_then(|state| state.attaching.take()) else {
            return;
        };
        self.attaching.remove(&address);
        self.touch_address(address);
    }

    /// Entries of ours that came or went between two looks at one run.
    fn compare(
        &mut self,
        machine: &MachineKey,
        (old, new): (&Live, &Live),
        (gone, come): (&[Entry], &[Entry]),
        watched: bool,
    ) {
        self.report_arrivals(machine, Some(old), come);
        for (alias, _) in own(gone).filter(|(alias, _)| new.entry(alias).is_none()) {
            let state = self.machines.get_mut(machine);
            if let Some(reason) = state.and_then(|state| state.reason_gone(alias, self.now)) {
                self.report(Report::Detached(machine.clone(), alias.clone(), reason));
            } else if watched
                && self
                    .devices
                    .with_instance(alias.instance)
                    .is_some_and(|present| present.assignment.machine() == Some(machine))
            {
                // We did not ask for it, so somebody decided otherwise.
                let detached = Detached {
                    port: alias.port.clone(),
                    machine: machine.clone(),
                    run: new.run,
                };
                self.orders.detached.insert(alias.instance, detached);
                self.report(Report::Held(machine.clone(), alias.clone()));
            }
        }
    }

    fn report_arrivals(&mut self, machine: &MachineKey, old: Option<&Live>, come: &[Entry]) {
        for (alias, hostdev) in own(come) {
            let is_new = old.is_none_or(|old| old.entry(alias).is_none());
            if is_new && self.is_good(alias, hostdev) {
                if self.stays_out(alias.instance, machine) {
                    self.orders.detached.remove(&alias.instance);
                }
                if let Some(state) = self.machines.get_mut(machine) {
                    state.attempts.remove(&alias.instance);
                }
                self.devices.plug_is_over(alias.instance);
                self.devices.take_back(alias.instance);
                self.report(Report::Attached(machine.clone(), alias.clone()));
            }
        }
    }

    /// Whether an entry of ours holds the device that it names.
    pub(super) fn is_good(&self, alias: &OwnAlias, hostdev: &Hostdev) -> bool {
        !hostdev.missing
            && self
                .devices
                .with_instance(alias.instance)
                .is_some_and(|present| hostdev.address == Some(present.device.address))
    }

    fn index_occupants(
        &mut self,
        machine: &MachineKey,
        (gone, come): (&[Entry], &[Entry]),
        after: &Existence,
    ) {
        let addresses: BTreeSet<HostAddress> = gone.iter().filter_map(Entry::occupies).collect();
        let ports: BTreeSet<&PortPath> = own(gone).map(|(alias, _)| &alias.port).collect();
        for address in &addresses {
            if let Some(occupants) = self.occupants.get_mut(address) {
                occupants.retain(|occupant| occupant.machine != *machine);
                if occupants.is_empty() {
                    self.occupants.remove(address);
                }
            }
        }
        for port in &ports {
            if let Some(machines) = self.entries_of.get_mut(*port) {
                machines.remove(machine);
                if machines.is_empty() {
                    self.entries_of.remove(*port);
                }
            }
        }
        // An entry that stays may have the port or the address of one that went.
        let stays = after.live().into_iter().flat_map(|live| &live.entries);
        let alike = stays.filter(|entry| {
            let address = entry.occupies();
            let port = entry.own.as_ref().map(|alias| &alias.port);
            address.is_some_and(|address| addresses.contains(&address))
                || port.is_some_and(|port| ports.contains(port))
        });
        for entry in alike.chain(come) {
            if let Some(alias) = &entry.own {
                let machines = self.entries_of.entry(alias.port.clone()).or_default();
                machines.insert(machine.clone());
            }
            if let Some(address) = entry.occupies() {
                let occupant = Occupant {
                    machine: machine.clone(),
                    own: entry.own.clone(),
                };
                let occupants = self.occupants.entry(address).or_default();
                if !occupants.contains(&occupant) {
                    occupants.push(occupant);
                }
            }
        }
    }

    /// Drops what is kept of a machine that nobody asks for.
    pub(super) fn forget(&mut self, machine: &MachineKey) {
        let wake = self
            .machines
            .remove(machine)
            .and_then(|state: Machine| state.wake);
        if let Some(at) = wake {
            self.timers
                .remove(&(at, super::Wake::Machine(machine.clone())));
        }
        self.dirty.remove(machine);
    }
}

/// What of two looks is not the same in both; all of it, where they are not at one run.
fn differing<'l>(before: &'l Existence, after: &'l Existence) -> (&'l [Entry], &'l [Entry]) {
    match (before.live(), after.live()) {
        (Some(old), Some(new)) if old.run == new.run => old.differing(new),
        (old, new) => {
            let entries = |live: Option<&'l Live>| live.map_or(&[][..], |live| &live.entries);
            (entries(old), entries(new))
        }
    }
}
