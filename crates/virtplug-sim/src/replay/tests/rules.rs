//! Each rule of the world is broken by a trace that is made for it.

use std::time::Duration;

use virtplug_core::{
    Action, Activity, AttachRequest, CallError, ConnectionUri, Device, DeviceNumber, Fact,
    GuestPort, GuestPorts, Hostdev, InstanceId, LiveMachine, MachineKey, MachineListing,
    MachineRead, OpId, Outcome, OwnAlias, Policy, RunId, Time, Uuid,
};

use super::*;
use crate::gadget::Gadget;
use crate::host::Host;

fn uri() -> ConnectionUri {
    ConnectionUri::default()
}

fn machine() -> MachineKey {
    MachineKey::new(uri(), "alpha")
}

fn device() -> Device {
    let mut host = Host::new();
    let port = "1-1".parse().unwrap();
    assert!(host.plug(&port, Gadget::NamelessStick));
    host.read(&port).unwrap()
}

fn alias() -> OwnAlias {
    OwnAlias {
        port: device().port,
        instance: device().instance,
        followed: false,
    }
}

fn guest_port() -> GuestPort {
    "0:2".parse().unwrap()
}

fn entry() -> Hostdev {
    Hostdev {
        alias: Some(alias().to_string()),
        ids: Some((device().vendor, device().product)),
        address: Some(device().address),
        missing: false,
        guest_port: Some(guest_port().to_string()),
    }
}

fn live(hostdevs: Vec<Hostdev>) -> LiveMachine {
    LiveMachine {
        disks: [].into(),
        run: RunId {
            uuid: Uuid([1; 16]),
            id: 3,
        },
        activity: Activity::Ready,
        paused: false,
        ports: GuestPorts {
            controller: true,
            free: Some(4),
            used: hostdevs.iter().map(|_| guest_port()).collect(),
        },
        hostdevs,
    }
}

fn read(live: LiveMachine) -> Event {
    Event::MachineRead(machine(), MachineRead::Live(live))
}

/// A device is there, a machine is found, the device is attached and seen there.
fn story() -> Vec<TraceStep> {
    let request = AttachRequest {
        machine: machine(),
        alias: alias(),
        syspath: device().syspath,
        vendor: device().vendor,
        product: device().product,
        address: device().address,
        guest_port: None,
        guest_reset: None,
        allow_in_use: false,
    };
    let listing = MachineListing {
        machine: machine(),
        uuid: Uuid([1; 16]),
        active: true,
    };
    let outcome = Outcome {
        result: Ok(()),
        after: MachineRead::Live(live(vec![entry()])),
        instance_present: Fact::Known(true),
    };
    let steps = [
        (
            Event::Policy(Policy::new([machine()], Vec::new())),
            vec![Action::Connect(uri()), Action::ScanDevices],
        ),
        (
            Event::Devices {
                present: vec![device()],
                unreadable: Vec::new(),
            },
            vec![],
        ),
        (Event::Connected(uri()), vec![Action::ListMachines(uri())]),
        (
            Event::Machines(uri(), vec![listing]),
            vec![Action::ReadMachine(machine())],
        ),
        (read(live(vec![])), vec![Action::Attach(OpId(1), request)]),
        (Event::Done(OpId(1), outcome), vec![]),
        (
            Event::HostdevChanged(machine(), alias().to_string()),
            vec![Action::ReadMachine(machine())],
        ),
        (read(live(vec![entry()])), vec![]),
    ];
    let at = |number: u64| Time::after_origin(Duration::from_secs(2 * number));
    let steps = steps.into_iter().zip(0..);
    steps
        .map(|((event, actions), number)| TraceStep {
            at: at(number),
            event,
            actions,
        })
        .collect()
}

/// The first rule that a trace breaks.
fn broken(steps: &[TraceStep]) -> Option<&'static str> {
    let mut ledger = Ledger::default();
    for step in steps {
        let found = RULES
            .iter()
            .chain(FAIR)
            .find(|(_, rule)| rule(&ledger, step).is_err());
        if let Some((name, _)) = found {
            return Some(name);
        }
        ledger.take(step);
    }
    None
}

fn more(steps: &mut Vec<TraceStep>, event: Event) {
    let at = steps.last().unwrap().at;
    steps.push(TraceStep {
        at,
        event,
        actions: vec![],
    });
}

fn again(steps: &mut Vec<TraceStep>, number: usize) {
    let event = steps[number].event.clone();
    more(steps, event);
}

fn outcome(steps: &mut [TraceStep]) -> &mut Outcome {
    match &mut steps[5].event {
        Event::Done(_, outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

fn scan(steps: &mut [TraceStep], devices: Vec<Device>) {
    steps[1].event = Event::Devices {
        present: devices,
        unreadable: Vec::new(),
    };
}

/// The last look shows something else.
fn last(steps: &mut [TraceStep], change: impl FnOnce(&mut LiveMachine)) {
    let mut seen = live(vec![entry()]);
    change(&mut seen);
    steps[7].event = read(seen);
}

type Case = (&'static str, fn(&mut Vec<TraceStep>));

const CASES: &[Case] = &[
    ("time never goes back", |steps| {
        steps[7].at = Time::default();
    }),
    ("a call is answered once", |steps| again(steps, 5)),
    ("a look is answered once", |steps| again(steps, 7)),
    ("a list is answered once", |steps| again(steps, 3)),
    ("a connection opens when asked", |steps| again(steps, 2)),
    ("notices come over a connection", |steps| {
        more(steps, Event::Disconnected(uri(), "gone".into()));
        more(steps, Event::MachineChanged(machine()));
    }),
    ("two devices share nothing", |steps| {
        let other = Device {
            port: "1-2".parse().unwrap(),
            instance: InstanceId(7),
            ..device()
        };
        scan(steps, vec![device(), other]);
    }),
    ("an instance stays what it is", |steps| {
        let mut other = device();
        other.address.device = DeviceNumber(9);
        more(steps, Event::Device(other));
    }),
    ("an instance never comes back", |steps| {
        more(steps, Event::DeviceGone(device().port));
        more(steps, Event::Device(device()));
    }),
    ("a number fits its bus", |steps| {
        let mut hub = device();
        hub.address.device = DeviceNumber(1);
        scan(steps, vec![hub]);
    }),
    ("a list names each machine once", |steps| {
        let Event::Machines(_, listing) = &mut steps[3].event else {
            panic!("no list");
        };
        listing.extend(listing.clone());
    }),
    ("a run keeps its machine", |steps| {
        last(steps, |seen| seen.run.uuid = Uuid([2; 16]));
    }),
    ("the id of a run grows", |steps| {
        last(steps, |seen| seen.run.id = 2);
    }),
    ("who is paused is not busy", |steps| {
        last(steps, |seen| {
            seen.paused = true;
            seen.activity = Activity::Busy;
        });
    }),
    ("guest ports hold one thing", |steps| {
        last(steps, |seen| seen.ports.used.clear());
    }),
    ("two entries share nothing", |steps| {
        last(steps, |seen| {
            seen.hostdevs.push(Hostdev {
                alias: None,
                guest_port: None,
                ..entry()
            });
        });
    }),
    ("an entry of ours was asked for", |steps| {
        last(steps, |seen| {
            let alias = OwnAlias {
                instance: InstanceId(7),
                ..alias()
            };
            seen.hostdevs.push(Hostdev {
                alias: Some(alias.to_string()),
                address: None,
                guest_port: None,
                ..entry()
            });
        });
    }),
    ("an entry is as it was asked for", |steps| {
        let other = Hostdev {
            address: None,
            ..entry()
        };
        outcome(steps).after = MachineRead::Live(live(vec![other]));
    }),
    ("an entry stays what it is", |steps| {
        last(steps, |seen| seen.hostdevs[0].missing = true);
    }),
    ("who is missing is not there", |steps| {
        let missing = Hostdev {
            missing: true,
            ..entry()
        };
        outcome(steps).after = MachineRead::Live(live(vec![missing]));
    }),
    ("what was not called changes nothing", |steps| {
        outcome(steps).result = Err(CallError::InstanceChanged);
    }),
    ("libvirt takes what the model takes", |steps| {
        let mut full = live(vec![]);
        full.ports.free = Some(0);
        steps[4].event = read(full);
    }),
    ("a success shows", |steps| {
        outcome(steps).after = MachineRead::Live(live(vec![]));
    }),
];

#[test]
fn each_rule_is_broken_by_its_trace() {
    assert_eq!(broken(&story()), None);
    let names: Vec<_> = CASES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, super::super::rules());
    for (name, change) in CASES {
        let mut steps = story();
        change(&mut steps);
        assert_eq!(broken(&steps), Some(*name));
    }
}

/// A run after the end of another may begin with entries of a saved one.
#[test]
fn a_new_run_may_bring_entries() {
    let mut steps = story();
    last(&mut steps, |seen| {
        seen.run.id = 4;
        seen.hostdevs[0].missing = true;
    });
    assert_eq!(broken(&steps), None);
}
