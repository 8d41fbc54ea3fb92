//! A machine that gets another name between a look and a call, in libvirt's test driver.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy takes helpers of tests for other code"
)]

mod common;

use common::{attach_request, expect, machine, open};
use virt::connect::Connect;
use virt::domain::Domain;
use virtplug_core::{CallError, MachineRead};
use virtplug_libvirt::{Connection, ConnectionEvent, EventLoop};

const DEFAULT: &str = "test:///default";

/// libvirt's code for a machine that is not there.
const NO_DOMAIN: i32 = 42;

/// The code with which the driver refuses a device: it cannot attach any.
fn refusal(connection: &Connection) -> i32 {
    match connection.attach(&attach_request(machine(DEFAULT, "test"))) {
        Err(CallError::Libvirt { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

fn is_live(connection: &Connection) -> bool {
    let read = connection.read_machine(&machine(DEFAULT, "test"));
    matches!(read, MachineRead::Live(_))
}

#[test]
fn a_machine_that_was_renamed_is_not_taken_for_the_one_that_was_seen() {
    EventLoop::start().unwrap();
    let (connection, events) = open(DEFAULT);
    let administrator = Connect::open(Some(DEFAULT)).unwrap();
    let domain = Domain::lookup_by_name(&administrator, "test").unwrap();
    assert!(is_live(&connection));
    assert_ne!(refusal(&connection), NO_DOMAIN, "it runs");

    let uuid = domain.get_uuid_string().unwrap().parse().unwrap();
    domain.destroy().unwrap();
    domain.rename("other", 0).unwrap();
    domain.create().unwrap();
    let told = ConnectionEvent::MachineChanged(machine(DEFAULT, "other"), uuid);
    expect(&events, &told);
    assert_eq!(refusal(&connection), NO_DOMAIN, "no machine has the name");

    domain.destroy().unwrap();
    domain.rename("test", 0).unwrap();
    domain.create().unwrap();
    assert!(is_live(&connection));
    assert_ne!(refusal(&connection), NO_DOMAIN, "it is back");
}
