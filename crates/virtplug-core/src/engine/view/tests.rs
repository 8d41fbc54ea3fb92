//! What is told of connections and machines while they come and go.

use crate::testing::{device, machine, rule};
use crate::{
    Action, Activity, Call, ConnectionUri, DeviceNumber, Engine, Event, GuestPort, GuestPorts,
    HostAddress, Hostdev, LiveMachine, MachineKey, MachineListing, MachineRead, MachineState,
    Matcher, Obstacle, Order, Policy, RunId, Time, Uuid,
};

fn entry(alias: &str, number: u8, missing: bool) -> Hostdev {
    Hostdev {
        alias: Some(alias.to_owned()),
        ids: None,
        address: Some(HostAddress {
            bus: crate::BusNumber(1),
            device: DeviceNumber(number),
        }),
        missing,
        guest_port: None,
    }
}

fn live(hostdevs: Vec<Hostdev>) -> MachineRead {
    MachineRead::Live(LiveMachine {
        disks: [].into(),
        run: RunId {
            uuid: Uuid([7; 16]),
            id: 1,
        },
        activity: Activity::Ready,
        paused: false,
        hostdevs,
        ports: GuestPorts {
            controller: true,
            free: Some(3),
            used: [].into(),
        },
    })
}

fn tell(engine: &mut Engine, event: Event) -> Vec<Action> {
    engine.handle(Time::default(), event)
}

fn list(engine: &mut Engine) {
    let line = |name: &str, number: u8| MachineListing {
        machine: machine(name),
        uuid: Uuid([number; 16]),
        active: false,
    };
    let lines = vec![line("vm", 7), line("lent", 8)];
    tell(engine, Event::Machines(ConnectionUri::default(), lines));
}

fn serial(serial: &str) -> Matcher {
    Matcher {
        serial: Some(serial.into()),
        ..Matcher::default()
    }
}

/// An engine with one rule for the device at 1-1, connected.
fn engine() -> Engine {
    let mut engine = Engine::new(1);
    let policy = Policy::new([], vec![rule("vm", serial("A"))]);
    tell(&mut engine, Event::Policy(policy));
    let present = vec![device("1-1", 5, "A"), device("1-2", 6, "B")];
    let unreadable = Vec::new();
    let scan = Event::Devices {
        present,
        unreadable,
    };
    tell(&mut engine, scan);
    tell(&mut engine, Event::Connected(ConnectionUri::default()));
    engine
}

/// Each machine with its state.
fn states(engine: &Engine) -> Vec<(String, MachineState)> {
    let machines = engine.machines();
    machines
        .map(|view| (view.key.to_string(), view.state))
        .collect()
}

#[test]
fn a_machine_of_the_list_is_known_until_it_is_undefined() {
    let mut engine = engine();
    assert_eq!(states(&engine), [("vm".to_owned(), MachineState::Unread)]);
    list(&mut engine);
    assert_eq!(
        states(&engine),
        [
            ("lent".to_owned(), MachineState::Off),
            ("vm".to_owned(), MachineState::Unread)
        ]
    );
    let lent = engine.machine(&machine("lent")).unwrap();
    assert_eq!((lent.uuid, lent.configured), (Some(Uuid([8; 16])), false));
    tell(&mut engine, Event::MachineChanged(machine("lent")));
    tell(
        &mut engine,
        Event::MachineRead(machine("lent"), MachineRead::Absent),
    );
    assert_eq!(engine.machine(&machine("lent")), None);
    let uri = ConnectionUri::default();
    tell(&mut engine, Event::Disconnected(uri, "gone".into()));
    list(&mut engine);
    assert!(
        states(&engine)
            .iter()
            .all(|(_, state)| *state == MachineState::Unread)
    );
}

#[test]
fn entries_tell_the_port_of_the_device_that_they_hold() {
    let mut engine = engine();
    list(&mut engine);
    let stale = "ua-virtplug-1-1-00000000000000ff";
    let hostdevs = vec![
        entry(stale, 5, false),
        entry("hostdev0", 6, false),
        entry("hostdev1", 6, true),
    ];
    tell(
        &mut engine,
        Event::MachineRead(machine("vm"), live(hostdevs)),
    );
    let view = engine.machine(&machine("vm")).unwrap();
    assert_eq!(view.state, MachineState::Running);
    assert_eq!((view.controller, view.free_ports), (Some(true), Some(3)));
    let entries: Vec<(bool, Option<String>)> = view
        .entries
        .iter()
        .map(|entry| (entry.own.is_some(), entry.port.map(ToString::to_string)))
        .collect();
    assert_eq!(
        entries,
        [(true, None), (false, Some("1-2".to_owned())), (false, None)]
    );
    let call = view.under_way.map(|one| one.call);
    assert!(matches!(call, Some(Call::Detach(request)) if request.alias.to_string() == stale));
    let wanted: Vec<String> = view.wanted.iter().map(ToString::to_string).collect();
    assert_eq!(wanted, ["1-1"]);
}

#[test]
fn a_connection_that_is_down_tells_why_and_when_it_is_tried_again() {
    let mut engine = engine();
    let uri = ConnectionUri::default();
    let view = engine.connections().next().unwrap();
    assert_eq!((view.up, view.reason, view.next_try), (true, None, None));
    tell(&mut engine, Event::Disconnected(uri, "no socket".into()));
    let view = engine.connections().next().unwrap();
    assert_eq!((view.up, view.reason), (false, Some("no socket")));
    assert_eq!(view.next_try, engine.next_wakeup());
}

#[test]
fn each_machine_is_found_by_its_key_alone() {
    let mut engine = engine();
    list(&mut engine);
    let ordered = machine("ordered");
    let pause = Order::Pause {
        machine: Some(ordered.clone()),
        detach: false,
    };
    tell(&mut engine, Event::Order(pause));
    let keys: Vec<MachineKey> = engine.machines().map(|view| view.key.clone()).collect();
    assert_eq!(keys, [machine("lent"), ordered, machine("vm")]);
    for view in engine.machines() {
        assert_eq!(engine.machine(view.key), Some(view));
    }
    assert_eq!(engine.machine(&machine("no such machine")), None);
}

/// Nobody asks for it, so it was never looked at; the list says how it is.
#[test]
fn a_machine_of_the_list_that_is_off_stands_against_a_device_as_such() {
    let mut engine = engine();
    list(&mut engine);
    let port = "1-2".parse().unwrap();
    let obstacle = engine.obstacle_to(&port, &machine("lent"));
    assert_eq!(obstacle, Some(Obstacle::MachineOff));
}

/// The rule of `vm` asks for a guest port that `lent` has in use.
#[test]
fn what_a_rule_asks_of_its_machine_it_asks_of_no_other() {
    let mut engine = engine();
    let mut asking = rule("vm", serial("A"));
    asking.options.guest_port = "0:3".parse().ok();
    tell(&mut engine, Event::Policy(Policy::new([], vec![asking])));
    list(&mut engine);
    let mut lent = live(Vec::new());
    if let MachineRead::Live(lent) = &mut lent {
        lent.ports.used.extend("0:3".parse::<GuestPort>());
    }
    tell(&mut engine, Event::MachineChanged(machine("lent")));
    tell(&mut engine, Event::MachineRead(machine("lent"), lent));
    let port = "1-1".parse().unwrap();
    let obstacle = engine.obstacle_to(&port, &machine("lent"));
    assert!(
        !matches!(obstacle, Some(Obstacle::GuestPortTaken(_))),
        "{obstacle:?}"
    );
}
