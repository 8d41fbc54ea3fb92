//! A small world for snapshot tests and the fuzzer: what the commands show is made from it.

#![allow(clippy::unwrap_used, reason = "not part of the program")]

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use virtplug_core::{
    Action, Activity, ClassCode, ConnectionUri, Device, DeviceNumber, Engine, Event, Fact,
    GuestPorts, Half, HostAddress, Hostdev, InstanceId, LiveMachine, MachineKey, MachineListing,
    MachineRead, Matcher, Owner, Policy, PortPath, ProductId, RawText, Removable, Revision, Rule,
    RuleOptions, RunId, Speed, Time, UdevRecord, Uuid, VendorId,
};

use crate::rehearsal::{Rehearsal, Step};

pub(crate) fn machine(name: &str) -> MachineKey {
    MachineKey::new(ConnectionUri::default(), name)
}

pub(crate) fn device(port: &str, number: u8, serial: &[u8], name: &[u8]) -> Device {
    let port: PortPath = port.parse().unwrap();
    let text = |bytes: &[u8]| Fact::Known((!bytes.is_empty()).then(|| RawText::new(bytes)));
    Device {
        syspath: format!("/sys/devices/{port}"),
        instance: InstanceId(u64::from(number)),
        address: HostAddress {
            bus: port.bus(),
            device: DeviceNumber(number),
        },
        port,
        vendor: VendorId(0x10c4),
        product: ProductId(0xea60),
        revision: Fact::Known(Revision(0x0100)),
        class: ClassCode::default(),
        interfaces: Fact::Known([ClassCode::new(0xff, 0, 0)].into()),
        speed: Fact::Known(Speed::Full),
        removable: Fact::Known(Removable::Unknown),
        peer: Fact::Known(None),
        half: Fact::Known(Half::Usb2),
        bound: Fact::Known(true),
        authorized: Fact::Known(true),
        serial: text(serial),
        manufacturer: Fact::Known(None),
        product_name: text(name),
        udev: Fact::Known(UdevRecord::default()),
        processed: true,
        in_use: Fact::Known(BTreeSet::new()),
        disks: BTreeSet::new(),
    }
}

fn devices() -> Vec<Device> {
    let mut hub = device("1-4", 6, b"", b"");
    hub.class = ClassCode::new(9, 0, 0);
    vec![
        device("1-1", 2, b"A1", b"CP2102 USB to UART Bridge Controller"),
        device("1-2", 3, b"A2", b"CP2102 USB to UART Bridge Controller"),
        device("1-3", 4, b"A3", b"CP2102 USB to UART Bridge Controller"),
        hub,
        device("1-4.1", 7, b"\x1b[31mred\n\xff", b"evil"),
        device("1-4.2", 8, b"B1", b"claimed twice"),
        device("1-4.3", 9, b"F1", b"in by hand"),
        device("2-1", 10, b"O1", b"for a machine that is off"),
        device("2-2", 11, b"K1", b"the host's own"),
        device("2-3", 12, b"H1", b"also wanted by the host"),
        device("2-4", 13, b"P1", b"one of a pool"),
        device("2-5", 14, b"P1", b"one too many"),
    ]
}

pub(crate) fn rule(name: &str, owner: impl Into<Owner>, matcher: Matcher, line: u32) -> Rule {
    Rule {
        name: (!name.is_empty()).then(|| name.to_owned()),
        origin: format!("/etc/virtplug/virtplug.toml:{line}"),
        owner: owner.into(),
        matcher,
        options: RuleOptions::default(),
    }
}

pub(crate) fn serial(serial: &str) -> Matcher {
    Matcher {
        serial: Some(serial.into()),
        ..Matcher::default()
    }
}

pub(crate) fn port(port: &str) -> Matcher {
    Matcher {
        port: Some(port.into()),
        ..Matcher::default()
    }
}

fn policy() -> Policy {
    let mut pool = rule("pool", machine("alpha"), serial("P1"), 43);
    pool.options.count = NonZeroU32::new(1);
    Policy::new(
        [],
        vec![
            rule("Zigbee", machine("alpha"), serial("A1"), 3),
            rule("", machine("alpha"), serial("A2"), 7),
            rule("the hub", machine("alpha"), port("1-4"), 11),
            rule("", machine("alpha"), serial("B1"), 15),
            rule("", machine("beta"), serial("B1"), 19),
            rule("", machine("alpha"), serial("F1"), 23),
            rule("", machine("beta"), serial("O1"), 27),
            rule("mine", Owner::Host, serial("K1"), 31),
            rule("", machine("alpha"), serial("H1"), 35),
            rule("", Owner::Host, serial("H1"), 39),
            pool,
        ],
    )
}

pub(crate) fn live() -> LiveMachine {
    let own = |port: &str, number: u8| Hostdev {
        alias: Some(format!("ua-virtplug-{port}-{number:016x}")),
        ids: Some((VendorId(0x10c4), ProductId(0xea60))),
        address: Some(HostAddress {
            bus: port.parse::<PortPath>().unwrap().bus(),
            device: DeviceNumber(number),
        }),
        missing: false,
        guest_port: Some("0:1".to_owned()),
    };
    let mut foreign = own("1-4", 9);
    foreign.alias = Some("hostdev0".to_owned());
    LiveMachine {
        disks: BTreeSet::new(),
        run: RunId {
            uuid: Uuid([1; 16]),
            id: 1,
        },
        activity: Activity::Ready,
        paused: false,
        // A1 is in, an entry of an earlier enumeration of A2 is stale.
        hostdevs: vec![own("1-1", 2), own("1-2", 99), foreign],
        ports: GuestPorts {
            controller: true,
            free: Some(12),
            used: BTreeSet::new(),
        },
    }
}

/// The world as a command sees it: looked at, nothing done. With the steps
/// that a pass would take if `rehearse`.
pub(crate) fn world(rehearse: bool) -> (Engine, Vec<Step>) {
    let (engine, rehearsal) = run(rehearse);
    (engine, rehearsal.into_steps())
}

/// The world after a pass whose calls all succeeded, to go on with.
#[cfg(test)]
pub(crate) fn rehearsed_world() -> (Engine, Rehearsal) {
    run(true)
}

fn run(rehearse: bool) -> (Engine, Rehearsal) {
    let uri = ConnectionUri::default();
    let listing = ["alpha", "beta"].map(|name| MachineListing {
        machine: machine(name),
        uuid: Uuid([u8::from(name == "alpha"); 16]),
        active: name == "alpha",
    });
    let mut engine = Engine::new(0);
    let mut rehearsal = Rehearsal::default();
    let mut events = vec![
        Event::Policy(policy()),
        Event::Devices {
            present: devices(),
            unreadable: Vec::new(),
        },
        Event::Connected(uri.clone()),
        Event::Machines(uri, listing.to_vec()),
        Event::MachineRead(machine("alpha"), MachineRead::Live(live())),
        Event::MachineRead(machine("beta"), MachineRead::Off),
    ];
    events.reverse();
    while let Some(event) = events.pop().or_else(|| rehearsal.next_answer()) {
        let event = rehearsal.overlay(event);
        for action in engine.handle(Time::default(), event) {
            match action {
                Action::Attach(op, request) if rehearse => rehearsal.attach(op, request),
                Action::Detach(op, request) if rehearse => rehearsal.detach(op, request),
                Action::Start(op, machine) if rehearse => rehearsal.start(op, machine),
                _ => {}
            }
        }
    }
    (engine, rehearsal)
}
