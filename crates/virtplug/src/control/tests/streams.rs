//! Those who watch what happens.

use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use virtplug_ipc::{Control as _, Happened, HappeningKind};

use super::bench::{Bench, call, message, rest, run, send, settle};

const MONITOR: &str = r#"{"method":"org.virtplug.Control.Monitor","more":true}"#;

#[test]
fn a_stream_begins_with_how_things_stand() {
    run(async {
        let bench = Bench::new().await;
        bench.happen("before");
        let mut client = bench.client().await;
        let mut stream = Box::pin(client.monitor().await.unwrap());
        let first: Happened = stream.next().await.unwrap().unwrap().unwrap();
        assert_eq!(first.event.kind, HappeningKind::Snapshot);
        assert_eq!(first.event.number, 1);
        assert!(first.status.is_some());
        bench.happen("one");
        bench.happen("two");
        for (number, text) in [(2, "one"), (3, "two")] {
            let next = stream.next().await.unwrap().unwrap().unwrap();
            assert_eq!(
                (next.event.number, next.event.text.as_str()),
                (number, text)
            );
            assert!(next.status.is_none());
        }
    });
}

#[test]
fn without_more_there_is_one_reply_and_the_connection_stays() {
    run(async {
        let bench = Bench::new().await;
        let mut client = bench.raw().await;
        send(&mut client, &call("org.virtplug.Control.Monitor")).await;
        let first = message(&mut client).await;
        assert!(first.contains("\"continues\":false"), "{first}");
        send(&mut client, &call("org.virtplug.Control.Devices")).await;
        assert!(message(&mut client).await.contains("\"devices\":[]"));
    });
}

#[test]
fn who_does_not_read_is_dropped_and_nobody_waits() {
    run(async {
        let bench = Bench::new().await;
        let mut slow = bench.raw().await;
        send(&mut slow, format!("{MONITOR}\0").as_bytes()).await;
        message(&mut slow).await;
        let mut quick = bench.client().await;
        let mut stream = Box::pin(quick.monitor().await.unwrap());
        stream.next().await.unwrap().unwrap().unwrap();
        let text = "x".repeat(1000);
        for number in 1..2000 {
            bench.happen(&text);
            let next = stream.next().await.unwrap().unwrap().unwrap();
            assert_eq!(next.event.number, number);
        }
        // What was sent before can still be read, then it is over.
        let received = rest(&mut slow).await;
        let messages = received.split(|byte| *byte == 0).count();
        assert!((256..1500).contains(&messages), "{messages}");
    });
}

#[test]
fn who_leaves_is_noticed() {
    run(async {
        let bench = Bench::new().await;
        let mut client = bench.raw().await;
        send(&mut client, format!("{MONITOR}\0").as_bytes()).await;
        message(&mut client).await;
        assert_eq!(bench.desk.borrow().history.subscribers(), 1);
        drop(client);
        settle().await;
        assert_eq!(bench.desk.borrow().history.subscribers(), 0);
    });
}

#[test]
fn who_has_nothing_more_to_say_can_still_listen() {
    run(async {
        let bench = Bench::new().await;
        let mut client = bench.raw().await;
        send(&mut client, format!("{MONITOR}\0").as_bytes()).await;
        client.shutdown().await.unwrap();
        message(&mut client).await;
        settle().await;
        bench.happen("later");
        assert!(message(&mut client).await.contains("later"));
    });
}
