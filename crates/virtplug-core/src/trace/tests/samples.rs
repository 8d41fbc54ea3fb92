//! Values of every kind, with texts that are awkward to write down.

use std::time::Duration;

use crate::testing::{device, machine, rule};
use crate::{
    Activity, CallError, ConnectionUri, DetachReason, Detached, Event, Fact, GuestPort, GuestPorts,
    GuestReset, Hold, HoldEnd, Hostdev, LiveMachine, MachineKey, MachineListing, MachineRead,
    Matcher, OpId, Order, Orders, Outcome, OwnAlias, Owner, Pattern, Patterns, Pause, Policy,
    Report, RuleOptions, RunId, StablePorts, Tally, Time, Use, Uuid,
};

pub(super) fn alias() -> OwnAlias {
    let device = device("12-1.2.3", 9, "A");
    OwnAlias {
        port: device.port,
        instance: device.instance,
        followed: true,
    }
}

pub(super) fn run() -> RunId {
    RunId {
        uuid: Uuid([7; 16]),
        id: u32::MAX,
    }
}

pub(super) fn named() -> MachineKey {
    MachineKey::with_uuid(
        ConnectionUri::new("qemu+tls://h/system?x=\n"),
        "é",
        Uuid([1; 16]),
    )
}

pub(super) fn guest_port() -> GuestPort {
    GuestPort {
        bus: 0,
        ports: vec![1, 2],
    }
}

pub(super) fn live() -> MachineRead {
    let hostdev = Hostdev {
        alias: Some("ua-\u{202e}\0".into()),
        ids: Some((crate::VendorId(0), crate::ProductId(0xffff))),
        address: Some(device("1-1", 127, "").address),
        missing: true,
        guest_port: None,
    };
    MachineRead::Live(LiveMachine {
        disks: [].into(),
        run: run(),
        activity: Activity::Busy,
        paused: true,
        hostdevs: vec![hostdev],
        ports: GuestPorts {
            controller: true,
            free: None,
            used: [guest_port()].into(),
        },
    })
}

pub(super) fn orders() -> Orders {
    let device = device("1-1", 2, "");
    let hold = Hold {
        port: device.port.clone(),
        owner: Owner::Host,
        in_pause: [machine("a")].into(),
        until_end_of: Some(named()),
        run: Some(run()),
        allow_in_use: true,
    };
    let detached = Detached {
        port: device.port,
        machine: named(),
        run: run(),
    };
    Orders {
        holds: [(device.instance, hold)].into(),
        detached: [(device.instance, detached)].into(),
        switches: [("g\"".to_owned(), named().into())].into(),
        pauses: [
            (named(), Pause { detach: true }),
            (machine("b"), Pause { detach: false }),
        ]
        .into(),
        pause_of_all: Some(Pause { detach: false }),
    }
}

pub(super) fn uses() -> Vec<Use> {
    let text = || "sd\\b\u{1b}".to_owned();
    vec![
        Use::Mounted {
            node: text(),
            at: text(),
        },
        Use::Swap { node: text() },
        Use::Held {
            node: text(),
            by: text(),
        },
        Use::Member {
            node: text(),
            of: text(),
        },
        Use::Writing { node: text() },
        Use::Address {
            interface: text(),
            address: text(),
        },
        Use::DefaultRoute { interface: text() },
        Use::MachineDisk { machine: text() },
        Use::Enslaved {
            interface: text(),
            master: text(),
        },
        Use::LastKeyboard,
        Use::Opened {
            node: text(),
            by: Some(text()),
        },
    ]
}

pub(super) fn policy() -> Policy {
    let pattern = |text: &str| Pattern::regex(text).unwrap();
    let matcher = Matcher {
        serial: Some(Patterns::new([
            Pattern::Exact("A\u{0}".into()),
            Pattern::glob("A*[0-9]").unwrap(),
            pattern(r"^\d+(?i)x$"),
        ])),
        class: Some(vec!["03:01".parse().unwrap()]),
        stable_port: Some(StablePorts("pci-0000:00:14.0-usb-0:2".into())),
        behind: Some(vec![Matcher::default()]),
        properties: vec![("P".into(), pattern(".").into())],
        not: vec![Matcher::default()],
        any: Some(vec![]),
        ..Matcher::default()
    };
    let mut rule = rule("a", matcher);
    rule.options = RuleOptions {
        group: Some("g".into()),
        count: std::num::NonZeroU32::new(3),
        follow: Some(Duration::new(3, 7)),
        guest_port: Some(guest_port()),
        guest_reset: Some(GuestReset::Uninitialized),
        ..RuleOptions::default()
    };
    Policy::new([named()], vec![rule])
}

/// Has a place for each kind of event, so that a new one is not forgotten.
pub(super) fn place(event: &Event) -> usize {
    match event {
        Event::Policy(_) => 0,
        Event::Devices { .. } => 1,
        Event::Device(_) => 2,
        Event::DeviceUnreadable(_) => 3,
        Event::DeviceGone(_) => 4,
        Event::ScanFailed(_) => 5,
        Event::Connected(_) => 6,
        Event::Disconnected(..) => 7,
        Event::Machines(..) => 8,
        Event::ListFailed(..) => 9,
        Event::MachineChanged(_) => 10,
        Event::HostdevChanged(..) => 11,
        Event::MachineRead(..) => 12,
        Event::Order(_) => 13,
        Event::Restore(_) => 14,
        Event::Done(..) => 15,
        Event::Tick => 16,
    }
}

pub(super) fn events() -> Vec<Event> {
    let uri = ConnectionUri::default();
    let port = alias().port;
    let outcome = |result| Outcome {
        result,
        after: live(),
        instance_present: Fact::Unknown,
    };
    let refused = CallError::Libvirt {
        code: -1,
        message: "\u{7f}\"".into(),
    };
    let mut events = vec![
        Event::Policy(policy()),
        Event::Policy(Policy::new([], vec![]).watching(ConnectionUri::new("test:///default"))),
        Event::Devices {
            present: vec![device("1-1", 1, "A")],
            unreadable: vec![port.clone()],
        },
        Event::Device(device("1-1", 1, "")),
        Event::DeviceUnreadable(port.clone()),
        Event::DeviceGone(port.clone()),
        Event::ScanFailed("no".into()),
        Event::Connected(uri.clone()),
        Event::Disconnected(uri.clone(), "\t".into()),
        Event::Machines(
            uri.clone(),
            vec![MachineListing {
                machine: named(),
                uuid: run().uuid,
                active: true,
            }],
        ),
        Event::ListFailed(uri, String::new()),
        Event::MachineChanged(named()),
        Event::HostdevChanged(named(), "x".into()),
        Event::MachineRead(named(), MachineRead::Off),
        Event::MachineRead(named(), MachineRead::Absent),
        Event::MachineRead(named(), MachineRead::Failed("x".into())),
        Event::Restore(orders()),
        Event::Done(OpId(u64::MAX), outcome(Ok(()))),
        Event::Done(OpId(0), outcome(Err(CallError::InstanceChanged))),
        Event::Done(
            OpId(1),
            outcome(Err(CallError::InUse(uses().into_iter().collect()))),
        ),
        Event::Done(OpId(2), outcome(Err(refused))),
        Event::Tick,
    ];
    let instance = alias().instance;
    events.extend(
        [
            Order::Hold {
                port: port.clone(),
                instance,
                owner: named().into(),
                allow_in_use: true,
            },
            Order::Release(port),
            Order::ReleaseAll,
            Order::Switch {
                group: "g".into(),
                owner: None,
            },
            Order::Pause {
                machine: None,
                detach: true,
            },
            Order::Resume(Some(named())),
        ]
        .map(Event::Order),
    );
    events
}

pub(super) fn reports() -> Vec<Report> {
    let port = alias().port;
    let shared = policy().rules().to_vec();
    vec![
        Report::Attached(named(), alias()),
        Report::AttachFailed {
            machine: named(),
            alias: alias(),
            attempt: 1,
            retry_ms: None,
            error: "x".into(),
        },
        Report::Detached(named(), alias(), DetachReason::ByHand),
        Report::Held(named(), alias()),
        Report::InUse {
            machine: named(),
            port: port.clone(),
            uses: Fact::Unknown,
        },
        Report::TakenInUse {
            machine: named(),
            port: port.clone(),
            uses: Fact::Known(uses().into_iter().collect()),
        },
        Report::Ordered(Order::ReleaseAll),
        Report::HoldEnded {
            port: port.clone(),
            end: HoldEnd::MachineEnded(named()),
        },
        Report::Calmed {
            port: port.clone(),
            tally: Tally {
                since: Time::after_origin(Duration::MAX),
                connects: 1,
                attached: 2,
                detached: 3,
                failed: 4,
            },
            lasted_ms: u64::MAX,
        },
        Report::Conflict(port.clone(), shared),
        Report::Ambiguous(port.clone(), vec![port]),
        Report::Overdue(named()),
    ]
}
