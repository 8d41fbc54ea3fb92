//! Messages that are none.

use tokio::io::AsyncWriteExt as _;
use virtplug_ipc::Control as _;

use super::bench::STATUS;
use super::bench::{Bench, call, message, rest, run, send};

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.next(256)).unwrap()
    }
}

const CALLS: [&str; 6] = [
    r#"{"method":"org.virtplug.Control.Status"}"#,
    r#"{"method":"org.virtplug.Control.Show","parameters":{"name":"1-1"}}"#,
    r#"{"method":"org.virtplug.Control.Attach","parameters":{"device":"a","wait_ms":3},"oneway":true}"#,
    r#"{"method":"org.virtplug.Control.Switch","parameters":{"group":"a","to_host":false},"upgrade":true}"#,
    r#"{"method":"org.virtplug.Control.Monitor","more":true}"#,
    r#"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"x"}}"#,
];

/// Something like a message.
fn scribble(numbers: &mut Numbers) -> Vec<u8> {
    let mut text = match numbers.next(4) {
        0 => (0..numbers.next(300)).map(|_| numbers.byte()).collect(),
        1 => {
            let deep = ["[", "{\"a\":", "\"", "{\"method\":["][numbers.next(4)];
            deep.repeat(numbers.next(400)).into_bytes()
        }
        _ => CALLS[numbers.next(CALLS.len())].as_bytes().to_vec(),
    };
    for _ in 0..numbers.next(4) {
        if text.is_empty() {
            break;
        }
        let at = numbers.next(text.len());
        match numbers.next(3) {
            0 => text[at] = numbers.byte(),
            1 => text.truncate(at),
            _ => text.insert(at, numbers.byte()),
        }
    }
    if numbers.next(8) > 0 {
        text.push(0);
    }
    text
}

#[test]
fn ten_thousand_of_them_end_with_a_reply_or_a_closed_connection() {
    run(async {
        let bench = Bench::new().await;
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for _ in 0..10_000 {
            let mut client = bench.raw().await;
            send(&mut client, &scribble(&mut numbers)).await;
            if numbers.next(2) == 0 {
                // A stream would never end.
                let _ = client.shutdown().await;
                drop(client);
            }
        }
        let mut client = bench.client().await;
        client.status().await.unwrap().unwrap();
    });
}

#[test]
fn a_broken_message_closes_its_connection_only() {
    run(async {
        let bench = Bench::new().await;
        let mut good = bench.client().await;
        for broken in [
            &b"\0"[..],
            b"nonsense\0",
            b"{}\0",
            b"{\"method\":7}\0",
            b"{\"method\":\"org.virtplug.Control.Show\"}\0",
            b"{\"method\":\"org.virtplug.Control.Show\",\"parameters\":{\"name\":7}}\0",
            b"{\"method\":\"org.virtplug.Control.Show\",\"parameters\":{\"name\":\"\xff\"}}\0",
            b"{\"method\":\"org.virtplug.Control.Status\"} x\0",
        ] {
            let mut client = bench.raw().await;
            send(&mut client, broken).await;
            let received = rest(&mut client).await;
            let shown = String::from_utf8_lossy(&received).into_owned();
            assert!(
                received.is_empty() || shown.contains("\"error\""),
                "{shown}"
            );
            good.status().await.unwrap().unwrap();
        }
    });
}

#[test]
fn who_asks_in_a_wrong_way_is_told_so() {
    run(async {
        let bench = Bench::new().await;
        let long = format!("\u{1b}{}", "x".repeat(10_000));
        for (method, parameters) in [
            ("Show", "{}"),
            ("Show", "{\"name\":7}"),
            ("Attach", "{\"device\":\"a\",\"wait_ms\":-1}"),
            ("Nothing", "{}"),
            (long.as_str(), "{}"),
        ] {
            let method = serde_json::to_string(&format!("org.virtplug.Control.{method}")).unwrap();
            let call = format!("{{\"method\":{method},\"parameters\":{parameters}}}\0");
            let mut client = bench.raw().await;
            send(&mut client, call.as_bytes()).await;
            let answer = message(&mut client).await;
            assert!(answer.contains("org.virtplug.Control.Failed"), "{answer}");
            assert!(answer.len() < 1000, "{answer}");
            assert_eq!(rest(&mut client).await, b"");
        }
    });
}

#[test]
fn what_is_not_known_is_answered() {
    run(async {
        let bench = Bench::new().await;
        let mut client = bench.raw().await;
        for method in ["x", "org.example.Other", "org.virtplug.Control.status"] {
            send(&mut client, &call(method)).await;
            let answer = message(&mut client).await;
            assert!(
                answer.contains("org.varlink.service.MethodNotFound"),
                "{answer}"
            );
        }
        let upgrade = format!("{{\"method\":\"{STATUS}\",\"upgrade\":true}}\0");
        send(&mut client, upgrade.as_bytes()).await;
        let answer = message(&mut client).await;
        assert!(
            answer.contains("org.varlink.service.InvalidParameter"),
            "{answer}"
        );
    });
}
