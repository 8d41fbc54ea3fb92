//! What the old tools did with a device and what virtplug does after an import,
//! device by device: import, load, plan.
//!
//! The tables are worked out by hand from what the old tools do, not from the
//! importers. No machine may get more than it had, and what is lost must be told.

mod plugged;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use virtplug_config::import::{Format, Imported, import};
use virtplug_config::{Options, load};
use virtplug_core::{
    Action, Activity, Assignment, Engine, Event, GuestPorts, LiveMachine, MachineListing,
    MachineRead, Policy, RunId, Time, Uuid,
};

use self::plugged::Plugged;
use crate::rehearsal::{Rehearsal, Step};

/// What happened to a device before.
enum Fate {
    /// The old tool gave it to this machine, and virtplug does.
    To(&'static str),
    /// Neither gives it to any.
    Nobody,
    /// The old tool gave it to a machine, or may have; a remark with these words
    /// tells that virtplug does not.
    Lost(&'static str),
}

/// A device, whose it is, and why.
type Row = (Plugged, Fate, &'static str);

fn sample(name: &str) -> PathBuf {
    Path::new("../virtplug-config/tests/import").join(name)
}

fn compare(format: Format, files: &[&str], rows: &[Row]) {
    let paths: Vec<PathBuf> = files.iter().map(|name| sample(name)).collect();
    let imported = import(format, &paths).unwrap();
    let devices: Vec<&Plugged> = rows.iter().map(|(plugged, ..)| plugged).collect();
    let given = plan(policy(&imported), &devices);
    for (number, (plugged, fate, why)) in rows.iter().enumerate() {
        let machine = given.get(&number).map(String::as_str);
        let row = format!("row {number}, {plugged:?}: {why}\n{}", imported.toml);
        match fate {
            Fate::To(wanted) => assert_eq!(machine, Some(*wanted), "{row}"),
            Fate::Nobody => assert_eq!(machine, None, "{row}"),
            Fate::Lost(words) => {
                assert_eq!(machine, None, "{row}");
                let told = |text: &str| text.contains(words);
                assert!(
                    imported.remarks.iter().any(|remark| told(&remark.text)),
                    "{row}"
                );
            }
        }
    }
}

fn policy(imported: &Imported) -> Policy {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("virtplug.toml");
    std::fs::write(&path, &imported.toml).unwrap();
    load(&path, &Options::default()).unwrap().policy
}

/// The machine of each device by its number, as a plan has it while all
/// machines run.
fn plan(policy: Policy, devices: &[&Plugged]) -> BTreeMap<usize, String> {
    let present: Vec<_> = devices
        .iter()
        .enumerate()
        .map(|(number, plugged)| plugged.device(number))
        .collect();
    let ports: Vec<_> = present.iter().map(|device| device.port.clone()).collect();
    let mut events = vec![Event::Devices {
        present,
        unreadable: Vec::new(),
    }];
    for uri in policy.connections() {
        let machines = policy
            .machines()
            .iter()
            .filter(|machine| machine.uri == *uri);
        let listing = machines.clone().map(|machine| MachineListing {
            machine: machine.clone(),
            uuid: Uuid([7; 16]),
            active: true,
        });
        events.push(Event::Connected(uri.clone()));
        events.push(Event::Machines(uri.clone(), listing.collect()));
        events.extend(
            machines
                .map(|machine| Event::MachineRead(machine.clone(), MachineRead::Live(running()))),
        );
    }
    events.insert(0, Event::Policy(policy));
    events.reverse();
    let mut engine = Engine::new(0);
    let mut rehearsal = Rehearsal::default();
    while let Some(event) = events.pop().or_else(|| rehearsal.next_answer()) {
        let event = rehearsal.overlay(event);
        for action in engine.handle(Time::default(), event) {
            match action {
                Action::Attach(op, request) => rehearsal.attach(op, request),
                Action::Detach(op, request) => rehearsal.detach(op, request),
                Action::Start(op, machine) => rehearsal.start(op, machine),
                _ => {}
            }
        }
    }
    for view in engine.devices() {
        let decided = matches!(view.assignment, Assignment::Machine(_) | Assignment::Host);
        assert!(decided, "{}: {:?}", view.device.port, view.assignment);
    }
    let steps = rehearsal.into_steps().into_iter();
    steps
        .map(|step| match step {
            Step::Attach(request) => {
                let mut numbers = ports.iter();
                let number = numbers.position(|port| *port == request.alias.port);
                (number.unwrap(), request.machine.name().to_owned())
            }
            other => panic!("nothing but attaches is due: {other:?}"),
        })
        .collect()
}

fn running() -> LiveMachine {
    LiveMachine {
        disks: [].into(),
        run: RunId {
            uuid: Uuid([7; 16]),
            id: 1,
        },
        activity: Activity::Ready,
        paused: false,
        hostdevs: Vec::new(),
        ports: GuestPorts {
            controller: true,
            free: None,
            used: std::collections::BTreeSet::new(),
        },
    }
}
