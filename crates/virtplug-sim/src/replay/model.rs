//! The simulator's own libvirt is asked what the real one was asked.

use std::collections::{BTreeMap, BTreeSet};

use virtplug_core::{
    Activity, AttachRequest, Event, GuestPort, Hostdev, LiveMachine, MachineRead, ProductId,
    TraceStep, VendorId,
};

use super::Verdict;
use super::ledger::{Asked, Ledger};
use crate::machine::{Author, Doing, Domain, Entry, Run, Sockets};
use crate::server::Server;

/// A guest port that nothing has.
const FREE: u8 = u8::MAX;

/// What the machine was like around the call must be the same before and after
/// it, but for the new entry; otherwise nobody knows what libvirt saw.
pub(super) fn libvirt_takes_what_the_model_takes(ledger: &Ledger, step: &TraceStep) -> Verdict {
    let Event::Done(op, outcome) = &step.event else {
        return Ok(());
    };
    let (Some((machine, Asked::Attach(request))), MachineRead::Live(after), Ok(())) =
        (ledger.calls.get(op), &outcome.after, &outcome.result)
    else {
        return Ok(());
    };
    let Some(before) = ledger.before(machine, after.run) else {
        return Ok(());
    };
    let new = |one: &&Hostdev| one.own_alias().as_ref() == Some(&request.alias);
    let Some(entry) = after.hostdevs.iter().find(new) else {
        // It took nothing, whatever it says.
        return Ok(());
    };
    let others = after.hostdevs.iter().filter(|one| !new(one));
    if !others.eq(before.hostdevs.iter()) {
        return Ok(());
    }
    let (domain, request) = rebuilt(before, request);
    let server = Server::new(BTreeMap::from([(machine.clone(), domain)]));
    match server.admit(&request, !entry.missing) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the model says {error} for {machine}")),
    }
}

/// A machine of the model as it was seen, and the request in its words.
fn rebuilt(seen: &LiveMachine, request: &AttachRequest) -> (Domain, AttachRequest) {
    let numbered: BTreeMap<&GuestPort, u8> = seen.ports.used.iter().zip(1..FREE).collect();
    let socket = |text: &Option<String>| {
        let port = text.as_ref()?.parse::<GuestPort>().ok()?;
        numbered.get(&port).copied()
    };
    let entries: Vec<Entry> = seen
        .hostdevs
        .iter()
        .map(|one| Entry {
            alias: one.alias.clone().unwrap_or_default(),
            ids: one.ids.unwrap_or((VendorId(0), ProductId(0))),
            address: one.address,
            missing: one.missing,
            holds: None,
            author: Author::Admin,
            leaving: None,
            socket: socket(&one.guest_port).unwrap_or(FREE),
        })
        .collect();
    let taken: Vec<u8> = entries.iter().map(|entry| entry.socket).collect();
    let others = numbered.values().copied();
    let others: Vec<u8> = others.filter(|one| !taken.contains(one)).collect();
    let used = u32::try_from(entries.len() + others.len()).unwrap_or(u32::MAX);
    let mut domain = Domain::new(0);
    domain.sockets = match (seen.ports.controller, seen.ports.free) {
        (false, _) => Sockets::NoController,
        (true, None) => Sockets::Untold,
        (true, Some(free)) => Sockets::Count(used.saturating_add(free)),
    };
    domain.run = Some(Run {
        id: seen.run.id,
        serial: 0,
        doing: match seen.activity {
            Activity::Ready => Doing::Running,
            Activity::Busy => Doing::Busy,
        },
        entries,
        others,
        // They keep nothing from libvirt.
        disks: BTreeSet::new(),
    });
    let mut request = request.clone();
    request.guest_port = request.guest_port.map(|port| GuestPort {
        bus: 0,
        ports: vec![numbered.get(&port).copied().unwrap_or(FREE)],
    });
    (domain, request)
}
