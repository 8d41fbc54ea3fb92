//! Invariants of the state that everything comes to when faults have ended.

use virtplug_core::{ConnectionUri, InstanceId, MachineKey, Policy};

use super::Verdict;
use crate::call::Call;
use crate::daemon::Daemon;
use crate::host::Plugged;
use crate::machine::{Doing, Sockets};
use crate::server::Server;
use crate::wish::Wish;
use crate::world::World;

fn resting(world: &World) -> Option<(&Daemon, &Policy)> {
    let daemon = world.daemon.as_ref()?;
    Some((daemon, daemon.mirror.policy.as_ref()?))
}

fn is_hung(world: &World, machine: &MachineKey) -> bool {
    world.hung.as_ref() == Some(machine)
}

fn looks_at(policy: &Policy, uri: &ConnectionUri) -> bool {
    policy.connections().contains(uri)
}

/// Where a present device belongs and can be, by the whole truth.
fn destination(
    world: &World,
    policy: &Policy,
    port: &virtplug_core::PortPath,
) -> Option<MachineKey> {
    let device = world.host.read(port)?;
    let Wish::Machine(machine) = Wish::of(policy, &device) else {
        return None;
    };
    let server = world.servers.get(&machine.uri)?;
    let run = server.domains.get(&machine)?.run.as_ref()?;
    (run.doing != Doing::Busy).then_some(machine)
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

/// Why a device may be missing where it belongs although all is well.
fn excuse(world: &World, machine: &MachineKey, plugged: &Plugged) -> Option<&'static str> {
    let server = world.servers.get(&machine.uri)?;
    let domain = server.domains.get(machine)?;
    let run = domain.run.as_ref()?;
    let foreign = world
        .servers
        .values()
        .flat_map(Server::entries)
        .any(|(_, _, entry)| entry.own().is_none() && entry.blocks(plugged.address));
    if foreign {
        return Some("a foreign entry has it");
    }
    if world
        .taken_out
        .contains(&(machine.clone(), run.serial, plugged.instance))
    {
        return Some("somebody took it out");
    }
    if let Some(hung) = &world.hung {
        let asked = world
            .daemon
            .as_ref()
            .map(|daemon| &daemon.mirror.unresolved);
        let asked = asked.and_then(|unresolved| unresolved.get(hung));
        let mut entries = world.servers.values().flat_map(Server::entries);
        if asked == Some(&plugged.address)
            || entries.any(|(at, _, entry)| at == hung && entry.blocks(plugged.address))
        {
            return Some("the hung machine has its number");
        }
    }
    let full = match domain.sockets {
        Sockets::NoController => true,
        Sockets::Untold => false,
        Sockets::Count(_) => domain.takes_one_more().is_err(),
    };
    full.then_some("no room")
}

pub(super) fn attachments_equal_assignments(world: &World) -> Verdict {
    let Some((_, policy)) = resting(world) else {
        return Err("no daemon".into());
    };
    for (port, plugged) in world.host.iter() {
        let owner = destination(world, policy, port);
        if let Some(machine) = owner.as_ref().filter(|one| !is_hung(world, one)) {
            let count = is_in(world, machine, plugged.instance);
            let excused = excuse(world, machine, plugged).is_some();
            if count > 1 || (count == 0 && !excused) {
                return Err(format!("{port} is in {machine} {count} times"));
            }
        }
    }
    Ok(())
}

pub(super) fn no_own_entry_is_stale(world: &World) -> Verdict {
    let Some((_, policy)) = resting(world) else {
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
            let owner = destination(world, policy, &alias.port);
            let right = !entry.missing
                && entry.holds == Some(alias.instance)
                && world.host.has_instance(alias.instance)
                && owner.as_ref() == Some(machine);
            if !right {
                return Err(format!("{alias} is in {machine}, it belongs to {owner:?}"));
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
    let size = format!("{:?}", daemon.engine).len();
    if size > most {
        return Err(format!("{size} characters for {things} things"));
    }
    Ok(())
}

pub(super) fn status_equals_truth(world: &World) -> Verdict {
    let Some((daemon, policy)) = resting(world) else {
        return Err("no daemon".into());
    };
    if world.hung.is_some() {
        // What is known of the hung machine is old.
        return Ok(());
    }
    let mut attached = 0;
    for view in daemon.engine.devices() {
        let port = &view.device.port;
        let owner = destination(world, policy, port);
        let there = owner
            .as_ref()
            .is_some_and(|machine| is_in(world, machine, view.device.instance) == 1);
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
