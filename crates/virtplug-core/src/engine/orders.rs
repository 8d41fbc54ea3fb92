//! What somebody decides by hand.

use std::collections::BTreeSet;

use super::Engine;
use super::connection::Connection;
use super::machine::{Existence, Machine};
use super::switches::Switched;
use crate::device::InstanceId;
use crate::machine::MachineKey;
use crate::order::{Hold, Order, Orders, Pause};
use crate::policy::Policy;
use crate::port::PortPath;
use crate::report::Report;
use crate::rule::Owner;

impl Engine {
    /// Does what somebody ordered. What is in force already is done once more,
    /// as who orders wants it tried now, but it is not told.
    pub(super) fn ordered(&mut self, order: Order) {
        if !self.is_possible(&order) {
            return;
        }
        if self.changes_orders(&order) {
            self.report(Report::Ordered(order.clone()));
        }
        let named: BTreeSet<MachineKey> = self.orders.machines().into_iter().cloned().collect();
        match order {
            Order::Hold {
                port,
                instance,
                owner,
                allow_in_use,
            } => self.hold(&port, instance, owner, allow_in_use),
            Order::Release(port) => self.release(&port),
            Order::ReleaseAll => self.release_all(),
            Order::Switch { group, owner } => self.switch(&group, owner.as_ref()),
            Order::Pause { machine, detach } => self.pause(machine, Pause { detach }),
            Order::Resume(machine) => self.resume(machine.as_ref()),
        }
        self.look_at_named();
        for machine in named {
            self.let_go_of(&machine);
        }
    }

    /// Takes over what an earlier daemon was ordered.
    pub(super) fn restore(&mut self, orders: Orders) {
        self.orders = orders;
        let Some(policy) = &self.policy else {
            return;
        };
        self.orders
            .switches
            .retain(|group, _| policy.groups().contains_key(group));
        self.switched = Switched::new(policy, &self.orders.switches);
        if self.devices.complete {
            self.drop_strays(None);
        }
        for port in self.devices.ports() {
            self.judge(&port);
        }
        self.dirty.extend(self.machines.keys().cloned());
        self.look_at_named();
    }

    /// Whether there is what an order speaks of.
    fn is_possible(&self, order: &Order) -> bool {
        match order {
            Order::Hold { port, instance, .. } => self
                .devices
                .at(port)
                .is_some_and(|present| present.device.instance == *instance),
            Order::Switch { group, .. } => {
                let groups = self.policy.as_ref().map(Policy::groups);
                groups.is_none_or(|groups| groups.contains_key(group))
            }
            _ => true,
        }
    }

    /// Whether an order makes a difference to what is in force.
    fn changes_orders(&self, order: &Order) -> bool {
        let orders = &self.orders;
        match order {
            Order::Hold { .. } => true,
            Order::Release(port) => {
                orders.holds.values().any(|hold| hold.port == *port)
                    || orders.detached.values().any(|one| one.port == *port)
            }
            Order::ReleaseAll => {
                !(orders.holds.is_empty()
                    && orders.detached.is_empty()
                    && orders.switches.is_empty())
            }
            Order::Switch { group, owner } => orders.switches.get(group) != owner.as_ref(),
            Order::Pause { machine, detach } => {
                let before = match machine {
                    Some(machine) => orders.pauses.get(machine).copied(),
                    None => orders.pause_of_all,
                };
                before != Some(Pause { detach: *detach })
            }
            Order::Resume(None) => orders.pause_of_all.is_some() || !orders.pauses.is_empty(),
            Order::Resume(Some(machine)) => orders.pauses.contains_key(machine),
        }
    }

    fn hold(&mut self, port: &PortPath, instance: InstanceId, owner: Owner, allow_in_use: bool) {
        let Some(present) = self.devices.at(port) else {
            return;
        };
        let holder = self.holder_of(&present.device);
        let had = holder.or_else(|| present.assignment.machine());
        let former = self.orders.holds.get(&instance);
        let until_end_of = match &owner {
            Owner::Machine(machine) => Some(machine.clone()),
            Owner::Host => had
                .or_else(|| former.and_then(|former| former.until_end_of.as_ref()))
                .cloned(),
        };
        let concerned = had.into_iter().chain(&until_end_of);
        let state = until_end_of
            .as_ref()
            .and_then(|machine| self.machines.get(machine));
        let live = state.filter(|state| state.current).and_then(Machine::live);
        let hold = Hold {
            port: port.clone(),
            owner,
            in_pause: concerned
                .filter(|machine| self.orders.pause_of(machine).is_some())
                .cloned()
                .collect(),
            run: live.map(|live| live.run),
            until_end_of,
            allow_in_use,
        };
        self.orders.detached.remove(&instance);
        self.orders.holds.retain(|_, hold| hold.port != *port);
        self.orders.holds.insert(instance, hold);
        self.assign(port);
        self.try_anew(port);
    }

    fn release(&mut self, port: &PortPath) {
        self.orders.holds.retain(|_, hold| hold.port != *port);
        self.orders.detached.retain(|_, one| one.port != *port);
        self.assign(port);
        self.try_anew(port);
    }

    fn release_all(&mut self) {
        let holds = std::mem::take(&mut self.orders.holds).into_values();
        let detached = std::mem::take(&mut self.orders.detached).into_values();
        let held = holds.map(|hold| hold.port);
        let ports: BTreeSet<PortPath> = held.chain(detached.map(|one| one.port)).collect();
        for group in std::mem::take(&mut self.orders.switches).into_keys() {
            self.switch(&group, None);
        }
        for port in ports {
            self.assign(&port);
            self.try_anew(&port);
        }
    }

    fn pause(&mut self, machine: Option<MachineKey>, pause: Pause) {
        self.mark(machine.as_ref());
        let Orders { holds, pauses, .. } = &mut self.orders;
        for hold in holds.values_mut() {
            // What was ordered before counts no more where this pause is the one in force.
            hold.in_pause.retain(|in_pause| match &machine {
                Some(machine) => machine != in_pause,
                None => pauses.contains_key(in_pause),
            });
        }
        match machine {
            Some(machine) => {
                self.orders.pauses.insert(machine, pause);
            }
            None => self.orders.pause_of_all = Some(pause),
        }
    }

    fn resume(&mut self, machine: Option<&MachineKey>) {
        self.mark(machine);
        let orders = &mut self.orders;
        if let Some(machine) = machine {
            orders.pauses.remove(machine);
        } else {
            orders.pauses.clear();
            orders.pause_of_all = None;
        }
        let (pauses, all) = (&orders.pauses, orders.pause_of_all);
        for hold in orders.holds.values_mut() {
            hold.in_pause
                .retain(|machine| all.is_some() || pauses.contains_key(machine));
        }
    }

    /// Settles one machine, or all of them.
    fn mark(&mut self, machine: Option<&MachineKey>) {
        match machine {
            Some(machine) => self.dirty.extend([machine.clone()]),
            None => self.dirty.extend(self.machines.keys().cloned()),
        }
    }

    /// Judges anew what is at a port; failed tries of its device count no more.
    pub(super) fn try_anew(&mut self, port: &PortPath) {
        // A pause may concern what is there, or no longer.
        self.touch_entries(port);
        let Some(present) = self.devices.at(port) else {
            return;
        };
        let (instance, address) = (present.device.instance, present.device.address);
        if let Some(machine) = present.assignment.machine()
            && let Some(state) = self.machines.get_mut(machine)
        {
            state.attempts.remove(&instance);
        }
        self.touch(instance, address);
    }

    /// Whether the configuration or an order names a machine, so that it is looked at.
    pub(super) fn is_named(&self, machine: &MachineKey) -> bool {
        let policy = self.policy.as_ref();
        policy.is_some_and(|policy| policy.machines().contains(machine))
            || self.orders.names(machine)
    }

    /// Looks at machines that an order names and nobody looked at before.
    fn look_at_named(&mut self) {
        if self.policy.is_none() {
            // A configuration brings the first looks.
            return;
        }
        let named: BTreeSet<MachineKey> = self.orders.machines().into_iter().cloned().collect();
        for machine in named {
            let state = self.machines.get(&machine);
            if state.is_some_and(|state| state.existence != Existence::Unread) {
                continue;
            }
            self.connections
                .entry(machine.uri.clone())
                .or_insert_with(Connection::new);
            self.look_again(&machine);
            self.drive(&machine.uri);
        }
    }

    /// An order does not name a machine any more: where nobody else does, what
    /// is kept of it goes with the next look.
    pub(super) fn let_go_of(&mut self, machine: &MachineKey) {
        if self.is_named(machine) {
            return;
        }
        if self.machines.contains_key(machine) {
            self.look_again(machine);
        }
        self.close_unneeded(&machine.uri);
    }
}
