//! Excuses: why a device may be on the host although it belongs to a machine.

use virtplug_core::{Grant, InstanceId, MachineKey, PortPath};

use super::rest::{is_paused, resting};
use crate::host::Plugged;
use crate::machine::Sockets;
use crate::server::Server;
use crate::world::World;

/// Why a device may be missing where it belongs although all is well.
pub(super) fn excuse(
    world: &World,
    machine: &MachineKey,
    port: &PortPath,
    plugged: &Plugged,
) -> Option<&'static str> {
    let server = world.servers.get(&machine.uri)?;
    let domain = server.domains.get(machine)?;
    let run = domain.run.as_ref()?;
    let mirror = world.daemon.as_ref().map(|daemon| &daemon.mirror);
    if mirror.is_some_and(|mirror| mirror.pause_at(machine, port).is_some()) {
        return Some("the machine is paused");
    }
    let mut entries = world.servers.values().flat_map(Server::entries);
    if entries.any(|(at, _, entry)| {
        entry.blocks(plugged.address)
            && entry
                .own()
                .is_some_and(|alias| is_paused(world, at, &alias.port))
    }) {
        return Some("a paused machine has its number");
    }
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
    let mut runs = world.servers.values().flat_map(Server::runs);
    let is_disk = plugged.processed && runs.any(|run| run.disks.contains(port));
    if is_disk && !may_be_used(world, machine, plugged.instance) {
        return Some("a machine has it as a disk");
    }
    if plugged.usage.refuses() && !may_be_used(world, machine, plugged.instance) {
        return Some("the host uses it");
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
    let mut rules = world.policy.rules().iter();
    let asked =
        rules.any(|rule| rule.machine() == Some(machine) && rule.options.guest_port.is_some());
    if asked && domain.is_used(1) {
        return Some("something is at the guest port");
    }
    let full = match domain.sockets {
        Sockets::NoController => true,
        Sockets::Untold => false,
        Sockets::Count(_) => domain.takes_one_more().is_err(),
    };
    full.then_some("no room")
}

/// Whether what gives a device to a machine lets it be taken while it is used.
fn may_be_used(world: &World, machine: &MachineKey, instance: InstanceId) -> bool {
    let Some((daemon, _)) = resting(world) else {
        return false;
    };
    let hold = daemon.mirror.orders.holds.get(&instance);
    let mut views = daemon.engine.devices();
    let view = views.find(|view| view.device.instance == instance);
    let grant = view.and_then(|view| view.assignment.grant());
    let grant = grant.filter(|grant| grant.machine == *machine);
    let by_rule = grant.and_then(Grant::rule);
    hold.is_some_and(|hold| hold.allow_in_use)
        || by_rule.is_some_and(|rule| rule.options.allow_in_use)
}
