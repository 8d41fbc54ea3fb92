//! Who may call what.

use std::fmt::Write as _;

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
