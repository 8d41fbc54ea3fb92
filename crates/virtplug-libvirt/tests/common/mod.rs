//! What the tests of the connection share.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy takes helpers of tests for other code"
)]

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use virtplug_core::{
    AttachRequest, BusNumber, ConnectionUri, DetachReason, DetachRequest, DeviceNumber,
    HostAddress, InstanceId, MachineKey, OwnAlias, ProductId, VendorId,
};
use virtplug_libvirt::{Connection, ConnectionEvent, EventLoop, OpenError, Sink};

/// Long enough for a busy machine; only failures take that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A sink and the events that it took.
pub(crate) fn events() -> (Sink, Receiver<ConnectionEvent>) {
    let (sender, receiver) = mpsc::channel();
    let sink: Sink = Arc::new(move |event| {
        // The test may be over.
        let _ = sender.send(event);
    });
    (sink, receiver)
}

pub(crate) fn try_open(uri: &str) -> Result<(Connection, Receiver<ConnectionEvent>), OpenError> {
    let event_loop = EventLoop::start().unwrap();
    let (sink, receiver) = events();
    let connection = Connection::open(event_loop, &ConnectionUri::new(uri), sink)?;
    Ok((connection, receiver))
}

pub(crate) fn open(uri: &str) -> (Connection, Receiver<ConnectionEvent>) {
    try_open(uri).unwrap()
}

/// Waits for one event, whatever comes before it.
pub(crate) fn expect(receiver: &Receiver<ConnectionEvent>, wanted: &ConnectionEvent) {
    let deadline = Instant::now() + PATIENCE;
    let mut others = Vec::new();
    loop {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(event) if event == *wanted => return,
            Ok(event) => others.push(event),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                panic!("no {wanted:?} among {others:?}")
            }
        }
    }
}

/// Waits until a condition holds.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn machine(uri: &str, name: &str) -> MachineKey {
    MachineKey::new(ConnectionUri::new(uri), name)
}

pub(crate) fn alias() -> OwnAlias {
    OwnAlias {
        port: "3-2.4".parse().unwrap(),
        instance: InstanceId(0x0123_4567_89ab_cdef),
        followed: false,
    }
}

pub(crate) fn attach_request(machine: MachineKey) -> AttachRequest {
    AttachRequest {
        machine,
        alias: alias(),
        syspath: String::new(),
        vendor: VendorId(0x0627),
        product: ProductId(1),
        address: HostAddress {
            bus: BusNumber(3),
            device: DeviceNumber(7),
        },
        guest_port: None,
        guest_reset: None,
        allow_in_use: false,
    }
}

pub(crate) fn detach_request(machine: MachineKey) -> DetachRequest {
    DetachRequest {
        machine,
        alias: alias(),
        reason: DetachReason::Unplugged,
    }
}

/// File descriptors of this process.
pub(crate) fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Names of the threads of this process.
pub(crate) fn threads() -> Vec<String> {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        // A thread may end while it is looked at.
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .map(|name| name.trim_end().to_owned())
        .collect()
}
