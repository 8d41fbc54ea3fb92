//! Tests with a fake sysfs and, where the kernel permits, events sent as udev does.

mod events;
mod hostile;
mod requests;
mod uses;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;

/// Makes the monitor wait after a report.
#[derive(Default)]
struct Pause {
    wanted: AtomicBool,
    gate: Mutex<()>,
}

struct Running {
    reports: Receiver<HostReport>,
    handle: MonitorHandle,
    pause: Arc<Pause>,
    thread: JoinHandle<Result<(), MonitorError>>,
}

impl Running {
    fn start(monitor: Monitor) -> Self {
        let (send, reports) = mpsc::channel();
        let handle = monitor.handle();
        let pause = Arc::<Pause>::default();
        let gate = Arc::clone(&pause);
        let thread = monitor
            .spawn(move |report| {
                // Asked first: who has the report and then wants a pause means the next one.
                let pause = gate.wanted.load(Ordering::SeqCst);
                send.send(report).unwrap();
                if pause {
                    drop(gate.gate.lock().unwrap());
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        Self {
            reports,
            handle,
            pause,
            thread,
        }
    }

    fn next(&self) -> HostChange {
        let report = self.reports.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(report.received <= Instant::now());
        report.what
    }

    fn next_all(&self) -> Vec<String> {
        match self.next() {
            HostChange::All(scan) => scan.devices.iter().map(|d| d.port.to_string()).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// Does something while the monitor is busy with a report.
    fn pause(&self, act: impl FnOnce()) {
        let gate = self.pause.gate.lock().unwrap();
        self.pause.wanted.store(true, Ordering::SeqCst);
        self.handle.rescan();
        self.next_all();
        act();
        self.pause.wanted.store(false, Ordering::SeqCst);
        drop(gate);
    }

    /// Proves that nothing was reported: what is asked for now comes next.
    fn assert_quiet(&self) {
        // Whatever was sent before is in the socket already.
        self.handle.rescan();
        self.next_all();
    }

    fn stop(self) {
        self.handle.stop();
        self.thread.join().unwrap().unwrap();
        let rest: Vec<_> = self.reports.iter().collect();
        assert!(rest.is_empty(), "{rest:?}");
    }
}

fn port(text: &str) -> PortPath {
    text.parse().unwrap()
}

fn device_at(change: &HostChange) -> String {
    match change {
        HostChange::Device(device) => device.port.to_string(),
        other => panic!("{other:?}"),
    }
}
