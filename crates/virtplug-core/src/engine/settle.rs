//! The next step of one machine: what is wished against what is.

use super::machine::{Existence, Leaving, Live, OVERDUE, Slot, Task};
use super::{Engine, UDEV_PATIENCE, Wake};
use crate::action::{Action, AttachRequest, DetachReason, DetachRequest};
use crate::alias::OwnAlias;
use crate::assignment::Assignment;
use crate::id::HostAddress;
use crate::machine::{Activity, Hostdev, MachineKey};
use crate::obstacle::Obstacle;
use crate::port::PortPath;
use crate::report::Report;
use crate::retry::Backoff;
use crate::time::Time;

use super::devices::Present;

/// The earliest moment of those offered.
#[derive(Default)]
struct Earliest(Option<Time>);

impl Earliest {
    fn offer(&mut self, at: Option<Time>) {
        self.0 = self.0.into_iter().chain(at).min();
    }
}

impl Engine {
    /// Takes the next step of a machine, if there is one: look, then remove
    /// what must go, then attach. At most one is under way at a time.
    pub(super) fn settle(&mut self, machine: &MachineKey) {
        let mut wake = Earliest::default();
        if self.policy.is_some() && self.machines.contains_key(machine) {
            self.step(machine, &mut wake);
        }
        let Some(state) = self.machines.get_mut(machine) else {
            return;
        };
        let timer = |at| (at, Wake::Machine(machine.clone()));
        if let Some(before) = std::mem::replace(&mut state.wake, wake.0) {
            self.timers.remove(&timer(before));
        }
        if let Some(at) = wake.0 {
            self.timers.insert(timer(at));
        }
    }

    fn step(&mut self, machine: &MachineKey, wake: &mut Earliest) {
        let up = self.is_up(machine);
        let Some(state) = self.machines.get_mut(machine) else {
            return;
        };
        if let Some(slot) = &mut state.slot {
            let due = slot.since + OVERDUE;
            if due > self.now {
                wake.offer(Some(due));
            } else if !slot.overdue {
                slot.overdue = true;
                self.report(Report::Overdue(machine.clone()));
            }
            return;
        }
        if !up {
            return;
        }
        if state.look {
            let due = state.look_backoff.until();
            if due > self.now {
                wake.offer(Some(due));
                return;
            }
            state.look = false;
            self.start(machine, Task::Look);
            self.actions.push(Action::ReadMachine(machine.clone()));
            return;
        }
        if state.current
            && let Some(port) = self.starter(machine)
        {
            self.start_machine(machine, port);
            return;
        }
        let Some(state) = self.machines.get(machine) else {
            return;
        };
        let ready = state
            .live()
            .is_some_and(|live| live.activity == Activity::Ready);
        if ready && state.current && !self.detach_next(machine, wake) {
            self.attach_next(machine, wake);
        }
    }

    pub(super) fn start(&mut self, machine: &MachineKey, task: Task) {
        let since = self.now;
        self.machine_mut(machine).slot = Some(Slot {
            task,
            since,
            overdue: false,
        });
        self.dirty.insert(machine.clone());
    }

    /// Starts to remove one entry that must go; whether it did.
    fn detach_next(&mut self, machine: &MachineKey, wake: &mut Earliest) -> bool {
        let Some(state) = self.machines.get(machine) else {
            return false;
        };
        let mut next = None;
        let mut over = Vec::new();
        for (alias, hostdev) in state.live().into_iter().flat_map(Live::own) {
            let leaving = state.leaving.get(alias);
            let fault = self.must_go(machine, alias, hostdev);
            let due = leaving.map(|leaving| match fault {
                // A device that waits for the entry to go does so until then.
                _ if leaving.backoff.until() > self.now => leaving.backoff.until(),
                Some(_) => self.now,
                None => leaving.over(),
            });
            match (fault, due) {
                (_, Some(due)) if due > self.now => wake.offer(Some(due)),
                (Some(reason), _) => {
                    next = Some((alias.clone(), reason));
                    break;
                }
                (None, Some(_)) => over.push(alias.clone()),
                (None, None) => {}
            }
        }
        let last = self.now;
        for alias in over {
            self.leaving_is_over(machine, &alias);
        }
        let leaving = &mut self.machine_mut(machine).leaving;
        let Some((alias, reason)) = next else {
            return false;
        };
        let fresh = Leaving {
            reason,
            last,
            backoff: Backoff::default(),
            looked_at: false,
        };
        let entry = leaving.entry(alias.clone()).or_insert(fresh);
        entry.reason = reason;
        entry.last = last;
        entry.looked_at = false;
        let request = DetachRequest {
            machine: machine.clone(),
            alias,
            reason,
        };
        let op = self.new_op(machine);
        self.start(machine, Task::Detach(op, request.clone()));
        self.actions.push(Action::Detach(op, request));
        true
    }

    /// A detach that is not wanted any more happens no more, or has happened and
    /// nobody said so: that is for a look to tell.
    fn leaving_is_over(&mut self, machine: &MachineKey, alias: &OwnAlias) {
        let leaving = &mut self.machine_mut(machine).leaving;
        match leaving.get_mut(alias) {
            Some(leaving) if !leaving.looked_at => {
                leaving.looked_at = true;
                self.look_again(machine);
            }
            _ => drop(leaving.remove(alias)),
        }
    }

    /// Why an entry of ours must go now, if it must. In a pause none goes, or all do.
    fn must_go(
        &self,
        machine: &MachineKey,
        alias: &OwnAlias,
        hostdev: &Hostdev,
    ) -> Option<DetachReason> {
        let fault = self.fault_of(machine, alias, hostdev);
        match self.pause_at(machine, &alias.port) {
            None => fault,
            Some(pause) => pause.detach.then(|| fault.unwrap_or(DetachReason::Paused)),
        }
    }

    /// Why an entry of ours is wrong, if it is. What is unknown lets it stay.
    fn fault_of(
        &self,
        machine: &MachineKey,
        alias: &OwnAlias,
        hostdev: &Hostdev,
    ) -> Option<DetachReason> {
        if hostdev.missing {
            return Some(DetachReason::Missing);
        }
        let Some(present) = self.devices.with_instance(alias.instance) else {
            return self.devices.is_gone(alias.instance, &alias.port).then(|| {
                match self.devices.at(&alias.port) {
                    Some(_) => DetachReason::NewInstance,
                    None => DetachReason::Unplugged,
                }
            });
        };
        if hostdev.address != Some(present.device.address) {
            return Some(DetachReason::WrongAddress);
        }
        match &present.assignment {
            Assignment::Machine(grant) if grant.machine == *machine => None,
            Assignment::Unknown(..) => None,
            Assignment::Machine(_) => Some(DetachReason::OtherMachine),
            Assignment::Host | Assignment::Kept(_) | Assignment::Spare(_) => {
                Some(DetachReason::NotAssigned)
            }
            Assignment::Withheld => Some(DetachReason::ByHand),
            Assignment::Conflict(_) => Some(DetachReason::Conflict),
            Assignment::Refused(..) => Some(DetachReason::Refused),
        }
    }

    /// Starts to attach one device that nothing stands against.
    fn attach_next(&mut self, machine: &MachineKey, wake: &mut Earliest) {
        let Some(state) = self.machines.get(machine) else {
            return;
        };
        let mut next = None;
        let mut refused = Vec::new();
        for port in &state.wanted {
            let Some(present) = self.devices.at(port) else {
                continue;
            };
            if state.has(present.device.instance) {
                continue;
            }
            match self.obstacle(machine, present) {
                // A device that comes and goes must not hold up the others.
                None if self.flaps.is_restless(port, self.now) => {
                    next.get_or_insert_with(|| port.clone());
                }
                None => {
                    next = Some(port.clone());
                    break;
                }
                Some(Obstacle::InUse(uses)) => refused.push((port.clone(), uses)),
                Some(obstacle) => wake.offer(obstacle.until()),
            }
        }
        for (port, uses) in refused {
            self.tell_refusal(machine, &port, uses);
        }
        if let Some(port) = next {
            self.attach(machine, &port);
        }
    }

    fn attach(&mut self, machine: &MachineKey, port: &PortPath) {
        let Some(present) = self.devices.at(port) else {
            return;
        };
        let device = &present.device;
        let Some(grant) = present.assignment.grant() else {
            return;
        };
        let options = grant.rule().map(|rule| &rule.options);
        let request = AttachRequest {
            machine: machine.clone(),
            alias: OwnAlias {
                port: device.port.clone(),
                instance: device.instance,
                followed: grant.is_followed(),
            },
            syspath: device.syspath.clone(),
            vendor: device.vendor,
            product: device.product,
            address: device.address,
            guest_port: options.and_then(|options| options.guest_port.clone()),
            guest_reset: options.and_then(|options| options.guest_reset),
            allow_in_use: self.allows_use(machine, present),
        };
        let address = device.address;
        self.tell_taken(machine, port);
        self.attaching.insert(address, machine.clone());
        self.machine_mut(machine).attaching = Some(address);
        self.rate.take();
        let op = self.new_op(machine);
        self.start(machine, Task::Attach(op, request.clone()));
        self.actions.push(Action::Attach(op, request));
    }

    /// What stands between a device and the machine that it belongs to.
    pub(super) fn obstacle(&self, machine: &MachineKey, present: &Present) -> Option<Obstacle> {
        let connection = self.connections.get(&machine.uri);
        let Some(connection) = connection.filter(|connection| connection.is_up()) else {
            let reason = connection.and_then(|connection| connection.trouble.clone());
            return Some(Obstacle::NoConnection(reason));
        };
        let Some(state) = self.machines.get(machine) else {
            // A machine that nobody asks for is only looked at while it runs.
            let listed = connection.machines.contains_key(machine);
            return Some(if listed {
                Obstacle::MachineOff
            } else {
                Obstacle::MachineUnread
            });
        };
        if let Some(slot) = &state.slot {
            let overdue = slot.overdue;
            return Some(Obstacle::CallUnderWay { overdue });
        }
        if !state.current {
            return Some(Obstacle::MachineUnread);
        }
        match &state.existence {
            Existence::Unread => return Some(Obstacle::MachineUnread),
            Existence::Absent => return Some(Obstacle::NoSuchMachine),
            Existence::Off => return Some(Obstacle::MachineOff),
            Existence::Live(live) if live.activity == Activity::Busy => {
                return Some(Obstacle::MachineBusy);
            }
            Existence::Live(_) => {}
        }
        let device = &present.device;
        if state.has(device.instance) {
            // The right entry is no obstacle that anybody asks for.
            let machine = machine.clone();
            return Some(Obstacle::Occupied { machine, own: true });
        }
        if self.pause_at(machine, &device.port).is_some() {
            return Some(Obstacle::Paused(machine.clone()));
        }
        if let Some(occupied) = self.occupied(machine, device.address) {
            return Some(occupied);
        }
        if state.lets_go_of(&device.port, self.now) {
            let machine = machine.clone();
            return Some(Obstacle::Occupied { machine, own: true });
        }
        let grant = present.assignment.grant();
        // Another machine's rule asks for nothing here.
        let grant = grant.filter(|grant| grant.machine == *machine);
        if let Some(port) = state.taken_port(grant) {
            return Some(Obstacle::GuestPortTaken(port.clone()));
        }
        if self.stays_out(device.instance, machine) {
            return Some(Obstacle::Held);
        }
        let udev_until = present.seen + UDEV_PATIENCE;
        if !device.processed && self.now < udev_until {
            return Some(Obstacle::NotProcessed(udev_until));
        }
        if let Some(until) = self.flaps.pause_until(&device.port, self.now) {
            return Some(Obstacle::Flapping(until));
        }
        if let Some(tries) = state.attempts.get(&device.instance) {
            if let Some(stuck) = tries.stuck {
                return Some(Obstacle::Stuck(stuck));
            }
            let until = tries.backoff.until();
            if self.now < until {
                return Some(Obstacle::Retry {
                    failures: tries.backoff.failures(),
                    until,
                    error: tries.error.clone(),
                });
            }
        }
        if let Some(until) = connection.first_look_until(self.now) {
            return Some(Obstacle::FirstLook(until));
        }
        if let Some(uses) = self.refusal(machine, present) {
            return Some(Obstacle::InUse(uses));
        }
        self.limited_until(&device.port).map(Obstacle::RateLimited)
    }

    /// Whether an entry somewhere, or an attach under way, keeps an address
    /// from this machine.
    fn occupied(&self, machine: &MachineKey, address: HostAddress) -> Option<Obstacle> {
        let occupied = |machine: &MachineKey, own| Obstacle::Occupied {
            machine: machine.clone(),
            own,
        };
        if let Some(other) = self.attaching.get(&address)
            && other != machine
        {
            return Some(occupied(other, true));
        }
        let occupants = self.occupants.get(&address)?;
        let foreign = occupants.iter().find(|occupant| occupant.own.is_none());
        let other = foreign.or_else(|| occupants.first())?;
        let pause = other
            .own
            .as_ref()
            .and_then(|alias| self.pause_at(&other.machine, &alias.port));
        if pause.is_some_and(|pause| !pause.detach) {
            // What it has stays there until the pause ends.
            return Some(Obstacle::Paused(other.machine.clone()));
        }
        Some(occupied(&other.machine, other.own.is_some()))
    }
}
