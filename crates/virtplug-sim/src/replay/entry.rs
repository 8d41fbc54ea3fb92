//! Rules of the hostdevs in a live XML.

use std::collections::BTreeSet;
use std::time::Duration;

use virtplug_core::{
    CallError, Event, Fact, Hostdev, LiveMachine, MachineKey, MachineRead, OwnAlias, TraceStep,
};

use super::Verdict;
use super::ledger::{Asked, Ledger, live};
use crate::effect::LATEST_LANDING;

pub(super) fn two_entries_share_nothing(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((machine, live)) = live(ledger, &step.event) else {
        return Ok(());
    };
    let mut aliases = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for one in &live.hostdevs {
        let named = one.alias.as_ref().is_none_or(|alias| aliases.insert(alias));
        // libvirt lists devices in use by their numbers.
        let there = one.address.filter(|_| !one.missing);
        if !named || !there.is_none_or(|address| addresses.insert(address)) {
            return Err(format!("{machine} has it twice: {one:?}"));
        }
    }
    Ok(())
}

/// Unless it was there when the run or the daemon was first seen, or a
/// request of an earlier daemon landed late.
pub(super) fn an_entry_of_ours_was_asked_for(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((machine, live, before)) = again(ledger, step) else {
        return Ok(());
    };
    let began = ledger.began.unwrap_or(step.at);
    if step.at.since(began) <= Duration::from_millis(LATEST_LANDING) {
        return Ok(());
    }
    for (alias, _) in own(live) {
        let asked = ledger.machines.get(machine);
        let asked = asked.is_some_and(|seen| seen.asked.contains_key(&alias));
        if !asked && entry(before, &alias).is_none() {
            return Err(format!("{alias} came into {machine} by itself"));
        }
    }
    Ok(())
}

pub(super) fn an_entry_is_as_it_was_asked_for(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((machine, live)) = live(ledger, &step.event) else {
        return Ok(());
    };
    let Some(seen) = ledger.machines.get(machine) else {
        return Ok(());
    };
    for (alias, one) in own(live) {
        let Some(asked) = seen.asked.get(&alias) else {
            continue;
        };
        let ids = Some((asked.vendor, asked.product));
        let wanted = asked.guest_port.as_ref().map(ToString::to_string);
        let there = one.guest_port.is_none() || wanted.is_none() || wanted == one.guest_port;
        if one.ids != ids || one.address != Some(asked.address) || !there {
            return Err(format!("{one:?} of {machine} is not {asked:?}"));
        }
    }
    Ok(())
}

/// As long as the run lasts and nobody asked for it anew.
pub(super) fn an_entry_stays_what_it_is(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((machine, live, before)) = again(ledger, step) else {
        return Ok(());
    };
    let renewed = match &step.event {
        Event::Done(op, _) => match ledger.calls.get(op) {
            Some((_, Asked::Attach(request))) => Some(&request.alias),
            _ => None,
        },
        _ => None,
    };
    for (alias, one) in own(live) {
        let Some(old) = entry(before, &alias) else {
            continue;
        };
        if renewed != Some(&alias) && old != one {
            return Err(format!("{old:?} of {machine} became {one:?}"));
        }
    }
    Ok(())
}

/// libvirt looks for the device when it attaches; an instance that is there
/// afterwards was there then.
pub(super) fn who_is_missing_is_not_there(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((alias, outcome)) = attached(ledger, step) else {
        return Ok(());
    };
    let MachineRead::Live(live) = &outcome.after else {
        return Ok(());
    };
    let missing = entry(live, alias).is_some_and(|one| one.missing);
    if missing && outcome.instance_present == Fact::Known(true) && outcome.result.is_ok() {
        return Err(format!("{alias} is missing, but its device is there"));
    }
    Ok(())
}

pub(super) fn what_was_not_called_changes_nothing(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((alias, outcome)) = attached(ledger, step) else {
        return Ok(());
    };
    let uncalled = matches!(
        outcome.result,
        Err(CallError::InstanceChanged | CallError::InUse(_))
    );
    let MachineRead::Live(live) = &outcome.after else {
        return Ok(());
    };
    let Event::Done(op, _) = &step.event else {
        return Ok(());
    };
    let Some((machine, _)) = ledger.calls.get(op) else {
        return Ok(());
    };
    let before = ledger.before(machine, live.run);
    if uncalled
        && before.is_some_and(|before| entry(before, alias).is_none())
        && entry(live, alias).is_some()
    {
        return Err(format!("{alias} is in {machine} all the same"));
    }
    Ok(())
}

/// Unless the run ended, or the entry was taken out again at once, which
/// libvirt tells.
pub(super) fn a_success_shows(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((alias, outcome)) = attached(ledger, step) else {
        return Ok(());
    };
    let MachineRead::Live(live) = &outcome.after else {
        return Ok(());
    };
    let Event::Done(op, _) = &step.event else {
        return Ok(());
    };
    let Some((machine, _)) = ledger.calls.get(op) else {
        return Ok(());
    };
    let same = ledger.before(machine, live.run).is_some();
    if same && outcome.result.is_ok() && entry(live, alias).is_none() {
        return Err(format!("{alias} is not in {machine}"));
    }
    Ok(())
}

/// What an event shows of a machine whose run was seen before, and what that was.
fn again<'l>(
    ledger: &'l Ledger,
    step: &'l TraceStep,
) -> Option<(&'l MachineKey, &'l LiveMachine, &'l LiveMachine)> {
    let (machine, live) = live(ledger, &step.event)?;
    Some((machine, live, ledger.before(machine, live.run)?))
}

/// The attach that an event answers.
fn attached<'l>(
    ledger: &'l Ledger,
    step: &'l TraceStep,
) -> Option<(&'l OwnAlias, &'l virtplug_core::Outcome)> {
    let Event::Done(op, outcome) = &step.event else {
        return None;
    };
    match ledger.calls.get(op)? {
        (_, Asked::Attach(request)) => Some((&request.alias, outcome)),
        _ => None,
    }
}

fn own(live: &LiveMachine) -> impl Iterator<Item = (OwnAlias, &Hostdev)> {
    let own = |one: &'_ Hostdev| one.own_alias();
    live.hostdevs
        .iter()
        .filter_map(move |one| Some((own(one)?, one)))
}

fn entry<'l>(live: &'l LiveMachine, alias: &OwnAlias) -> Option<&'l Hostdev> {
    own(live).find(|(own, _)| own == alias).map(|(_, one)| one)
}
