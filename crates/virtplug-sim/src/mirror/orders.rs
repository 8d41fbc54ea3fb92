//! What somebody ordered, and how long that lasts, by what the engine was told.

use std::collections::BTreeSet;
use std::time::Duration;

use virtplug_core::{
    Device, Fact, Hold, InstanceId, MachineKey, MachineRead, Order, Orders, Owner, Pause, Policy,
    PortPath, Rule, Time,
};

use super::{Around, Known, Mirror};
use crate::wish::{Around as _, Followed, Wish, rank};

/// How long a hold waits for a device that left.
const LOST: Duration = Duration::from_secs(10);

/// A hold that was ordered just now: what it may depend on is history.
#[derive(Debug)]
pub(crate) struct Fresh {
    instance: InstanceId,
    /// The machines that may have had the device, or were to.
    had: BTreeSet<MachineKey>,
    /// Whether one of these surely had.
    sure: bool,
}

impl Mirror {
    pub(crate) fn held(&self, instance: InstanceId) -> Option<&Owner> {
        self.orders.holds.get(&instance).map(|hold| &hold.owner)
    }

    /// How a machine is paused for what is at a port.
    pub(crate) fn pause_at(&self, machine: &MachineKey, port: &PortPath) -> Option<Pause> {
        let pause = self.orders.pause_of(machine)?;
        let device = self.devices.get(port);
        let hold = device.and_then(|device| self.orders.holds.get(&device.instance));
        let ordered = hold.is_some_and(|hold| hold.in_pause.contains(machine));
        (!ordered).then_some(pause)
    }

    /// All machines that the configuration or an order names.
    pub(super) fn named(&self) -> BTreeSet<MachineKey> {
        let given = self.given.iter().flat_map(Policy::machines);
        given.chain(self.orders.machines()).cloned().collect()
    }

    /// Makes the rules that are in force out of those that were given.
    pub(super) fn rewrite(&mut self) {
        let switches = &self.orders.switches;
        let in_force = |rule: &Rule| {
            let mut rule = rule.clone();
            let owner = rule
                .options
                .group
                .as_ref()
                .and_then(|one| switches.get(one));
            if let Some(owner) = owner.filter(|owner| **owner != rule.owner) {
                rule.owner = owner.clone();
                rule.options.guest_port = None;
            }
            rule
        };
        self.policy = self.given.as_ref().map(|given| {
            let rules = given.rules().iter().map(|rule| in_force(rule));
            Policy::new(given.machines().iter().cloned(), rules.collect())
        });
    }

    /// Whether a group is there.
    fn has_group(&self, group: &str) -> bool {
        let Some(given) = &self.given else {
            return true;
        };
        let mut rules = given.rules().iter();
        rules.any(|rule| rule.options.group.as_deref() == Some(group))
    }

    pub(super) fn forget_groups(&mut self) {
        let switches = std::mem::take(&mut self.orders.switches);
        let kept = switches
            .into_iter()
            .filter(|(group, _)| self.has_group(group));
        self.orders.switches = kept.collect();
    }

    pub(super) fn restore(&mut self, orders: &Orders) {
        self.orders = orders.clone();
        for (instance, detached) in std::mem::take(&mut self.orders.detached) {
            let machine = detached.machine.clone();
            let known = self.machines.entry(machine).or_default();
            known.restored.insert(instance, detached);
        }
        self.rewrite();
    }

    pub(super) fn order(&mut self, order: &Order) {
        match order {
            Order::Hold {
                port,
                instance,
                owner,
                allow_in_use,
            } => self.hold(port, *instance, owner, *allow_in_use),
            Order::Release(port) => self.release(port),
            Order::ReleaseAll => {
                self.orders.holds.clear();
                for known in self.machines.values_mut() {
                    known.held.clear();
                    known.restored.clear();
                    known.forgive_all();
                }
                let groups = std::mem::take(&mut self.orders.switches);
                for group in groups.keys() {
                    self.follow_anew(group);
                }
                self.rewrite();
                for group in groups.keys() {
                    self.follow_anew(group);
                }
            }
            Order::Switch { group, owner } if self.has_group(group) => {
                match owner {
                    Some(owner) => self.orders.switches.insert(group.clone(), owner.clone()),
                    None => self.orders.switches.remove(group),
                };
                self.rewrite();
                self.machines.values_mut().for_each(Known::forgive_all);
                self.follow_anew(group);
            }
            Order::Switch { .. } => {}
            Order::Pause { machine, detach } => {
                let pause = Pause { detach: *detach };
                let own = &self.orders.pauses;
                for hold in self.orders.holds.values_mut() {
                    hold.in_pause.retain(|one| match machine {
                        Some(machine) => one != machine,
                        None => own.contains_key(one),
                    });
                }
                match machine {
                    Some(machine) => {
                        self.orders.pauses.insert(machine.clone(), pause);
                    }
                    None => self.orders.pause_of_all = Some(pause),
                }
            }
            Order::Resume(machine) => {
                if let Some(machine) = machine {
                    self.orders.pauses.remove(machine);
                } else {
                    self.orders.pauses.clear();
                    self.orders.pause_of_all = None;
                }
                let orders = self.orders.clone();
                for hold in self.orders.holds.values_mut() {
                    hold.in_pause
                        .retain(|machine| orders.pause_of(machine).is_some());
                }
            }
        }
    }

    fn hold(&mut self, port: &PortPath, instance: InstanceId, owner: &Owner, allow_in_use: bool) {
        let device = self.devices.get(port);
        let Some(device) = device.filter(|device| device.instance == instance) else {
            return;
        };
        let around = Around {
            mirror: self,
            device,
        };
        let wish = self.wish(instance);
        let mut had: BTreeSet<MachineKey> = around.holders().into_iter().collect();
        let sure = !had.is_empty()
            || self
                .named()
                .iter()
                .any(|machine| wish.as_ref().is_some_and(|wish| wish.is_machine(machine)));
        had.extend(wish.iter().flat_map(Wish::machines));
        let former = self.orders.holds.get(&instance);
        had.extend(former.and_then(|former| former.until_end_of.clone()));
        self.fresh = Some(Fresh {
            instance,
            had,
            sure,
        });
        let until_end_of = match owner {
            Owner::Machine(machine) => Some(machine.clone()),
            Owner::Host => None,
        };
        self.orders.holds.retain(|_, hold| hold.port != *port);
        let hold = Hold {
            port: port.clone(),
            owner: owner.clone(),
            in_pause: BTreeSet::new(),
            until_end_of,
            run: None,
            allow_in_use,
        };
        self.orders.holds.insert(instance, hold);
        self.let_in(instance);
    }

    fn release(&mut self, port: &PortPath) {
        self.orders.holds.retain(|_, hold| hold.port != *port);
        // Also where the device was not looked at yet.
        for known in self.machines.values_mut() {
            known.held.retain(|_, held| held != port);
            known.restored.retain(|_, one| one.port != *port);
        }
        let Some(instance) = self.devices.get(port).map(|device| device.instance) else {
            return;
        };
        self.let_in(instance);
    }

    /// What somebody took out is decided anew, also where an earlier daemon saw it.
    fn let_in(&mut self, instance: InstanceId) {
        for known in self.machines.values_mut() {
            known.held.remove(&instance);
            known.restored.remove(&instance);
            known.forgive(instance);
        }
    }

    /// Takes over from the engine what a new hold depends on, if it can be so.
    pub(crate) fn believe(&mut self, told: &Orders) {
        let Some(fresh) = self.fresh.take() else {
            return;
        };
        let Some(theirs) = told.holds.get(&fresh.instance) else {
            return;
        };
        let owner = match &theirs.owner {
            Owner::Machine(machine) => Some(machine),
            Owner::Host => None,
        };
        let ends = theirs.until_end_of.as_ref();
        let right_end = match owner {
            Some(_) => ends == owner,
            None => ends.map_or(!fresh.sure, |machine| fresh.had.contains(machine)),
        };
        let paused = |machine: &&MachineKey| self.orders.pause_of(machine).is_some();
        let may: BTreeSet<&MachineKey> = fresh.had.iter().chain(ends).filter(paused).collect();
        let must: BTreeSet<&MachineKey> = owner.into_iter().chain(ends).filter(paused).collect();
        let theirs_in: BTreeSet<&MachineKey> = theirs.in_pause.iter().collect();
        let known = ends.and_then(|machine| self.machines.get(machine));
        let live = known.and_then(Known::live).map(|live| live.run);
        let right_run = theirs.run.is_none() || theirs.run == live;
        if right_end && right_run && theirs_in.is_subset(&may) && must.is_subset(&theirs_in) {
            let hold = theirs.clone();
            if let Some(ours) = self.orders.holds.get_mut(&fresh.instance) {
                ours.until_end_of = hold.until_end_of;
                ours.in_pause = hold.in_pause;
                ours.run = hold.run;
            }
        }
    }

    /// A held device left; it may have been a reset.
    pub(super) fn lose_hold(&mut self, now: Time, gone: &Device) {
        if self.orders.holds.contains_key(&gone.instance) {
            self.lost.insert(gone.instance, (now, gone.clone()));
        }
    }

    /// A device came or was read: it may be one that was held before a reset.
    pub(super) fn regain_hold(&mut self, device: &Device) {
        self.lost.remove(&device.instance);
        if self.orders.holds.contains_key(&device.instance) {
            return;
        }
        let mut lost = self.lost.iter();
        let found = lost.find(|(instance, (_, gone))| {
            let hold = self.orders.holds.get(instance);
            hold.is_some_and(|hold| hold.port == device.port)
                && gone.vendor == device.vendor
                && gone.product == device.product
                && gone.serial.known().is_some()
                && gone.serial == device.serial
                && gone.interfaces.known().is_some()
                && gone.interfaces == device.interfaces
        });
        if let Some(instance) = found.map(|(instance, _)| *instance) {
            self.lost.remove(&instance);
            if let Some(hold) = self.orders.holds.remove(&instance) {
                self.orders.holds.insert(device.instance, hold);
            }
        }
    }

    /// Drops holds of what did not come back in time. What cannot be read may have.
    pub(super) fn drop_lost(&mut self, now: Time) {
        let lost = std::mem::take(&mut self.lost);
        for (instance, (at, device)) in lost {
            let waits = self.orders.holds.contains_key(&instance) && self.may_be_back(&device);
            if now < at + LOST || waits {
                self.lost.insert(instance, (at, device));
            } else {
                self.orders.holds.remove(&instance);
            }
        }
    }

    fn may_be_back(&self, gone: &Device) -> bool {
        let Some(device) = self.devices.get(&gone.port) else {
            return self.unreadable.contains(&gone.port);
        };
        let serial = gone.serial == device.serial || device.serial == Fact::Unknown;
        let interfaces = gone.interfaces == device.interfaces || device.interfaces == Fact::Unknown;
        self.unreadable.contains(&gone.port)
            || gone.serial.known().is_some()
                && gone.interfaces.known().is_some()
                && (gone.vendor, gone.product) == (device.vendor, device.product)
                && (device.serial == Fact::Unknown || device.interfaces == Fact::Unknown)
                && serial
                && interfaces
    }

    /// Drops holds of what was not there from the beginning.
    pub(super) fn drop_gone(&mut self) {
        let present: BTreeSet<InstanceId> = self.devices.values().map(|one| one.instance).collect();
        let (lost, unreadable) = (&self.lost, &self.unreadable);
        if self.complete {
            self.orders.holds.retain(|instance, hold| {
                present.contains(instance)
                    || lost.contains_key(instance)
                    || unreadable.contains(&hold.port)
            });
        }
    }

    /// A look at a machine: what lasts as long as its run may be over.
    pub(super) fn end_with(&mut self, machine: &MachineKey, read: &MachineRead) {
        let run = match read {
            MachineRead::Live(live) => Some(live.run),
            MachineRead::Off | MachineRead::Absent => None,
            MachineRead::Failed(_) => return,
        };
        self.orders.holds.retain(|_, hold| {
            let its = hold.until_end_of.as_ref() == Some(machine);
            !its || hold.run.is_none() || hold.run == run
        });
        for hold in self.orders.holds.values_mut() {
            if hold.until_end_of.as_ref() == Some(machine) {
                hold.run = run;
            }
        }
    }

    /// Who followed by a rule of a group may follow by it still, wherever it leads now.
    fn follow_anew(&mut self, group: &str) {
        let Some(policy) = &self.policy else {
            return;
        };
        let rules = policy.rules().iter().filter(|rule| {
            rule.options.follow.is_some() && rule.options.group.as_deref() == Some(group)
        });
        let new: Vec<Followed> = rules
            .filter_map(|rule| {
                Some(Followed {
                    machine: rule.machine()?.clone(),
                    rank: rank(rule),
                    sure: false,
                })
            })
            .collect();
        let departed = self.departures.values_mut().map(|one| &mut one.followed);
        for followed in self.follows.values_mut().chain(departed) {
            for one in followed.iter_mut() {
                one.sure = false;
            }
            if !followed.is_empty() {
                followed.extend(new.iter().cloned());
            }
        }
    }
}
