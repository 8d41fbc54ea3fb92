//! Against a server that speaks just enough of libvirt's protocol to fail in
//! every way that a daemon can: to end, to hang, to break off.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy takes helpers of tests for other code"
)]

mod common;
mod server;

use std::thread;
use std::time::{Duration, Instant};

use common::{PATIENCE, eventually, expect, machine, threads, try_open};
use server::{Manners, Server};
use virtplug_core::{CallError, MachineRead, Uuid};
use virtplug_libvirt::{ConnectionEvent, OpenError};

/// Well below any time limit of libvirt's.
const AT_ONCE: Duration = Duration::from_secs(2);

/// The UUID in the server's events.
const TOLD: Uuid = Uuid([7; 16]);

fn closed(reason: &str) -> ConnectionEvent {
    ConnectionEvent::Closed(reason.to_owned())
}

#[test]
fn a_server_that_ends_is_told() {
    let server = Server::start(Manners::Good);
    let (connection, events) = try_open(&server.uri()).unwrap();
    assert!(connection.is_alive());
    assert_eq!(connection.list_machines(), Ok(Vec::new()));
    drop(server);
    expect(&events, &closed("libvirt ended the connection"));
    assert!(!connection.is_alive());
    assert!(matches!(
        connection.list_machines(),
        Err(CallError::Libvirt { .. })
    ));
    // Nothing is known of the machine; it is not absent.
    let read = connection.read_machine(&machine("qemu:///system", "m"));
    assert!(matches!(read, MachineRead::Failed(_)), "{read:?}");
    connection.close();
    assert!(events.try_recv().is_err(), "told twice");
}

#[test]
fn a_frame_that_breaks_off_ends_the_connection() {
    let server = Server::start(Manners::Good);
    let (connection, events) = try_open(&server.uri()).unwrap();
    server.behave(Manners::BreakOff);
    assert!(connection.list_machines().is_err());
    assert!(matches!(
        events.recv_timeout(PATIENCE),
        Ok(ConnectionEvent::Closed(_))
    ));
    assert!(!connection.is_alive());
}

#[test]
fn lifecycle_events_name_their_machine() {
    let server = Server::start(Manners::Good);
    let (_connection, events) = try_open(&server.uri()).unwrap();
    server.tell_lifecycle("a <machine> & 'co'");
    expect(
        &events,
        &ConnectionEvent::MachineChanged(machine(&server.uri(), "a <machine> & 'co'"), TOLD),
    );
}

#[test]
fn device_events_carry_their_alias() {
    let server = Server::start(Manners::Good);
    let (_connection, events) = try_open(&server.uri()).unwrap();
    let key = machine(&server.uri(), "m");
    server.tell_device(server::DEVICE_ADDED, "m", "ua-a");
    expect(
        &events,
        &ConnectionEvent::HostdevAdded(key.clone(), TOLD, "ua-a".to_owned()),
    );
    server.tell_device(server::DEVICE_REMOVED, "m", "ua-b");
    expect(
        &events,
        &ConnectionEvent::HostdevRemoved(key.clone(), TOLD, "ua-b".to_owned()),
    );
    server.tell_device(server::REMOVAL_FAILED, "m", "");
    expect(
        &events,
        &ConnectionEvent::RemovalFailed(key, TOLD, String::new()),
    );
}

#[test]
fn a_server_that_ends_while_it_is_greeted_is_an_error() {
    let server = Server::start(Manners::BreakOff);
    let error = try_open(&server.uri()).unwrap_err();
    assert!(matches!(error, OpenError::Other { .. }), "{error}");
}

#[test]
fn an_opening_that_hangs_ends_with_the_server() {
    let server = Server::start(Manners::Silent);
    let uri = server.uri();
    let opening = thread::spawn(move || try_open(&uri).map(drop));
    server.wait_until_asked();
    assert!(!opening.is_finished());
    drop(server);
    assert!(opening.join().unwrap().is_err());
}

#[test]
fn dropping_never_waits_for_a_server_that_hangs() {
    let server = Server::start(Manners::Good);
    let (connection, events) = try_open(&server.uri()).unwrap();
    server.behave(Manners::Silent);
    let start = Instant::now();
    drop(connection);
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    // The sink went at once, the thread goes with the server.
    assert!(events.recv_timeout(AT_ONCE).is_err());
    server.wait_until_asked();
    let closing = || threads().iter().any(|name| name == "vp-libvirt-end");
    assert!(closing());
    drop(server);
    eventually("the closing thread ends", || !closing());
}

#[test]
fn a_call_that_hangs_does_not_hold_up_another() {
    let server = Server::start(Manners::Good);
    let (connection, _events) = try_open(&server.uri()).unwrap();
    server.behave(Manners::Forgetful("hung"));
    let key = machine(&server.uri(), "hung");
    thread::scope(|scope| {
        let hung = scope.spawn(|| connection.read_machine(&key));
        server.wait_until_asked();
        let start = Instant::now();
        assert_eq!(connection.list_machines(), Ok(Vec::new()));
        assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
        assert!(!hung.is_finished());
        assert_eq!(server.left(), 0);
        // The answer has no machine in it; what counts is that it came.
        server.make_good();
        let read = hung.join().unwrap();
        assert!(matches!(read, MachineRead::Failed(_)), "{read:?}");
    });
    // The second connection goes, the first one stays.
    eventually("one is closed", || server.left() == 1);
    assert_eq!(connection.list_machines(), Ok(Vec::new()));
    assert_eq!(server.left(), 1);
}

#[test]
fn calls_that_hang_with_the_server_end_with_it() {
    let server = Server::start(Manners::Good);
    let (connection, events) = try_open(&server.uri()).unwrap();
    server.behave(Manners::Silent);
    thread::scope(|scope| {
        // The second one finds the connection taken and no other to be had.
        let calls = [0, 1].map(|_| scope.spawn(|| connection.list_machines()));
        server.wait_until_asked();
        thread::sleep(Duration::from_millis(1500));
        assert!(!calls.iter().any(thread::ScopedJoinHandle::is_finished));
        server.end();
        for call in calls {
            assert!(call.join().unwrap().is_err());
        }
    });
    expect(&events, &closed("libvirt ended the connection"));
}

#[test]
fn a_refused_registration_closes_the_connection() {
    let server = Server::start(Manners::NoEvents);
    let error = try_open(&server.uri()).unwrap_err();
    assert!(matches!(error, OpenError::Other { code: 3, .. }), "{error}");
    eventually("it is closed", || server.left() == 1);
}
