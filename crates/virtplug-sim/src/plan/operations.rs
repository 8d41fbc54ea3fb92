//! Operations by chance.

use virtplug_core::{ConnectionUri, Order, Owner, PortPath};

use super::cast::Cast;
use super::rules::rules;
use crate::fault::Fault;
use crate::machine::Sockets;
use crate::operation::Operation;
use crate::random::Random;
use crate::rules::group;
use crate::usage::Usage;

/// The next thing that happens.
pub(super) fn operation(random: &mut Random, cast: &Cast) -> Operation {
    match random.weigh(&[14, 10, 5, 3, 4, 2, 5]) {
        0 => Operation::Wait(span(random)),
        1 => cable(random, cast),
        2 => machine(random, cast),
        3 => people(random, cast),
        4 => by_hand(random, cast),
        5 => daemon(random),
        _ => Operation::Arm(*random.pick(&Fault::ALL)),
    }
}

/// Milliseconds: mostly few, so that things meet.
fn span(random: &mut Random) -> u64 {
    let most = match random.weigh(&[3, 4, 4, 1]) {
        0 => 20,
        1 => 500,
        2 => 5_000,
        _ => 120_000,
    };
    random.next() % most
}

fn uri(random: &mut Random) -> ConnectionUri {
    match random.weigh(&[3, 1]) {
        0 => ConnectionUri::default(),
        _ => ConnectionUri::new("qemu:///session"),
    }
}

/// What people do to cables, and what devices do.
fn cable(random: &mut Random, cast: &Cast) -> Operation {
    let port = random.pick(&cast.ports).clone();
    let bus = *random.pick(&[1, 2]);
    match random.weigh(&[28, 10, 6, 6, 4, 6, 4, 2, 2, 2, 14, 1, 1]) {
        0 => Operation::Plug(port, *random.pick(&cast.gadgets)),
        1 => Operation::Unplug(port),
        2 => Operation::Reset(port),
        3 => Operation::ResetSameNumber(port),
        4 => Operation::ResetBus(bus),
        5 => Operation::SwitchMode(port),
        6 => Operation::SkipNumbers(bus, *random.pick(&[120, 121, 122, 123, 124, 125, 126])),
        7 => Operation::Authorize(port, random.percent(50)),
        8 => Operation::Trigger(port),
        9 => Operation::WipeRecord(port),
        10 => Operation::Use(port, *random.pick(&Usage::ALL)),
        11 => flap(random, port),
        _ => Operation::WakeHost,
    }
}

/// A loose cable, or a device that resets itself.
fn flap(random: &mut Random, port: PortPath) -> Operation {
    let times = *random.pick(&[6, 8, 12, 20]);
    let millis = *random.pick(&[10, 300, 2500, 4500, 14_000]);
    Operation::Flap(port, times, millis)
}

/// What machines go through.
fn machine(random: &mut Random, cast: &Cast) -> Operation {
    let machine = random.pick(&cast.machines).clone();
    if cast.eager && random.percent(60) {
        return Operation::Stop(machine);
    }
    match random.weigh(&[28, 4, 4, 4, 2, 4, 2, 2, 2, 4, 2, 2, 2, 1, 1, 2]) {
        0 => Operation::Start(machine),
        1 => Operation::Stop(machine),
        2 => Operation::Save(machine),
        3 => Operation::Pause(machine),
        4 => Operation::BeginWork(machine),
        5 => Operation::Resume(machine),
        6 => Operation::Undefine(machine),
        7 => Operation::Define(machine),
        8 => Operation::SwapNames(machine, random.pick(&cast.machines).clone()),
        9 => Operation::SetSockets(machine, sockets(random)),
        10 => {
            let gadget = *random.pick(&cast.gadgets);
            Operation::SetFixed(machine, random.percent(50).then_some(gadget))
        }
        11 => Operation::MigrateAway(machine),
        12 => Operation::MigrateBack(machine),
        13 => Operation::TakeSnapshot(machine),
        14 => Operation::Revert(machine),
        _ => Operation::Crash(machine),
    }
}

fn sockets(random: &mut Random) -> Sockets {
    match random.weigh(&[1, 3, 2, 1]) {
        0 => Sockets::NoController,
        1 => Sockets::Count(*random.pick(&[1, 2, 3])),
        2 => Sockets::Count(15),
        _ => Sockets::Untold,
    }
}

/// What administrators do beside virtplug, and to its configuration.
fn people(random: &mut Random, cast: &Cast) -> Operation {
    let machine = random.pick(&cast.machines).clone();
    match random.weigh(&[3, 2, 1, 1, 1, 3, 1, 1]) {
        0 => Operation::AdminDetach(machine),
        1 => Operation::AdminAttach(machine, random.pick(&cast.ports).clone()),
        2 => Operation::AdminDetachForeign(machine),
        3 => Operation::TakeSocket(machine),
        4 => Operation::FreeSocket(machine),
        5 => Operation::Reload(rules(random, cast)),
        6 => Operation::GiveDisk(machine, random.pick(&cast.ports).clone()),
        _ => Operation::TakeDisks(machine),
    }
}

/// What somebody decides by hand.
fn by_hand(random: &mut Random, cast: &Cast) -> Operation {
    let port = random.pick(&cast.ports).clone();
    let machine = random.pick(&cast.machines).clone();
    if random.weigh(&[1, 2]) == 0 {
        let machine = random.percent(70).then_some(machine);
        return Operation::Give(port, machine, random.percent(30));
    }
    Operation::Order(match random.weigh(&[3, 1, 4, 2, 7]) {
        0 => Order::Release(port),
        1 => Order::ReleaseAll,
        2 => {
            let owner = match random.weigh(&[3, 1]) {
                0 => Owner::Machine(machine),
                _ => Owner::Host,
            };
            Order::Switch {
                group: group(*random.pick(&[1, 2])),
                owner: random.percent(70).then_some(owner),
            }
        }
        3 => Order::Pause {
            machine: random.percent(70).then_some(machine),
            detach: random.percent(50),
        },
        _ => Order::Resume(random.percent(50).then_some(machine)),
    })
}

/// What befalls the daemon and libvirt's.
fn daemon(random: &mut Random) -> Operation {
    match random.weigh(&[1, 6, 2, 1, 8]) {
        0 => Operation::StopServer(uri(random)),
        1 => Operation::StartServer(uri(random)),
        2 => Operation::BreakConnection(uri(random)),
        3 => Operation::KillDaemon,
        _ => Operation::StartDaemon,
    }
}
