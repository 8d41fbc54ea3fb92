//! Opening and closing leaves nothing behind. A process of its own: the counts
//! are of all threads and files.

mod common;

use common::{eventually, machine, open, open_files, threads};
use virtplug_core::MachineRead;
use virtplug_libvirt::EventLoop;

const URI: &str = "test:///default";

/// One connection that is used, then closed or dropped.
fn cycle(number: usize) {
    let (connection, _events) = open(URI);
    let read = connection.read_machine(&machine(URI, "test"));
    assert!(matches!(read, MachineRead::Live(_)), "{read:?}");
    if number.is_multiple_of(2) {
        connection.close();
    } else {
        drop(connection);
    }
}

#[test]
fn two_hundred_connections_leave_no_thread_and_no_file() {
    EventLoop::start().unwrap();
    let idle = threads().len();
    // libvirt loads once what it loads with the first connection.
    cycle(0);
    cycle(1);
    eventually("closed", || threads().len() == idle);
    let files = open_files();
    for number in 0..200 {
        cycle(number);
    }
    eventually("all closed", || threads().len() == idle);
    assert_eq!(open_files(), files);
}
