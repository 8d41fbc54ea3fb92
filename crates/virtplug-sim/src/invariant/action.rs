//! Invariants of what the engine asks for.

use std::time::Duration;

use virtplug_core::{Action, AttachRequest, DetachRequest, MachineKey, Report, Rule, Time};

use super::Verdict;
use crate::mirror::{Arrivals, Asked, Known, Mirror};
use crate::wish::{Place, holding};

/// How long a device may wait for udev.
const UDEV_PATIENCE: Duration = Duration::from_secs(10);

fn attach(action: &Action) -> Option<&AttachRequest> {
    match action {
        Action::Attach(_, request) => Some(request),
        _ => None,
    }
}

fn machine_of(action: &Action) -> Option<&MachineKey> {
    match action {
        Action::Attach(_, request) => Some(&request.machine),
        Action::Detach(_, request) => Some(&request.machine),
        Action::ReadMachine(machine) | Action::Start(_, machine) => Some(machine),
        _ => None,
    }
}

fn ensure(holds: bool, text: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(text()) }
}

pub(super) fn one_request_per_device(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let instance = request.alias.instance;
    for (machine, unresolved) in &mirror.unresolved {
        ensure(*unresolved != request.address, || {
            format!("{} was asked for at {machine} already", request.alias)
        })?;
    }
    for (machine, known) in &mirror.machines {
        for (alias, hostdev) in known.own() {
            let there = alias.instance == instance
                && !hostdev.missing
                && hostdev.address == Some(request.address);
            ensure(!there, || format!("{alias} is in {machine}"))?;
        }
    }
    Ok(())
}

pub(super) fn attach_follows_the_wish(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let wish = mirror.wish(request.alias.instance);
    ensure(
        wish.as_ref()
            .is_some_and(|wish| wish.allows(&request.machine)),
        || {
            format!(
                "{} to {}, the wish is {wish:?}",
                request.alias, request.machine
            )
        },
    )
}

pub(super) fn attach_names_the_device(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let device = mirror.devices.get(&request.alias.port);
    ensure(
        device.is_some_and(|device| {
            device.instance == request.alias.instance
                && device.address == request.address
                && device.vendor == request.vendor
                && device.product == request.product
                && device.syspath == request.syspath
        }),
        || format!("{request:?}, known is {device:?}"),
    )
}

pub(super) fn attach_waits_until_it_can(mirror: &Mirror, now: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let machine = &request.machine;
    let ready = mirror.up.contains(&machine.uri)
        && mirror.machines.get(machine).is_some_and(Known::is_ready);
    ensure(ready, || format!("{machine} is not known to be ready"))?;
    let seen = mirror
        .arrivals
        .get(&request.alias.port)
        .and_then(Arrivals::last);
    let processed = mirror
        .device_of(request.alias.instance)
        .is_some_and(|device| device.processed);
    ensure(
        processed || seen.is_some_and(|seen| now.since(seen) >= UDEV_PATIENCE),
        || format!("udev is not done with {}", request.alias),
    )
}

/// A machine of the same connection may still have the device from an earlier run.
pub(super) fn the_first_look_comes_first(mirror: &Mirror, now: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let uri = &request.machine.uri;
    ensure(!mirror.awaits_first_look(now, uri), || {
        format!("not all machines of {uri} were looked at")
    })
}

pub(super) fn attach_meets_no_occupant(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    for (machine, known) in &mirror.machines {
        for hostdev in known.live().iter().flat_map(|live| &live.hostdevs) {
            ensure(
                hostdev.missing || hostdev.address != Some(request.address),
                || format!("{} has {} by {:?}", machine, request.address, hostdev.alias),
            )?;
        }
    }
    Ok(())
}

pub(super) fn stale_goes_first(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let Some(known) = mirror.machines.get(&request.machine) else {
        return Ok(());
    };
    for (alias, hostdev) in known.own() {
        let Some(fault) = mirror.fault(&request.machine, &alias, hostdev) else {
            continue;
        };
        ensure(
            known
                .detaches
                .get(&alias)
                .is_some_and(|tries| tries.failures > 0),
            || format!("{alias} was not detached first: {fault}"),
        )?;
    }
    Ok(())
}

pub(super) fn detach_has_a_reason(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Action::Detach(_, request) = action else {
        return Ok(());
    };
    let known = mirror.machines.get(&request.machine);
    let own = known.map(Known::own).unwrap_or_default();
    let Some((alias, hostdev)) = own.into_iter().find(|(alias, _)| *alias == request.alias) else {
        return Err(format!(
            "{} was not seen in {}",
            request.alias, request.machine
        ));
    };
    ensure(known.is_some_and(Known::is_ready), || {
        format!("{} is not known to be ready", request.machine)
    })?;
    if mirror.fault(&request.machine, &alias, hostdev).is_some() {
        return Ok(());
    }
    nobody_moves(mirror, request)
}

/// A device that may be where it is stays there, unless its machine has more
/// than its rules may give.
fn nobody_moves(mirror: &Mirror, request: &DetachRequest) -> Verdict {
    let machine = &request.machine;
    let instance = request.alias.instance;
    let (Some(device), Some(wish)) = (mirror.device_of(instance), mirror.wish(instance)) else {
        return Err(format!("{} is not known to be gone", request.alias));
    };
    let wrong = || {
        format!(
            "{} is right in {machine}, {}; the wish is {wish:?}",
            request.alias, request.reason
        )
    };
    let follows = mirror.follows.get(&instance).into_iter().flatten();
    let doubtful = follows.clone().any(|followed| !followed.sure);
    let policy = mirror.policy.as_ref();
    let rules = policy.map(|policy| holding(policy, device));
    let rules = rules.unwrap_or_default();
    // A pool that preempts may take it when its machine starts, and so may a
    // machine of which it is not known here whether the engine knows that it runs.
    let unsure = |rule: &Rule| {
        let machine = rule.machine();
        machine.is_some_and(|machine| mirror.unsure.contains(machine))
    };
    let preempted = rules
        .iter()
        .map(|one| one.rule)
        .any(|rule| rule.options.preempts && (rule.options.count.is_some() || unsure(rule)));
    let too_many = mirror.excess.contains(&(machine.clone(), instance));
    // A request and a saved machine can both bring it; one of the two lets it go.
    let mut others = mirror.machines.iter().filter(|(key, _)| *key != machine);
    if others.any(|(_, known)| known.holds(device)) {
        return Ok(());
    }
    ensure(!wish.keeps_in(machine), wrong)?;
    // What may be unknown, and else belongs somewhere else for sure, need not stay.
    ensure(
        !wish.allows(machine)
            || doubtful
            || preempted
            || too_many
            || !mirror.has_place(machine, device),
        wrong,
    )
}

pub(super) fn refused_stays_out(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let device = mirror.device_of(request.alias.instance);
    ensure(
        device.is_some_and(|one| !one.is_hub() && one.authorized.known() == Some(&true)),
        || format!("{device:?}"),
    )?;
    let wish = mirror.wish(request.alias.instance);
    let refused = wish.is_some_and(|wish| wish.0.contains(&Place::Refused));
    ensure(!refused, || format!("{} is refused", request.alias))
}

pub(super) fn one_call_at_a_time(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    match action {
        Action::Connect(uri) => ensure(
            !mirror.opening.contains(uri) && !mirror.up.contains(uri),
            || format!("{uri} is open or being opened"),
        ),
        Action::ListMachines(uri) => ensure(
            !mirror.listing.contains(uri) && mirror.up.contains(uri),
            || format!("{uri} is being listed or down"),
        ),
        Action::ScanDevices => ensure(mirror.scans == 0, || "a scan is under way".into()),
        _ => {
            let Some(machine) = machine_of(action) else {
                return Ok(());
            };
            let other: Option<&Asked> = mirror.in_flight.get(machine);
            ensure(other.is_none(), || format!("{machine} has {other:?}"))
        }
    }
}

pub(super) fn a_hold_is_respected(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let held = mirror
        .machines
        .get(&request.machine)
        .is_some_and(|known| known.held.contains_key(&request.alias.instance));
    ensure(!held, || {
        format!("somebody took {} out of {}", request.alias, request.machine)
    })
}

pub(super) fn attach_rate_is_bounded(mirror: &Mirror, now: Time, action: &Action) -> Verdict {
    if attach(action).is_none() {
        return Ok(());
    }
    for seconds in [1_u64, 5, 10] {
        let window = Duration::from_secs(seconds);
        let count = mirror
            .attaches
            .iter()
            .filter(|at| now.since(**at) <= window)
            .count();
        let most = 20 + 10 * usize::try_from(seconds).unwrap_or(usize::MAX);
        ensure(count < most, || format!("{count} attaches in {seconds} s"))?;
    }
    Ok(())
}

/// The least pause after so many failures: doubled from 0.25 s to 60 s, less
/// the jitter of a quarter.
fn least_pause(failures: u32) -> Duration {
    let doubled = 250_u64.saturating_mul(1 << failures.saturating_sub(1).min(20));
    Duration::from_millis(doubled.min(60_000) * 3 / 4)
}

pub(super) fn attach_pauses_grow(mirror: &Mirror, now: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let known = mirror.machines.get(&request.machine);
    let Some(tries) = known.and_then(|known| known.attaches.get(&request.alias.instance)) else {
        return Ok(());
    };
    ensure(now.since(tries.last) >= least_pause(tries.failures), || {
        format!(
            "{} again {:?} after failure {}",
            request.alias,
            now.since(tries.last),
            tries.failures
        )
    })
}

pub(super) fn detach_pauses_grow(mirror: &Mirror, now: Time, action: &Action) -> Verdict {
    let Action::Detach(_, request) = action else {
        return Ok(());
    };
    let known = mirror.machines.get(&request.machine);
    let Some(tries) = known.and_then(|known| known.detaches.get(&request.alias)) else {
        return Ok(());
    };
    ensure(
        tries.failures == 0 || now.since(tries.last) >= least_pause(tries.failures),
        || {
            format!(
                "{} again {:?} after try {}",
                request.alias,
                now.since(tries.last),
                tries.failures
            )
        },
    )
}

pub(super) fn no_room_waits_for_a_change(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let Some(known) = mirror.machines.get(&request.machine) else {
        return Ok(());
    };
    let full = known
        .attaches
        .get(&request.alias.instance)
        .and_then(|tries| tries.no_room.as_ref());
    ensure(full.is_none() || full != known.live(), || {
        format!("{} has no room for {}", request.machine, request.alias)
    })
}

pub(super) fn a_flapping_port_pauses(mirror: &Mirror, now: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let Some(arrivals) = mirror.arrivals.get(&request.alias.port) else {
        return Ok(());
    };
    let quiet = arrivals.last().map(|last| now.since(last));
    let least = arrivals.least_pause();
    ensure(quiet.is_none_or(|quiet| quiet >= least), || {
        format!(
            "{} flaps; it was quiet {quiet:?} of {least:?}",
            request.alias.port
        )
    })
}

/// What is told of a port that flapped is told when it is calm, and is true.
pub(super) fn a_calm_port_is_calm(mirror: &Mirror, now: Time, action: &Action) -> Verdict {
    let Action::Report(Report::Calmed { port, tally, .. }) = action else {
        return Ok(());
    };
    let arrivals = mirror.arrivals.get(port);
    let flapping = arrivals.and_then(|arrivals| arrivals.flapping.as_ref());
    let right = flapping.is_some_and(|flapping| {
        (flapping.since, flapping.connects) == (tally.since, tally.connects)
    });
    let calm = arrivals.is_some_and(|arrivals| arrivals.is_calm(now));
    ensure(right && calm, || {
        format!("{tally:?} at {port}: {arrivals:?}")
    })
}

pub(super) fn what_is_in_use_stays_out(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action) else {
        return Ok(());
    };
    let Some(device) = mirror.device_of(request.alias.instance) else {
        return Ok(());
    };
    let allowed = mirror.may_be_used(&request.machine, device);
    ensure(allowed || !request.allow_in_use, || {
        format!("nothing lets {} be taken while it is used", request.alias)
    })?;
    ensure(request.allow_in_use || !mirror.is_refused(device), || {
        format!("{} is in use: {:?}", request.alias, device.in_use)
    })
}
