//! What a client can take is bounded.

use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep};
use virtplug_ipc::{Control as _, MAX_MESSAGE};

use super::bench::{Bench, STATUS, call, message, rest, run, send, settle};
use crate::control::limits::{
    CONNECTIONS, HALF_MESSAGE, LONG_MESSAGES, READ_BY_CLIENT, SHORT_MESSAGE,
};

/// A call of so many bytes, the zero at its end not counted.
fn long_call(length: usize) -> Vec<u8> {
    let mut text = format!("{{\"method\":\"{STATUS}\"}}").into_bytes();
    text.resize(length, b' ');
    text.push(0);
    text
}

#[test]
fn the_longest_message_is_read_and_a_longer_one_is_not() {
    run(async {
        let bench = Bench::new().await;
        let mut client = bench.raw().await;
        send(&mut client, &long_call(MAX_MESSAGE)).await;
        assert!(message(&mut client).await.contains("healthy"));
        send(&mut client, &long_call(MAX_MESSAGE + 1)).await;
        assert_eq!(rest(&mut client).await, b"");
        // The same without an end, and after another one.
        let mut client = bench.raw().await;
        let endless = [call(STATUS), vec![b'x'; 4 * MAX_MESSAGE]].concat();
        send(&mut client, &endless).await;
        let received = rest(&mut client).await;
        assert!(received.len() < 10_000, "{}", received.len());
    });
}

#[test]
fn few_can_send_long_messages_at_once() {
    run(async {
        let bench = Bench::new().await;
        let mut long = Vec::new();
        for _ in 0..LONG_MESSAGES {
            let mut client = bench.raw().await;
            send(&mut client, &long_call(SHORT_MESSAGE + 1)).await;
            assert!(message(&mut client).await.contains("healthy"));
            long.push(client);
        }
        let mut refused = bench.raw().await;
        send(&mut refused, &long_call(SHORT_MESSAGE + 1)).await;
        assert_eq!(rest(&mut refused).await, b"");
        let mut short = bench.raw().await;
        send(&mut short, &long_call(SHORT_MESSAGE)).await;
        assert!(message(&mut short).await.contains("healthy"));
        // Who goes makes room.
        drop(long.pop());
        settle().await;
        let mut next = bench.raw().await;
        send(&mut next, &long_call(SHORT_MESSAGE + 1)).await;
        assert!(message(&mut next).await.contains("healthy"));
    });
}

#[test]
fn half_a_message_is_not_waited_for_long() {
    run(async {
        let bench = Bench::new().await;
        let mut idle = bench.client().await;
        let start = Instant::now();
        let mut stalled = bench.raw().await;
        send(&mut stalled, b"{\"method\":").await;
        assert_eq!(rest(&mut stalled).await, b"");
        assert!(start.elapsed() >= HALF_MESSAGE);

        // A byte now and then does not help.
        let start = Instant::now();
        let mut dripping = bench.raw().await;
        loop {
            if dripping.write_u8(b' ').await.is_err() {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
        assert!(start.elapsed() < HALF_MESSAGE * 2);

        // Who says nothing may stay.
        sleep(HALF_MESSAGE * 100).await;
        idle.status().await.unwrap().unwrap();
    });
}

#[test]
fn who_does_not_read_waits_alone() {
    run(async {
        let bench = Bench::new().await;
        bench.desk.borrow_mut().devices = 20_000;
        let mut deaf = bench.raw().await;
        send(&mut deaf, &call("org.virtplug.Control.Devices")).await;
        settle().await;
        let start = Instant::now();
        let mut other = bench.client().await;
        for _ in 0..100 {
            other.status().await.unwrap().unwrap();
        }
        assert!(start.elapsed() < READ_BY_CLIENT);
        sleep(READ_BY_CLIENT * 2).await;
        let received = rest(&mut deaf).await;
        assert!(!received.is_empty());
        assert!(!received.contains(&0), "the answer is not whole");
    });
}

#[test]
fn many_clients_at_once_are_served_and_more_are_not() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    run(async {
        let bench = Bench::new().await;
        for _ in 0..2 {
            let mut clients = Vec::new();
            for _ in 0..600 {
                let mut client = bench.raw().await;
                send(&mut client, &call(STATUS)).await;
                clients.push(client);
            }
            let mut served = 0;
            for client in &mut clients {
                served += usize::from(is_served(client).await);
            }
            let own = nix::unistd::geteuid().is_root();
            let expected = if own { CONNECTIONS } else { CONNECTIONS / 2 };
            assert_eq!(served, expected);
            // All of them are let in again once the others are gone.
            drop(clients);
            settle().await;
        }
    });
}

/// Whether an answer comes, and not the end.
async fn is_served(client: &mut UnixStream) -> bool {
    let mut first = [0];
    matches!(client.read(&mut first).await, Ok(1))
}
