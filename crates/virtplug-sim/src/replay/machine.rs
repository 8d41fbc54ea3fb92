//! Rules of libvirt's machines: runs, states and guest ports.

use std::collections::BTreeSet;

use virtplug_core::{Activity, Event, GuestPort, TraceStep};

use super::Verdict;
use super::ledger::{Ledger, live};

pub(super) fn a_list_names_each_machine_once(_: &Ledger, step: &TraceStep) -> Verdict {
    let Event::Machines(uri, listing) = &step.event else {
        return Ok(());
    };
    let mut named = BTreeSet::new();
    let mut uuids = BTreeSet::new();
    for line in listing {
        if line.machine.uri != *uri {
            return Err(format!("{} is of {}", line.machine, line.machine.uri));
        }
        if !named.insert(&line.machine) || !uuids.insert(line.uuid) {
            return Err(format!("{} is there twice", line.machine));
        }
    }
    Ok(())
}

pub(super) fn a_run_keeps_its_machine(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((machine, live)) = live(ledger, &step.event) else {
        return Ok(());
    };
    let seen = ledger.machines.get(machine);
    match seen.and_then(|seen| seen.last_run) {
        Some(last) if last.id == live.run.id && last.uuid != live.run.uuid => {
            Err(format!("{machine} was {} in the same run", last.uuid))
        }
        _ => Ok(()),
    }
}

/// As long as the connection lasts; a libvirtd that starts anew counts anew.
pub(super) fn the_id_of_a_run_grows(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((machine, live)) = live(ledger, &step.event) else {
        return Ok(());
    };
    let seen = ledger.machines.get(machine);
    match seen.and_then(|seen| seen.last_run) {
        Some(last) if live.run.id < last.id => {
            Err(format!("{machine} had {} before {}", last.id, live.run.id))
        }
        _ => Ok(()),
    }
}

pub(super) fn who_is_paused_is_not_busy(ledger: &Ledger, step: &TraceStep) -> Verdict {
    match live(ledger, &step.event) {
        Some((machine, live)) if live.paused && live.activity != Activity::Ready => {
            Err(format!("{machine} is {:?}", live.activity))
        }
        _ => Ok(()),
    }
}

pub(super) fn guest_ports_hold_one_thing(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Some((machine, live)) = live(ledger, &step.event) else {
        return Ok(());
    };
    let mut taken = BTreeSet::new();
    for text in live
        .hostdevs
        .iter()
        .filter_map(|one| one.guest_port.as_ref())
    {
        let Ok(port) = text.parse::<GuestPort>() else {
            continue;
        };
        if !live.ports.used.contains(&port) {
            return Err(format!("port {text} of {machine} is not in use"));
        }
        if !taken.insert(port) {
            return Err(format!("port {text} of {machine} has two devices"));
        }
    }
    Ok(())
}
