//! Who may call what.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use virtplug_ipc::{Control as _, ControlError};

use super::bench::{Bench, run};
use crate::control::access::tests::{access, caller};

/// "yes", or "no" where it is not permitted.
fn told<T: std::fmt::Debug>(answer: zlink::Result<Result<T, ControlError>>) -> &'static str {
    match answer.unwrap() {
        Ok(_) => "yes",
        Err(ControlError::NotPermitted { .. }) => "no",
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn each_method_has_its_right() {
    run(async {
        let bench = Bench::new().await;
        let mut table = String::new();
        for (name, groups) in [("stranger", 1000), ("reader", 10), ("writer", 20)] {
            let mut client = bench.client_of(caller(1000, &[groups]));
            let c = &mut client;
            let rows = [
                ("Status", told(c.status().await)),
                ("Devices", told(c.devices().await)),
                ("Machines", told(c.machines().await)),
                ("Rules", told(c.rules().await)),
                ("Show", told(c.show("a").await)),
                ("Explain", told(c.explain("a", None).await)),
                ("Attach", told(c.attach("a", None, None, None).await)),
                ("Detach", told(c.detach("a", None).await)),
                ("AttachAll", told(c.attach_all(None, None).await)),
                ("DetachAll", told(c.detach_all(None, None).await)),
                ("Release", told(c.release(None, None).await)),
                ("Switch", told(c.switch("a", None, true, None).await)),
                ("Pause", told(c.pause(None, false, None).await)),
                ("Resume", told(c.resume(None, None).await)),
                ("Reload", told(c.reload().await)),
            ];
            for (method, answer) in rows {
                writeln!(table, "{name:10} {method:10} {answer}").unwrap();
            }
            let mut stream = Box::pin(c.monitor().await.unwrap());
            let first = told(stream.next().await.unwrap());
            writeln!(table, "{name:10} Monitor    {first}").unwrap();
        }
        insta::assert_snapshot!(table);
    });
}

/// What is logged from here on by this thread.
fn log() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let written = log.clone();
    let logger = tracing_subscriber::fmt()
        .with_writer(move || written.clone())
        .with_max_level(tracing::Level::WARN)
        .without_time()
        .with_ansi(false)
        .with_target(false)
        .finish();
    (log, tracing::subscriber::set_default(logger))
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

#[test]
fn who_is_refused_is_logged_once_a_minute() {
    run(async {
        let bench = Bench::new().await;
        let (log, _guard) = log();
        for round in 0..3 {
            // Also over new connections, and for whatever they ask.
            let mut client = bench.client_of(caller(1000, &[1000]));
            assert_eq!(told(client.status().await), "no");
            assert_eq!(told(client.reload().await), "no");
            let lines = log.lines();
            assert_eq!(lines.len(), usize::from(round > 0) + 1, "{lines:?}");
            if round == 0 {
                tokio::time::sleep(Duration::from_secs(61)).await;
            }
        }
        insta::assert_snapshot!(log.lines()[0]);

        // However many they are, it is a few lines and no more is kept.
        for uid in 2000..3000 {
            let mut client = bench.client_of(caller(uid, &[uid]));
            assert_eq!(told(client.status().await), "no");
        }
        let lines = log.lines();
        assert!(lines.len() < 40, "{} lines", lines.len());
        assert!(lines.last().unwrap().contains("further ones are not told"));
        tokio::time::sleep(Duration::from_secs(61)).await;
        let mut client = bench.client_of(caller(5000, &[5000]));
        assert_eq!(told(client.status().await), "no");
        assert!(log.lines().last().unwrap().contains("user 5000"));
    });
}

#[test]
fn a_wrong_switch_tells_a_stranger_nothing() {
    run(async {
        let bench = Bench::new().await;
        let mut client = bench.client_of(caller(1000, &[10]));
        let refused = client.switch("a", Some("b"), true, None).await;
        assert_eq!(told(refused), "no");
    });
}

#[test]
fn serials_are_hidden_from_those_who_only_read() {
    run(async {
        let bench = Bench::new().await;
        bench.desk.borrow_mut().devices = 1;
        bench
            .access
            .send_replace(Some(access(&["10"], &["20"], true)));
        for (group, visible) in [(10, false), (20, true)] {
            let mut client = bench.client_of(caller(1000, &[group]));
            let devices = client.devices().await.unwrap().unwrap().devices;
            assert_eq!(devices[0].device.serial.is_some(), visible);
            let shown = client.show("1-1").await.unwrap().unwrap();
            assert_eq!(shown.device.unwrap().device.serial.is_some(), visible);
            let status = client.status().await.unwrap().unwrap();
            assert_eq!(status.devices[0].device.serial.is_some(), visible);
            let mut stream = Box::pin(client.monitor().await.unwrap());
            let first = stream.next().await.unwrap().unwrap().unwrap();
            let device = &first.status.unwrap().devices[0].device;
            assert_eq!(device.serial.is_some(), visible);
            bench.happen("one");
            let next = stream.next().await.unwrap().unwrap().unwrap();
            assert_eq!(next.event.text == "one", visible);
        }
    });
}

#[test]
fn what_changes_holds_for_open_connections() {
    run(async {
        let bench = Bench::new().await;
        let mut reader = bench.client_of(caller(1000, &[10]));
        let mut watcher = bench.client_of(caller(1000, &[10]));
        let mut stream = Box::pin(watcher.monitor().await.unwrap());
        assert_eq!(told(stream.next().await.unwrap()), "yes");
        assert_eq!(told(reader.status().await), "yes");

        bench.access.send_replace(Some(access(&[], &[], false)));
        assert_eq!(told(reader.status().await), "no");
        bench.happen("something");
        assert_eq!(told(stream.next().await.unwrap()), "no");

        bench.access.send_replace(Some(access(&[], &["10"], false)));
        assert_eq!(told(reader.status().await), "yes");
        assert_eq!(told(reader.reload().await), "yes");
    });
}

#[test]
fn calls_wait_until_the_groups_are_known() {
    run(async {
        let bench = Bench::new().await;
        bench.access.send_replace(None);
        let mut reader = bench.client_of(caller(1000, &[10]));
        let known = bench.access.clone();
        let (answer, ()) = tokio::join!(reader.status(), async {
            super::bench::settle().await;
            known.send_replace(Some(access(&["10"], &[], false)));
        });
        assert_eq!(told(answer), "yes");
    });
}
