//! Against libvirt's own test driver, which needs no daemon. Its machines live
//! in this process: all connections to `test:///default` see the same ones.

#![allow(
    clippy::unwrap_used,
    reason = "clippy takes helpers of tests for other code"
)]

mod common;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use common::{
    alias, attach_request, detach_request, events, eventually, expect, machine, open, threads,
    try_open,
};
use virt::connect::Connect;
use virt::domain::Domain;
use virtplug_core::{
    Activity, CallError, ConnectionUri, MachineKey, MachineListing, MachineRead, Uuid,
};
use virtplug_libvirt::{Connection, ConnectionEvent, EventLoop, OpenError, Version};

const DEFAULT: &str = "test:///default";

/// The machine "test" has one state for all tests in this process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The UUID of the machine "test", the driver's own constant.
fn uuid() -> Uuid {
    "6695eb01-f6a4-8304-79aa-97f2502e193f".parse().unwrap()
}

fn changed_event(machine: MachineKey) -> ConnectionEvent {
    ConnectionEvent::MachineChanged(machine, uuid())
}

/// What an administrator does, by another connection.
fn administrator(connection: &mut Option<Connect>) -> Domain {
    EventLoop::start().unwrap();
    let connection = connection.insert(Connect::open(Some(DEFAULT)).unwrap());
    Domain::lookup_by_name(connection, "test").unwrap()
}

#[test]
fn a_running_machine_is_listed_and_read() {
    let _alone = alone();
    let (connection, _events) = open(DEFAULT);
    let test = machine(DEFAULT, "test");
    assert_eq!(
        connection.list_machines().unwrap(),
        [MachineListing {
            machine: test.clone(),
            uuid: uuid(),
            active: true
        }]
    );
    let MachineRead::Live(live) = connection.read_machine(&test) else {
        panic!("not live");
    };
    assert_eq!(live.activity, Activity::Ready);
    assert_eq!(live.run.uuid, uuid());
    assert!(!live.paused);
    assert_eq!(live.hostdevs, []);
    assert!(connection.is_alive());
    assert_eq!(connection.uri().as_str(), DEFAULT);
    connection.close();
}

#[test]
fn versions_and_definitions_are_told() {
    let _alone = alone();
    let (connection, _events) = open(DEFAULT);
    let versions = connection.versions().unwrap();
    assert!(versions.libvirt >= Version::new(4, 4, 0), "{versions:?}");
    assert!(versions.hypervisor.is_some(), "{versions:?}");
    let definitions = connection.definitions().unwrap();
    let [(listing, Ok(definition))] = definitions.as_slice() else {
        panic!("{definitions:?}");
    };
    assert_eq!(listing.machine, machine(DEFAULT, "test"));
    assert_eq!(definition.hostdevs, []);
}

#[test]
fn a_machine_that_does_not_exist_is_absent() {
    let (connection, _events) = open(DEFAULT);
    for name in ["nobody", "", "a\0b", "-test", "../x", &"x".repeat(300)] {
        let read = connection.read_machine(&machine(DEFAULT, name));
        assert_eq!(read, MachineRead::Absent, "{name:?}");
    }
}

#[test]
fn starts_and_stops_are_told_and_each_start_is_another_run() {
    let _alone = alone();
    let mut held = None;
    let domain = administrator(&mut held);
    let (connection, events) = open(DEFAULT);
    let test = machine(DEFAULT, "test");
    let changed = changed_event(test.clone());
    let MachineRead::Live(first) = connection.read_machine(&test) else {
        panic!("not live");
    };

    domain.destroy().unwrap();
    expect(&events, &changed);
    assert_eq!(connection.read_machine(&test), MachineRead::Off);
    assert!(!connection.list_machines().unwrap()[0].active);

    domain.create().unwrap();
    expect(&events, &changed);
    let MachineRead::Live(second) = connection.read_machine(&test) else {
        panic!("not live");
    };
    assert_eq!(first.run.uuid, second.run.uuid);
    assert_ne!(first.run.id, second.run.id);

    domain.suspend().unwrap();
    expect(&events, &changed);
    assert!(matches!(
        connection.read_machine(&test),
        MachineRead::Live(live) if live.activity == Activity::Ready && live.paused
    ));
    domain.resume().unwrap();
    expect(&events, &changed);
}

#[test]
fn a_machine_is_found_by_its_uuid_whatever_its_label() {
    let _alone = alone();
    let (connection, _events) = open(DEFAULT);
    let by_uuid = |uuid| MachineKey::with_uuid(ConnectionUri::new(DEFAULT), "nobody\0", uuid);
    let read = connection.read_machine(&by_uuid(uuid()));
    assert!(matches!(read, MachineRead::Live(_)), "{read:?}");
    let read = connection.read_machine(&by_uuid(Uuid([9; 16])));
    assert_eq!(read, MachineRead::Absent);
}

#[test]
fn what_stands_still_is_started_and_what_runs_is_left_alone() {
    let _alone = alone();
    let mut held = None;
    let domain = administrator(&mut held);
    let (connection, _events) = open(DEFAULT);
    let test = machine(DEFAULT, "test");
    let run = || match connection.read_machine(&test) {
        MachineRead::Live(live) if !live.paused => live.run,
        other => panic!("{other:?}"),
    };
    let first = run();
    connection.start(&test).unwrap();
    assert_eq!(run(), first);

    domain.suspend().unwrap();
    connection.start(&test).unwrap();
    assert_eq!(run(), first);

    domain.destroy().unwrap();
    let by_uuid = MachineKey::with_uuid(ConnectionUri::new(DEFAULT), "label", uuid());
    connection.start(&by_uuid).unwrap();
    assert_ne!(run(), first);

    let nobody = machine(DEFAULT, "nobody");
    let refused = connection.start(&nobody).unwrap_err();
    assert!(
        matches!(refused, CallError::Libvirt { code: 42, .. }),
        "{refused}"
    );
}

#[test]
fn refusals_come_back_with_their_code() {
    let _alone = alone();
    let (connection, _events) = open(DEFAULT);
    let code = |result: Result<(), CallError>| match result.unwrap_err() {
        CallError::Libvirt { code, message } => {
            assert!(!message.is_empty());
            code
        }
        other @ (CallError::InstanceChanged | CallError::InUse(_)) => panic!("{other}"),
    };
    let test = machine(DEFAULT, "test");
    // Up to 9.0 the driver attaches nothing (3), later only PCI devices (67).
    let attach = code(connection.attach(&attach_request(test.clone())));
    assert!([3, 67].contains(&attach), "{attach}");
    // Not supported (3), later: no device with this alias (1, 99).
    let detach = code(connection.detach(&detach_request(test)));
    assert!([1, 3, 99].contains(&detach), "{detach}");
    for name in ["nobody", "a\0b"] {
        let nobody = machine(DEFAULT, name);
        assert_eq!(code(connection.attach(&attach_request(nobody.clone()))), 42);
        assert_eq!(code(connection.detach(&detach_request(nobody))), 42);
    }
}

#[test]
fn hostdevs_of_a_live_machine_are_read() {
    let file = tempfile::Builder::new().suffix(".xml").tempfile().unwrap();
    std::fs::write(
        file.path(),
        format!(
            "<node><domain type='test'><name>one</name><memory>8192</memory>\
             <os><type>hvm</type></os><devices>\
             <controller type='usb' index='0' model='qemu-xhci' ports='8'/>\
             <hostdev mode='subsystem' type='usb'><source startupPolicy='optional'>\
             <vendor id='0x0627'/><product id='0x0001'/><address bus='3' device='22'/></source>\
             <alias name='{}'/></hostdev></devices></domain></node>",
            alias()
        ),
    )
    .unwrap();
    let uri = format!("test://{}", file.path().display());
    let (connection, _events) = open(&uri);
    let MachineRead::Live(live) = connection.read_machine(&machine(&uri, "one")) else {
        panic!("not live");
    };
    assert_eq!(live.hostdevs.len(), 1);
    assert_eq!(live.hostdevs[0].own_alias(), Some(alias()));
    assert_eq!(
        live.hostdevs[0].address.map(|a| a.to_string()).as_deref(),
        Some("3:22")
    );
    assert!(live.ports.controller);
}

#[test]
fn a_thousand_machines_are_listed_at_once() {
    use std::fmt::Write as _;
    let file = tempfile::Builder::new().suffix(".xml").tempfile().unwrap();
    let mut node = "<node>".to_owned();
    for number in 0..1000 {
        write!(
            node,
            "<domain type='test'><name>m{number}</name><memory>8192</memory>\
             <os><type>hvm</type></os></domain>"
        )
        .unwrap();
    }
    std::fs::write(file.path(), node + "</node>").unwrap();
    let uri = format!("test://{}", file.path().display());
    let (connection, _events) = open(&uri);
    let listed = connection.list_machines().unwrap();
    assert_eq!(listed.len(), 1000);
    assert!(listed.iter().all(|listing| listing.active));
    assert!(listed.iter().any(|l| l.machine == machine(&uri, "m999")));
}

#[test]
fn one_connection_serves_many_threads() {
    let _alone = alone();
    let mut held = None;
    let domain = administrator(&mut held);
    let (connection, events) = open(DEFAULT);
    let connection = Arc::new(connection);
    let test = machine(DEFAULT, "test");
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (connection, test) = (Arc::clone(&connection), test.clone());
            thread::spawn(move || {
                for _ in 0..300 {
                    // Off and Live take turns, at times too fast to catch one of them.
                    match connection.read_machine(&test) {
                        MachineRead::Live(_) | MachineRead::Off => {}
                        MachineRead::Failed(why) if why.starts_with("it changed") => {}
                        other => panic!("{other:?}"),
                    }
                    assert_eq!(connection.list_machines().unwrap().len(), 1);
                }
            })
        })
        .collect();
    for _ in 0..50 {
        domain.destroy().unwrap();
        domain.create().unwrap();
    }
    for reader in readers {
        reader.join().unwrap();
    }
    let read = connection.read_machine(&test);
    assert!(matches!(read, MachineRead::Live(_)), "{read:?}");
    expect(&events, &changed_event(test));
}

#[test]
fn no_event_comes_after_the_close() {
    let _alone = alone();
    let mut held = None;
    let domain = administrator(&mut held);
    let (connection, events) = open(DEFAULT);
    let (witness, witnessed) = open(DEFAULT);
    connection.close();
    domain.suspend().unwrap();
    domain.resume().unwrap();
    let changed = changed_event(machine(DEFAULT, "test"));
    expect(&witnessed, &changed);
    // The sender went with the connection.
    assert!(events.recv().is_err());
    witness.close();
}

#[test]
fn a_sink_may_drop_the_connection_and_may_panic() {
    let _alone = alone();
    let mut held = None;
    let domain = administrator(&mut held);
    let event_loop = EventLoop::start().unwrap();
    let slot: Arc<Mutex<Option<Connection>>> = Arc::default();
    let inner = Arc::clone(&slot);
    let connection = Connection::open(
        event_loop,
        &ConnectionUri::new(DEFAULT),
        Arc::new(move |_| {
            drop(inner.lock().unwrap().take());
            panic!("a fault in the sink");
        }),
    )
    .unwrap();
    *slot.lock().unwrap() = Some(connection);
    let (witness, witnessed) = open(DEFAULT);
    domain.suspend().unwrap();
    eventually("the connection is dropped", || {
        slot.lock().unwrap().is_none()
    });
    domain.resume().unwrap();
    // The event loop lives on.
    let changed = changed_event(machine(DEFAULT, "test"));
    expect(&witnessed, &changed);
    expect(&witnessed, &changed);
    witness.close();
}

#[test]
fn uris_that_lead_nowhere_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("libvirt-sock");
    let uri = format!("qemu+unix:///system?socket={}", socket.display());
    let missing = try_open(&uri).unwrap_err();
    assert!(
        matches!(missing, OpenError::NotRunning { code: 38, .. }),
        "{missing}"
    );

    // A socket file that nobody serves any more.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let stale = try_open(&uri).unwrap_err();
    assert!(
        matches!(stale, OpenError::NotRunning { code: 38, .. }),
        "{stale}"
    );

    for uri in [
        "qemu+nonsense:///x",
        "qemu:///x\0y",
        "test:///no/such/file.xml",
    ] {
        let error = try_open(uri).unwrap_err();
        assert!(matches!(error, OpenError::Other { .. }), "{uri:?}: {error}");
    }
}

#[test]
fn the_event_loop_is_started_once() {
    for _ in 0..3 {
        EventLoop::start().unwrap();
    }
    let (_sink, _receiver) = events();
    let count = threads()
        .iter()
        .filter(|name| *name == "vp-libvirt-ev")
        .count();
    assert_eq!(count, 1);
}
