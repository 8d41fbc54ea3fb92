//! Invariants of the state that everything comes to when faults have ended.

use virtplug_core::{
    Assignment, ConnectionUri, Device, Giver, InstanceId, MachineKey, Owner, Policy, PortPath, Rule,
};

use super::Verdict;
use super::excuse::excuse;
use crate::call::Call;
use crate::daemon::Daemon;
use crate::machine::{Doing, Run};
use crate::mirror::{Around, Mirror, fits};
use crate::rules;
use crate::server::Server;
use crate::wish::{self, Around as _, Followed, Place, Wish};
use crate::world::World;

pub(super) fn resting(world: &World) -> Option<(&Daemon, &Policy)> {
    let daemon = world.daemon.as_ref()?;
    Some((daemon, daemon.mirror.policy.as_ref()?))
}

fn is_hung(world: &World, machine: &MachineKey) -> bool {
    world.hung.as_ref() == Some(machine)
}

fn looks_at(policy: &Policy, uri: &ConnectionUri) -> bool {
    policy.connections().contains(uri)
}

/// A device, and how things really are.
struct Truth<'w> {
    world: &'w World,
    mirror: &'w Mirror,
    device: &'w Device,
}

impl wish::Around for Truth<'_> {
    fn runs(&self, machine: &MachineKey) -> Vec<Option<bool>> {
        vec![Some(runs(self.world, machine))]
    }

    fn holders(&self) -> Vec<MachineKey> {
        let machines = rules::machines().into_iter();
        machines
            .filter(|machine| is_in(self.world, machine, self.device.instance) > 0)
            .collect()
    }

    fn follows(&self) -> Vec<Followed> {
        let (mirror, device) = (self.mirror, self.device);
        Around { mirror, device }.follows()
    }

    fn held(&self) -> Option<Owner> {
        self.mirror.held(self.device.instance).cloned()
    }

    fn may_start(&self, machine: &MachineKey) -> bool {
        let (mirror, device) = (self.mirror, self.device);
        Around { mirror, device }.may_start(machine)
    }

    fn has_namesake(&self, rule: &Rule) -> bool {
        let (mirror, device) = (self.mirror, self.device);
        Around { mirror, device }.has_namesake(rule)
    }
}

fn run<'w>(world: &'w World, machine: &MachineKey) -> Option<&'w Run> {
    let server = world.servers.get(&machine.uri)?;
    server.domains.get(machine)?.run.as_ref()
}

fn runs(world: &World, machine: &MachineKey) -> bool {
    run(world, machine).is_some()
}

/// Where a device may be by the whole truth. Nothing is said of what the hung
/// machine is or could be involved in.
fn wish_at(world: &World, port: &PortPath) -> Option<Wish> {
    let (daemon, policy) = resting(world)?;
    let device = world.host.read(port)?;
    let hung = |machine: &MachineKey| is_hung(world, machine);
    let rules = wish::holding(policy, &device);
    let truth = Truth {
        world,
        mirror: &daemon.mirror,
        device: &device,
    };
    let follows = truth.follows();
    if matches!(truth.held(), Some(Owner::Machine(machine)) if hung(&machine)) {
        return None;
    }
    if rules.iter().filter_map(|one| one.rule.machine()).any(hung)
        || truth.holders().iter().any(hung)
        || follows.iter().any(|followed| hung(&followed.machine))
    {
        return None;
    }
    Some(Wish::of(policy, &device, &truth))
}

fn is_in(world: &World, machine: &MachineKey, instance: InstanceId) -> usize {
    world
        .servers
        .values()
        .flat_map(Server::entries)
        .filter(|(at, _, entry)| {
            *at == machine
                && entry.holds == Some(instance)
                && entry.own().is_some_and(|alias| alias.instance == instance)
        })
        .count()
}

/// Whether nothing is done at a machine for what is at a port; what is there
/// stays as it was.
pub(super) fn is_paused(world: &World, machine: &MachineKey, port: &PortPath) -> bool {
    let pause = world
        .daemon
        .as_ref()
        .and_then(|daemon| daemon.mirror.pause_at(machine, port));
    pause.is_some_and(|pause| !pause.detach)
}

pub(super) fn attachments_equal_assignments(world: &World) -> Verdict {
    let Some((daemon, policy)) = resting(world) else {
        return Err("no daemon".into());
    };
    for view in daemon.engine.devices() {
        let port = &view.device.port;
        let Some(plugged) = world.host.at(port) else {
            return Err(format!("{port} is not there"));
        };
        let Some(wish) = wish_at(world, port) else {
            continue;
        };
        // On a connection that is not looked at a lost request may land unseen.
        let total: usize = rules::machines()
            .iter()
            .filter(|machine| looks_at(policy, &machine.uri) && !is_paused(world, machine, port))
            .map(|machine| is_in(world, machine, plugged.instance))
            .sum();
        if total > 1 {
            return Err(format!("{port} is in {total} machines"));
        }
        let chosen = view.assignment.machine();
        if let Some(machine) = chosen.filter(|machine| runs(world, machine)) {
            let there = is_in(world, machine, plugged.instance) == 1;
            if !there && excuse(world, machine, port, plugged).is_none() {
                return Err(format!("{port} is not in {machine}"));
            }
        }
        let place = chosen.cloned().map(Place::Machine);
        if place.is_some_and(|place| !wish.0.contains(&place)) {
            return Err(format!("{port} is to be in {chosen:?}, not {wish:?}"));
        }
        let must = wish
            .0
            .iter()
            .all(|place| matches!(place, Place::Machine(_)));
        if must && chosen.is_none() {
            return Err(format!("{port} is {:?}, not {wish:?}", view.assignment));
        }
    }
    Ok(())
}

/// Where a device is a spare, every rule that could give it gives as many as it may.
pub(super) fn no_needless_spare(world: &World) -> Verdict {
    let Some((daemon, policy)) = resting(world) else {
        return Err("no daemon".into());
    };
    for view in daemon.engine.devices() {
        if !matches!(view.assignment, Assignment::Spare(_)) {
            continue;
        }
        for one in wish::holding(policy, view.device) {
            let Some(count) = one.rule.options.count.filter(|_| one.certain) else {
                continue;
            };
            let given = daemon.engine.devices().filter(|other| {
                let grant = other.assignment.grant();
                grant.is_some_and(
                    |grant| matches!(&grant.giver, Giver::Rule(rule) if **rule == *one.rule),
                )
            });
            if given.count() < usize::try_from(count.get()).unwrap_or(usize::MAX) {
                return Err(format!(
                    "{} is a spare of {} {}",
                    view.device.port, one.rule.owner, one.rule.origin
                ));
            }
        }
    }
    Ok(())
}

pub(super) fn counts_are_kept(world: &World) -> Verdict {
    let Some((daemon, policy)) = resting(world) else {
        return Err("no daemon".into());
    };
    for machine in policy.machines() {
        let Some(run) = run(world, machine).filter(|_| !is_hung(world, machine)) else {
            continue;
        };
        let devices: Vec<Device> = run
            .entries
            .iter()
            .filter_map(|entry| entry.own().filter(|alias| !alias.followed))
            .filter(|alias| daemon.mirror.held(alias.instance).is_none())
            .filter(|alias| !is_paused(world, machine, &alias.port))
            .filter(|alias| world.host.has_instance(alias.instance))
            .filter_map(|alias| world.host.read(&alias.port))
            .collect();
        let devices: Vec<&Device> = devices.iter().collect();
        if !fits(policy, machine, &devices) {
            return Err(format!("{machine} has {} devices", devices.len()));
        }
    }
    Ok(())
}

pub(super) fn no_own_entry_is_stale(world: &World) -> Verdict {
    let Some((daemon, policy)) = resting(world) else {
        return Err("no daemon".into());
    };
    for (uri, server) in &world.servers {
        if !looks_at(policy, uri) {
            continue;
        }
        for (machine, run, entry) in server.entries() {
            let judged = run.doing != Doing::Busy && !is_hung(world, machine);
            let Some(alias) = entry.own().filter(|_| judged) else {
                continue;
            };
            match daemon.mirror.pause_at(machine, &alias.port) {
                Some(pause) if pause.detach => {
                    return Err(format!("{alias} is in {machine}, which is paused"));
                }
                Some(_) => continue,
                None => {}
            }
            let present = !entry.missing
                && entry.holds == Some(alias.instance)
                && world.host.has_instance(alias.instance);
            let wish = wish_at(world, &alias.port);
            let right = wish.as_ref().is_none_or(|wish| wish.allows(machine));
            if !present || !right {
                return Err(format!("{alias} is in {machine}, the wish is {wish:?}"));
            }
        }
    }
    Ok(())
}

pub(super) fn nothing_is_under_way(world: &World) -> Verdict {
    let Some((daemon, _)) = resting(world) else {
        return Err("no daemon".into());
    };
    let waiting = |call: &&Call| {
        call.machine()
            .is_none_or(|machine| !is_hung(world, machine))
    };
    if let Some(call) = daemon.calls.values().find(waiting) {
        return Err(format!("{call:?}"));
    }
    if daemon.calls.is_empty() && !daemon.engine.is_settled() {
        return Err("the engine says that it is not settled".into());
    }
    let mut arrivals = daemon.mirror.arrivals.iter();
    if let Some((port, _)) = arrivals.find(|(_, one)| one.flapping.is_some()) {
        return Err(format!("{port} flaps for ever"));
    }
    match daemon.engine.next_wakeup() {
        Some(_) if world.hung.is_some() => Ok(()),
        Some(next) => Err(format!("the engine wants to wake at {next:?}")),
        None => Ok(()),
    }
}

/// What the engine keeps, as its debug output shows it, is bounded by what
/// there is. The bound is generous; it finds what grows with the history.
pub(super) fn the_engine_is_small(world: &World) -> Verdict {
    let Some((daemon, policy)) = resting(world) else {
        return Err("no daemon".into());
    };
    let machines: usize = world.servers.values().map(|one| one.domains.len()).sum();
    let entries: usize = world
        .servers
        .values()
        .map(|one| one.entries().count())
        .sum();
    let things = 4 + world.host.ports().len() + machines + entries + policy.rules().len();
    let most = 4000 * things;
    // A rule is kept once, and written out with each device that it names.
    let further = daemon.engine.devices().flat_map(|view| view.claims);
    let repeated: usize = further.map(|claim| format!("{claim:?}").len()).sum();
    let size = format!("{:?}", daemon.engine)
        .len()
        .saturating_sub(repeated);
    if size > most {
        return Err(format!("{size} characters for {things} things"));
    }
    Ok(())
}

pub(super) fn status_equals_truth(world: &World) -> Verdict {
    let Some((daemon, _)) = resting(world) else {
        return Err("no daemon".into());
    };
    if world.hung.is_some() {
        // What is known of the hung machine is old.
        return Ok(());
    }
    let mut attached = 0;
    for view in daemon.engine.devices() {
        let port = &view.device.port;
        let owner = view.assignment.machine();
        let there = owner.is_some_and(|machine| is_in(world, machine, view.device.instance) == 1);
        attached += usize::from(there);
        if there != (view.assignment.machine().is_some() && view.obstacle.is_none()) {
            return Err(format!("{port}: {:?} {:?}", view.holders, view.obstacle));
        }
    }
    let summary = daemon.engine.summary();
    if summary.attached != attached || summary.leaving > 0 || !summary.overdue.is_empty() {
        return Err(format!(
            "{attached} are attached, the summary is {summary:?}"
        ));
    }
    Ok(())
}
