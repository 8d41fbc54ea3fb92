//! Invariants of what the options of rules promise.

use virtplug_core::{
    Action, AttachRequest, Device, Fact, MachineRead, Owner, Rule, Time, Verdict as Judged,
};

use super::Verdict;
use crate::mirror::{Mirror, following};
use crate::wish::{Holding, holding, rank};

fn attach(action: &Action) -> Option<&AttachRequest> {
    match action {
        Action::Attach(_, request) => Some(request),
        _ => None,
    }
}

/// The strongest rule that gives the device to the machine is stronger than all
/// that keep it on the host; what follows another one meets none at all.
pub(super) fn a_rule_of_the_host_wins(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let (Some(request), Some(policy)) = (attach(action), &mirror.policy) else {
        return Ok(());
    };
    let Some(device) = mirror.device_of(request.alias.instance) else {
        return Err(format!("{} is not there", request.alias));
    };
    if mirror.held(device.instance).is_some() {
        return Ok(());
    }
    let rules = holding(policy, device);
    let own = rules
        .iter()
        .find(|one| one.certain && one.rule.machine() == Some(&request.machine));
    let host = rules.iter().find(|one| one.rule.owner == Owner::Host);
    let follows = mirror.follows.get(&device.instance).into_iter().flatten();
    let followed = request.alias.followed
        && follows.clone().any(|one| one.machine == request.machine)
        && following(policy, &request.machine).is_some();
    match (own, host) {
        (None, _) if !followed => Err(format!("no rule gives {} to it", request.alias)),
        (None, Some(_)) => Err(format!("the host keeps {}", request.alias)),
        (Some(own), Some(host))
            if rank(host.rule) >= rank(own.rule) && !shares(&rules, own, host) =>
        {
            Err(format!("the host keeps {}", request.alias))
        }
        _ => Ok(()),
    }
}

/// Whether two equally strong rules share a pool in which the first comes before.
fn shares(rules: &[Holding<'_>], first: &Holding<'_>, second: &Holding<'_>) -> bool {
    let place = |one: &Holding<'_>| {
        let mut rules = rules.iter();
        rules.position(|other| std::ptr::eq(other.rule, one.rule))
    };
    let counts = |one: &Holding<'_>| one.rule.options.count.is_some();
    rank(first.rule) == rank(second.rule)
        && counts(first)
        && counts(second)
        && place(first) < place(second)
}

/// Where only a serial number tells whom a rule means, and two claim it, neither
/// is attached.
pub(super) fn a_copy_gets_nothing(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let (Some(request), Some(policy)) = (attach(action), &mirror.policy) else {
        return Ok(());
    };
    let Some(device) = mirror.device_of(request.alias.instance) else {
        return Ok(());
    };
    if request.alias.followed || mirror.held(device.instance).is_some() {
        return Ok(());
    }
    let same = |other: &&Device| {
        other.instance != device.instance
            && (other.vendor, other.product) == (device.vendor, device.product)
            && matches!(&device.serial, Fact::Known(Some(_)))
            && other.serial == device.serial
    };
    let copies: Vec<&Device> = mirror.devices.values().filter(same).collect();
    let means = |rule: &Rule| {
        let twice = copies
            .iter()
            .any(|copy| rule.matcher.judge(copy, &()) != Judged::No);
        rule.matcher.serial.is_some() && rule.options.count.is_none() && twice
    };
    let rules = holding(policy, device);
    let mut own = rules
        .iter()
        .filter(|one| one.certain && one.rule.machine() == Some(&request.machine));
    if !copies.is_empty() && own.all(|one| means(one.rule)) {
        return Err(format!("{} may be a copy", request.alias));
    }
    Ok(())
}

pub(super) fn no_more_than_the_count(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let Some(request) = attach(action).filter(|request| !request.alias.followed) else {
        return Ok(());
    };
    match mirror.device_of(request.alias.instance) {
        Some(device) if mirror.held(device.instance).is_some() => Ok(()),
        Some(device) if !mirror.has_place(&request.machine, device) => Err(format!(
            "{} has no place for {}",
            request.machine, request.alias
        )),
        _ => Ok(()),
    }
}

pub(super) fn the_guest_port_is_a_rule_s(mirror: &Mirror, _: Time, action: &Action) -> Verdict {
    let (Some(request), Some(policy)) = (attach(action), &mirror.policy) else {
        return Ok(());
    };
    let Some(device) = mirror.device_of(request.alias.instance) else {
        return Ok(());
    };
    let rules = holding(policy, device);
    let mut ports = rules
        .iter()
        .map(|one| one.rule)
        .chain(following(policy, &request.machine))
        .chain(
            policy
                .rules()
                .iter()
                .map(AsRef::as_ref)
                .filter(|_| request.alias.followed),
        )
        .filter(|rule| rule.machine() == Some(&request.machine))
        .map(|rule| &rule.options.guest_port);
    let by_hand = mirror.held(device.instance).is_some() && request.guest_port.is_none();
    if !by_hand && ports.all(|port| *port != request.guest_port) {
        return Err(format!("no rule asks for {:?}", request.guest_port));
    }
    let live = mirror
        .machines
        .get(&request.machine)
        .and_then(|known| known.live());
    match (live, &request.guest_port) {
        (Some(live), Some(port)) if live.ports.used.contains(port) => {
            Err(format!("something is at {port}"))
        }
        _ => Ok(()),
    }
}

/// A machine is started for a device that was plugged in, once, and only where
/// it is known to be off or paused.
pub(super) fn a_start_has_a_plug(mirror: &Mirror, now: Time, action: &Action) -> Verdict {
    let Action::Start(_, machine) = action else {
        return Ok(());
    };
    let known = mirror.machines.get(machine).filter(|known| known.current);
    let idle = match known.and_then(|known| known.read.as_ref()) {
        Some(MachineRead::Off) => true,
        Some(MachineRead::Live(live)) => live.paused,
        _ => false,
    };
    if !idle || !mirror.up.contains(&machine.uri) {
        return Err(format!("{machine} is not known to be off or paused"));
    }
    if mirror.starters(now, machine).is_empty() {
        return Err(format!("nothing was plugged in for {machine}"));
    }
    Ok(())
}
