//! Rules of answers: each is to something that was asked for.

use virtplug_core::{Event, TraceStep};

use super::Verdict;
use super::ledger::Ledger;

pub(super) fn time_never_goes_back(ledger: &Ledger, step: &TraceStep) -> Verdict {
    if step.at < ledger.now {
        return Err(format!("{:?} comes after {:?}", step.at, ledger.now));
    }
    Ok(())
}

pub(super) fn a_call_is_answered_once(ledger: &Ledger, step: &TraceStep) -> Verdict {
    match &step.event {
        Event::Done(op, _) if !ledger.calls.contains_key(op) => {
            Err(format!("nobody waits for call {op}"))
        }
        _ => Ok(()),
    }
}

pub(super) fn a_look_is_answered_once(ledger: &Ledger, step: &TraceStep) -> Verdict {
    match &step.event {
        Event::MachineRead(machine, _) if ledger.looks.get(machine).is_none_or(|one| *one == 0) => {
            Err(format!("nobody waits for a look at {machine}"))
        }
        _ => Ok(()),
    }
}

pub(super) fn a_list_is_answered_once(ledger: &Ledger, step: &TraceStep) -> Verdict {
    match &step.event {
        Event::Machines(uri, _) | Event::ListFailed(uri, _)
            if ledger.lists.get(uri).is_none_or(|one| *one == 0) =>
        {
            Err(format!("nobody waits for a list of {uri}"))
        }
        _ => Ok(()),
    }
}

pub(super) fn a_connection_opens_when_asked(ledger: &Ledger, step: &TraceStep) -> Verdict {
    match &step.event {
        Event::Connected(uri) if !ledger.opening.contains(uri) => {
            Err(format!("nobody waits for {uri}"))
        }
        Event::Disconnected(uri, _)
            if !ledger.opening.contains(uri) && !ledger.up.contains(uri) =>
        {
            Err(format!("{uri} is neither open nor waited for"))
        }
        _ => Ok(()),
    }
}

/// Notices of an opening connection may overtake that it is open.
pub(super) fn notices_come_over_a_connection(ledger: &Ledger, step: &TraceStep) -> Verdict {
    match &step.event {
        Event::MachineChanged(machine) | Event::HostdevChanged(machine, _)
            if !ledger.up.contains(&machine.uri) && !ledger.opening.contains(&machine.uri) =>
        {
            Err(format!("{} is not connected", machine.uri))
        }
        _ => Ok(()),
    }
}
