//! What a wish depends on, by what the engine was told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use virtplug_core::{
    Device, Fact, InstanceId, MachineKey, MachineRead, Owner, Policy, Rule, Time, Verdict,
};

use super::{Asked, Known, Mirror};
use crate::wish::{self, Followed, giving, holding, rank};

/// How long a device can start its machine.
const PLUG: Duration = Duration::from_secs(60);

/// One device and all that the engine was told.
pub(crate) struct Around<'m> {
    pub(crate) mirror: &'m Mirror,
    pub(crate) device: &'m Device,
}

impl wish::Around for Around<'_> {
    fn held(&self) -> Option<Owner> {
        self.mirror.held(self.device.instance).cloned()
    }

    fn runs(&self, machine: &MachineKey) -> Vec<Option<bool>> {
        let read = self.mirror.machines.get(machine).map(|known| &known.read);
        let runs = match read {
            Some(Some(MachineRead::Live(_))) => Some(true),
            Some(Some(MachineRead::Off | MachineRead::Absent)) => Some(false),
            _ => None,
        };
        let mut all = vec![runs];
        if self.mirror.unsure.contains(machine) && runs.is_some() {
            all.push(None);
        }
        all
    }

    fn holders(&self) -> Vec<MachineKey> {
        let machines = self.mirror.machines.iter();
        let holding = machines.filter(|(_, known)| known.holds(self.device));
        holding.map(|(machine, _)| machine.clone()).collect()
    }

    fn follows(&self) -> Vec<Followed> {
        let follows = self.mirror.follows.get(&self.device.instance);
        follows.cloned().unwrap_or_default()
    }

    fn may_start(&self, machine: &MachineKey) -> bool {
        let starting = matches!(self.mirror.in_flight.get(machine), Some(Asked::Start(_)));
        let instance = self.device.instance;
        let fresh = self.mirror.is_plugged(self.mirror.now, instance);
        fresh && (starting || !self.mirror.spent.contains(&(instance, machine.clone())))
    }

    fn has_namesake(&self, rule: &Rule) -> bool {
        let Fact::Known(Some(serial)) = &self.device.serial else {
            return false;
        };
        let same = |other: &&Device| {
            other.instance != self.device.instance
                && (other.vendor, other.product) == (self.device.vendor, self.device.product)
                && other.serial == Fact::Known(Some(serial.clone()))
                && !other.is_hub()
        };
        let mut others = self.mirror.devices.values().filter(same);
        others.any(|other| rule.matcher.judge(other, &()) != Verdict::No)
    }
}

impl Mirror {
    fn is_plugged(&self, now: Time, instance: InstanceId) -> bool {
        self.plugs.get(&instance).is_some_and(|at| now < *at + PLUG)
    }

    /// The devices that a machine may be started for.
    pub(crate) fn starters(&self, now: Time, machine: &MachineKey) -> Vec<InstanceId> {
        let Some(policy) = &self.policy else {
            return Vec::new();
        };
        let starts = |device: &&Device| {
            let instance = device.instance;
            let follows = self.follows.get(&instance).into_iter().flatten();
            let asks = holding(policy, device).iter().any(|one| {
                one.certain && one.rule.machine() == Some(machine) && one.rule.options.start_machine
            });
            self.is_plugged(now, instance)
                && !self.spent.contains(&(instance, machine.clone()))
                && (asks || follows.clone().any(|followed| followed.machine == *machine))
                && self.wish(instance).is_some_and(|wish| wish.allows(machine))
        };
        let starters = self.devices.values().filter(starts);
        starters.map(|device| device.instance).collect()
    }

    /// Whom the successor of an instance may follow.
    pub(super) fn to_follow(&self, gone: InstanceId) -> Vec<Followed> {
        let (Some(policy), Some(device), Some(wish)) =
            (&self.policy, self.device_of(gone), self.wish(gone))
        else {
            return Vec::new();
        };
        let mut all: Vec<(Followed, bool)> = Vec::new();
        for one in holding(policy, device).iter().filter(|one| one.certain) {
            if let Some(machine) = one.rule.machine().filter(|machine| wish.allows(machine)) {
                let followed = Followed {
                    machine: machine.clone(),
                    rank: rank(one.rule),
                    sure: wish.is_machine(machine),
                };
                all.push((followed, one.rule.options.follow.is_some()));
            }
        }
        // Who is held by hand follows nobody.
        let follows = self
            .follows
            .get(&gone)
            .filter(|_| self.held(gone).is_none());
        for followed in follows.into_iter().flatten() {
            if wish.allows(&followed.machine) {
                let sure = followed.sure && wish.is_machine(&followed.machine);
                all.push((
                    Followed {
                        sure,
                        ..followed.clone()
                    },
                    true,
                ));
            }
        }
        let alone = all.len() == 1;
        let following = all.into_iter().filter(|(_, follows)| *follows);
        following
            .map(|(followed, _)| Followed {
                sure: followed.sure && alone,
                ..followed
            })
            .collect()
    }

    pub(super) fn adopt(&mut self, policy: &Policy) {
        self.given = Some(policy.clone());
        self.forget_groups();
        self.rewrite();
        self.machines.values_mut().for_each(Known::forgive_all);
        for departure in self.departures.values_mut() {
            departure.followed.clear();
        }
        let follows = std::mem::take(&mut self.follows);
        let policy = self.policy.as_ref().unwrap_or(policy);
        for (instance, followed) in follows {
            let mut kept = Vec::new();
            for one in followed {
                let rule = following(policy, &one.machine);
                kept.extend(rule.map(|rule| Followed {
                    rank: rank(rule),
                    ..one
                }));
            }
            self.follows.insert(instance, kept);
        }
    }

    /// Entries that say by their alias that their device follows another.
    pub(super) fn recall(&mut self, sure: bool) {
        let Some(policy) = &self.policy else {
            return;
        };
        let mut recalled = BTreeMap::new();
        for device in self.devices.values() {
            let known = self.follows.get(&device.instance);
            if known.is_some_and(|known| !known.is_empty()) {
                continue;
            }
            for (machine, known) in &self.machines {
                let follows = known.own().into_iter().any(|(alias, _)| {
                    alias.followed && alias.instance == device.instance && known.holds(device)
                });
                if let Some(rule) = following(policy, machine).filter(|_| follows) {
                    let followed = Followed {
                        machine: machine.clone(),
                        rank: rank(rule),
                        sure,
                    };
                    recalled.insert(device.instance, vec![followed]);
                }
            }
        }
        self.follows.extend(recalled);
    }

    /// Where a device may have belonged elsewhere, failures count anew.
    pub(super) fn forgive_others(&mut self) {
        let mut forgiven = Vec::new();
        for (machine, known) in &self.machines {
            for instance in known.attaches.keys() {
                if !self
                    .wish(*instance)
                    .is_some_and(|wish| wish.is_machine(machine))
                {
                    forgiven.push((machine.clone(), *instance));
                }
            }
        }
        for (machine, instance) in forgiven {
            if let Some(known) = self.machines.get_mut(&machine) {
                known.forgive(instance);
            }
        }
    }

    /// One of those that are too many goes, and it is not told here which.
    pub(super) fn find_excess(&mut self) {
        let Some(policy) = &self.policy else {
            return;
        };
        let mut held = BTreeSet::new();
        let mut excess = BTreeSet::new();
        for (machine, known) in &self.machines {
            let devices: Vec<&Device> = self
                .devices
                .values()
                .filter(|one| known.holds(one) && self.held(one.instance).is_none())
                .collect();
            for device in &devices {
                let pair = (machine.clone(), device.instance);
                held.insert(pair.clone());
                if may_lack_place(policy, machine, device, &devices) {
                    excess.insert(pair);
                }
            }
        }
        self.excess.extend(excess);
        self.excess.retain(|pair| held.contains(pair));
    }

    /// Whether a machine's rules have places for what it has and for this device.
    pub(crate) fn has_place(&self, machine: &MachineKey, device: &Device) -> bool {
        let (Some(policy), Some(known)) = (&self.policy, self.machines.get(machine)) else {
            return true;
        };
        let stays = |one: &&Device| {
            let entry = known.own().into_iter().find(|(alias, hostdev)| {
                alias.instance == one.instance && hostdev.address == Some(one.address)
            });
            let wish = self.wish(one.instance);
            self.held(one.instance).is_none()
                && entry.is_some_and(|(alias, hostdev)| {
                    !hostdev.missing && !alias.followed && !known.detaches.contains_key(&alias)
                })
                && wish.is_some_and(|wish| wish.allows(machine))
        };
        let mut devices: Vec<&Device> = self.devices.values().filter(stays).collect();
        devices.retain(|one| one.instance != device.instance);
        devices.push(device);
        fits(policy, machine, &devices)
    }
}

/// The rule by which devices follow into a machine.
pub(crate) fn following<'p>(policy: &'p Policy, machine: &MachineKey) -> Option<&'p Rule> {
    let mut rules = policy.rules().iter();
    let rule = rules.find(|rule| {
        rule.options.enabled && rule.options.follow.is_some() && rule.machine() == Some(machine)
    });
    rule.map(std::convert::AsRef::as_ref)
}

/// Whether the rules of a machine can give it all of these devices at once.
pub(crate) fn fits(policy: &Policy, machine: &MachineKey, devices: &[&Device]) -> bool {
    // The places of each rule with a `count`, with the number of who has them.
    let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let offers: Vec<Option<Vec<(usize, usize)>>> = devices
        .iter()
        .map(|device| {
            let rules = policy.rules().iter().enumerate();
            let giving = giving(policy, device);
            let gives = rules.filter(|(_, rule)| {
                rule.machine() == Some(machine)
                    && giving.iter().any(|one| std::ptr::eq(*one, rule.as_ref()))
            });
            gives
                .map(|(number, rule)| {
                    let count = rule.options.count?;
                    Some((number, usize::try_from(count.get()).unwrap_or(usize::MAX)))
                })
                .collect()
        })
        .collect();
    (0..devices.len()).all(|number| {
        let limited = matches!(offers.get(number), Some(Some(rules)) if !rules.is_empty());
        !limited || seat(number, &offers, &mut places, &mut Vec::new())
    })
}

/// Whether others in a machine may have all places that its rules could give a
/// device. Each takes the strongest rule with room, and makes none for others.
fn may_lack_place(
    policy: &Policy,
    machine: &MachineKey,
    device: &Device,
    devices: &[&Device],
) -> bool {
    let gives = |rule: &Rule, device: &Device| {
        let mut giving = giving(policy, device).into_iter();
        giving.any(|one| std::ptr::eq(one, rule))
    };
    let mut own = giving(policy, device);
    own.retain(|rule| rule.machine() == Some(machine));
    !own.is_empty()
        && own.iter().all(|rule| {
            let others = devices.iter().filter(|one| one.instance != device.instance);
            rule.options.count.is_some_and(|count| {
                let able = others.filter(|one| gives(rule, one)).count();
                able >= usize::try_from(count.get()).unwrap_or(usize::MAX)
            })
        })
}

/// Finds a place for one device; those who have one may change to another.
fn seat(
    number: usize,
    offers: &[Option<Vec<(usize, usize)>>],
    places: &mut BTreeMap<usize, Vec<usize>>,
    tried: &mut Vec<usize>,
) -> bool {
    let Some(Some(rules)) = offers.get(number) else {
        return true;
    };
    for (rule, count) in rules {
        if tried.contains(rule) {
            continue;
        }
        tried.push(*rule);
        let seated = places.entry(*rule).or_default();
        if seated.len() < *count {
            seated.push(number);
            return true;
        }
        for other in seated.clone() {
            if seat(other, offers, places, tried) {
                let seated = places.entry(*rule).or_default();
                seated.retain(|one| *one != other);
                seated.push(number);
                return true;
            }
        }
    }
    false
}
