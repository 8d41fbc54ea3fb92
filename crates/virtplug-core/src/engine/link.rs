//! Configuration and connections: which are needed, which are up, what is on them.

use std::collections::BTreeSet;

use super::connection::{Connection, Link};
use super::machine::Existence;
use super::switches::Switched;
use super::{Engine, Wake};
use crate::action::Action;
use crate::event::MachineListing;
use crate::machine::{ConnectionUri, MachineKey};
use crate::policy::Policy;
use crate::report::Report;
use crate::retry::{Backoff, CONNECT_DELAY_CAP};

impl Engine {
    /// Takes a valid configuration and looks at everything anew.
    pub(super) fn adopt(&mut self, policy: Policy) {
        self.orders
            .switches
            .retain(|group, _| policy.groups().contains_key(group));
        let named: BTreeSet<MachineKey> = self.orders.machines().into_iter().cloned().collect();
        let uris = named.iter().map(|machine| &machine.uri);
        for uri in policy.connections().iter().chain(uris) {
            self.connections
                .entry(uri.clone())
                .or_insert_with(Connection::new);
        }
        for machine in policy.machines().union(&named) {
            self.machine_mut(machine).attempts.clear();
        }
        let switched = Switched::new(&policy, &self.orders.switches);
        self.renumber_places(&policy, &switched);
        self.switched = switched;
        self.policy = Some(policy);
        for port in self.devices.ports() {
            self.judge(&port);
        }
        self.scan();
        let uris: Vec<ConnectionUri> = self.connections.keys().cloned().collect();
        for uri in uris {
            if let Some(connection) = self.connections.get_mut(&uri) {
                connection.list = true;
            }
            self.drive(&uri);
            self.close_unneeded(&uri);
        }
        self.dirty.extend(self.machines.keys().cloned());
    }

    /// Takes the next step of a connection, if one is due: open it, or list.
    pub(super) fn drive(&mut self, uri: &ConnectionUri) {
        let Some(connection) = self.connections.get_mut(uri) else {
            return;
        };
        let mut wake = None;
        match connection.link {
            Link::Down if connection.backoff.until() <= self.now => {
                connection.link = Link::Opening;
                self.actions.push(Action::Connect(uri.clone()));
            }
            Link::Down => wake = Some(connection.backoff.until()),
            Link::Up(_) if connection.list && !connection.listing => {
                if connection.list_backoff.until() <= self.now {
                    connection.list = false;
                    connection.listing = true;
                    self.actions.push(Action::ListMachines(uri.clone()));
                } else {
                    wake = Some(connection.list_backoff.until());
                }
            }
            Link::Opening | Link::Up(_) => {}
        }
        if let Some(before) = std::mem::replace(&mut connection.wake, wake) {
            self.timers.remove(&(before, Wake::Connection(uri.clone())));
        }
        if let Some(at) = wake {
            self.timers.insert((at, Wake::Connection(uri.clone())));
        }
    }

    pub(super) fn connected(&mut self, uri: &ConnectionUri) {
        let Some(connection) = self.connections.get_mut(uri) else {
            return;
        };
        connection.link = Link::Up(self.now);
        connection.list = true;
        connection.listed = false;
        connection.unseen.clear();
        connection.list_backoff = Backoff::default();
        self.drive(uri);
    }

    pub(super) fn disconnected(&mut self, uri: &ConnectionUri, reason: String) {
        let Some(connection) = self.connections.get_mut(uri) else {
            return;
        };
        connection.link = Link::Down;
        connection.listed = false;
        connection.unseen.clear();
        connection
            .backoff
            .fail(self.now, CONNECT_DELAY_CAP, &mut self.jitter);
        if connection.trouble.is_none() {
            self.actions
                .push(Action::Report(Report::Waiting(uri.clone(), reason.clone())));
        }
        connection.trouble = Some(reason);
        for (_, state) in self.machines.iter_mut().filter(|(key, _)| key.uri == *uri) {
            state.current = false;
            state.watched = false;
        }
        self.drive(uri);
    }

    /// A list says only which machines to look at; each look then runs in line
    /// with the calls to that machine, so an old list cannot undo a newer look.
    pub(super) fn take_list(&mut self, uri: &ConnectionUri, listing: &[MachineListing]) {
        let Some(connection) = self.connections.get_mut(uri) else {
            return;
        };
        connection.listing = false;
        connection.list_backoff = Backoff::default();
        if !connection.is_up() {
            return;
        }
        connection.backoff = Backoff::default();
        if connection.trouble.take().is_some() || !connection.listed {
            self.actions
                .push(Action::Report(Report::Connected(uri.clone())));
        }
        connection.machines = listing
            .iter()
            .map(|line| (line.machine.clone(), line.uuid))
            .collect();
        let active: BTreeSet<MachineKey> = listing
            .iter()
            .filter(|line| line.active)
            .map(|line| line.machine.clone())
            .collect();
        if !connection.listed {
            connection.unseen.clone_from(&active);
        }
        connection.listed = true;
        let known = self.machines.keys().filter(|machine| machine.uri == *uri);
        let look_at: BTreeSet<MachineKey> = known.cloned().chain(active).collect();
        for machine in look_at {
            self.look_again(&machine);
        }
        self.drive(uri);
    }

    pub(super) fn list_failed(&mut self, uri: &ConnectionUri, reason: &str) {
        let Some(connection) = self.connections.get_mut(uri) else {
            return;
        };
        connection.listing = false;
        connection.list = true;
        connection
            .list_backoff
            .fail(self.now, CONNECT_DELAY_CAP, &mut self.jitter);
        if connection.list_backoff.failures() == 1 {
            self.report(Report::LookFailed(format!("machines of {uri}: {reason}")));
        }
        self.drive(uri);
    }

    /// Closes a connection that neither the configuration nor an order names,
    /// once nothing of ours is left there.
    pub(super) fn close_unneeded(&mut self, uri: &ConnectionUri) {
        let needed = self
            .policy
            .as_ref()
            .is_none_or(|policy| policy.connections().contains(uri))
            || self.orders.need(uri);
        let settled = self.connections.get(uri).is_some_and(|connection| {
            !connection.is_up() || (connection.listed && connection.unseen.is_empty())
        });
        let in_use = |(key, state): (&MachineKey, &super::machine::Machine)| {
            key.uri == *uri
                && (state.slot.is_some()
                    || state.attaching.is_some()
                    || state.live().is_some_and(|live| live.own().count() > 0))
        };
        if needed || !settled || self.machines.iter().any(in_use) {
            return;
        }
        if let Some(connection) = self.connections.remove(uri)
            && let Some(at) = connection.wake
        {
            self.timers.remove(&(at, Wake::Connection(uri.clone())));
        }
        let gone: Vec<MachineKey> = self
            .machines
            .keys()
            .filter(|machine| machine.uri == *uri)
            .cloned()
            .collect();
        for machine in gone {
            self.replace(&machine, &Existence::Absent);
            self.forget(&machine);
        }
        self.actions.push(Action::Disconnect(uri.clone()));
    }
}
