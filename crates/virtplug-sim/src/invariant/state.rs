//! Invariants of the engine and the world at any moment.

use std::collections::BTreeMap;

use virtplug_core::{Assignment, Fact, Grant, InstanceId, MachineKey, Obstacle, Refusal};

use super::Verdict;
use crate::machine::Author;
use crate::mirror::{Asked, Known};
use crate::server::Server;
use crate::wish::Place;
use crate::world::World;

pub(super) fn no_instance_in_two_machines(world: &World) -> Verdict {
    let mut holders: BTreeMap<InstanceId, &MachineKey> = BTreeMap::new();
    for server in world.servers.values() {
        for (machine, _, entry) in server.entries() {
            // A call that outlived its daemon or connection is out of the
            // engine's reach, and so is what an administrator does. An entry
            // of an earlier daemon may be on a connection that is not looked
            // at any more.
            if entry.author != Author::Daemon(world.epoch) {
                continue;
            }
            let Some(instance) = entry.holds.filter(|one| world.host.has_instance(*one)) else {
                continue;
            };
            if let Some(other) = holders.insert(instance, machine) {
                return Err(format!("{} is in {other} and {machine}", entry.alias));
            }
        }
    }
    Ok(())
}

/// A detach that is under way never names an entry whose device is there
/// while the engine took it for gone.
pub(super) fn no_good_entry_is_taken_out(world: &World) -> Verdict {
    let Some(daemon) = &world.daemon else {
        return Ok(());
    };
    for (machine, asked) in &daemon.mirror.in_flight {
        let Asked::Detach(_, alias) = asked else {
            continue;
        };
        let good = world
            .servers
            .values()
            .flat_map(Server::entries)
            .any(|(at, _, entry)| {
                at == machine
                    && entry.own().as_ref() == Some(alias)
                    && entry.holds == Some(alias.instance)
                    && world.host.has_instance(alias.instance)
            });
        if good && daemon.mirror.is_gone(alias) {
            return Err(format!("{alias} in {machine} holds a device that is there"));
        }
    }
    Ok(())
}

/// The engine attaches whenever nothing stands against it, so whatever is not
/// attached has an obstacle to show. This finds lost wakeups at once.
pub(super) fn every_gap_has_an_obstacle(world: &World) -> Verdict {
    let Some(daemon) = &world.daemon else {
        return Ok(());
    };
    let next = daemon.engine.next_wakeup();
    for view in daemon.engine.devices() {
        let Assignment::Machine(Grant { machine, .. }) = view.assignment else {
            continue;
        };
        let held = view
            .holders
            .iter()
            .any(|holder| holder.own && holder.machine == *machine);
        let port = &view.device.port;
        if held {
            continue;
        }
        let Some(obstacle) = &view.obstacle else {
            return Err(format!(
                "{port} is not in {machine} and nothing stands against it"
            ));
        };
        if *obstacle == Obstacle::InUse(Fact::Unknown) && next.is_none() && daemon.mirror.scans == 0
        {
            return Err(format!("nobody reads again what the host does with {port}"));
        }
        let timed = obstacle_end(obstacle);
        if let Some(end) = timed
            && !daemon.mirror.in_flight.contains_key(machine)
            && next.is_none_or(|next| next > end)
        {
            return Err(format!("{port}: {obstacle:?} ends and nobody wakes then"));
        }
    }
    Ok(())
}

fn obstacle_end(obstacle: &virtplug_core::Obstacle) -> Option<virtplug_core::Time> {
    use virtplug_core::Obstacle as O;
    match obstacle {
        O::FirstLook(until)
        | O::NotProcessed(until)
        | O::Flapping(until)
        | O::Retry { until, .. }
        | O::RateLimited(until) => Some(*until),
        _ => None,
    }
}

pub(super) fn every_stale_entry_is_dealt_with(world: &World) -> Verdict {
    let Some(daemon) = &world.daemon else {
        return Ok(());
    };
    let mirror = &daemon.mirror;
    for (machine, known) in &mirror.machines {
        let idle = !mirror.in_flight.contains_key(machine);
        if !(idle && known.is_ready() && mirror.up.contains(&machine.uri)) {
            continue;
        }
        for (alias, hostdev) in known.own() {
            let Some(fault) = mirror.fault(machine, &alias, hostdev) else {
                continue;
            };
            let asked = known
                .detaches
                .get(&alias)
                .is_some_and(|tries| tries.failures > 0);
            if !asked || daemon.engine.next_wakeup().is_none() {
                return Err(format!("{alias} stays in {machine}: {fault}"));
            }
        }
    }
    Ok(())
}

/// What failed in an earlier run of a machine counts no more.
pub(super) fn a_new_run_begins_anew(world: &World) -> Verdict {
    let Some(daemon) = &world.daemon else {
        return Ok(());
    };
    for view in daemon.engine.devices().filter(|view| view.failures > 0) {
        let machine = view.assignment.machine();
        let known = machine.and_then(|machine| daemon.mirror.machines.get(machine));
        if !known.is_some_and(|known| known.tried.contains(&view.device.instance)) {
            let (port, failures) = (&view.device.port, view.failures);
            return Err(format!("{port} was not tried there: {failures} failures"));
        }
    }
    Ok(())
}

pub(super) fn the_policy_is_the_given_one(world: &World) -> Verdict {
    match &world.daemon {
        Some(daemon) if daemon.engine.policy() != daemon.mirror.given.as_ref() => {
            Err("it differs".into())
        }
        _ => Ok(()),
    }
}

pub(super) fn no_wakeup_in_the_past(world: &World) -> Verdict {
    let next = world
        .daemon
        .as_ref()
        .and_then(|daemon| daemon.engine.next_wakeup());
    match next {
        Some(next) if next <= world.now => Err(format!("{next:?} at {:?}", world.now)),
        _ => Ok(()),
    }
}

pub(super) fn views_tell_what_is_known(world: &World) -> Verdict {
    let Some(daemon) = &world.daemon else {
        return Ok(());
    };
    let mirror = &daemon.mirror;
    let views: Vec<_> = daemon.engine.devices().collect();
    if !views
        .iter()
        .map(|view| view.device)
        .eq(mirror.devices.values())
    {
        return Err("the devices differ from what was told".into());
    }
    for view in views {
        let Some(wish) = mirror.wish(view.device.instance) else {
            continue;
        };
        let place = match view.assignment {
            Assignment::Host | Assignment::Kept(_) | Assignment::Withheld => Place::Host,
            Assignment::Machine(grant) => Place::Machine(grant.machine.clone()),
            Assignment::Spare(_) => Place::Spare,
            Assignment::Unknown(..) => Place::Unknown,
            Assignment::Conflict(_) | Assignment::Refused(_, Refusal::Ambiguous(_)) => {
                Place::Conflict
            }
            Assignment::Refused(..) => Place::Refused,
        };
        if !wish.0.contains(&place) {
            return Err(format!("{}: {place:?}, not {wish:?}", view.device.port));
        }
        for holder in view.holders.iter().filter(|holder| holder.own) {
            let seen = mirror.machines.get(&holder.machine).map(Known::own);
            let there = seen.is_some_and(|own| {
                own.iter().any(|(alias, hostdev)| {
                    alias.instance == view.device.instance && !hostdev.missing
                })
            });
            if !there {
                return Err(format!("{} is not in {}", view.device.port, holder.machine));
            }
        }
    }
    Ok(())
}
