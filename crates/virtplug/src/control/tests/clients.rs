//! Clients that come, go and send more than bytes.

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;

use serde::Serialize;
use tokio::io::AsyncWriteExt as _;
use virtplug_ipc::{Changes, Control as _, VERSION};

use super::bench::{Bench, message, run, send, settle};
use crate::control::ask::Ask;

const ATTACH: &[u8] =
    b"{\"method\":\"org.virtplug.Control.Attach\",\"parameters\":{\"device\":\"1-1\"}}\0";

#[test]
fn who_leaves_waits_no_longer() {
    run(async {
        let bench = Bench::new().await;
        bench.desk.borrow_mut().keep = true;
        let mut client = bench.raw().await;
        send(&mut client, ATTACH).await;
        settle().await;
        let is_closed = || match &bench.desk.borrow().kept[..] {
            [Ask::Change { reply, .. }] => reply.is_closed(),
            other => panic!("{other:?}"),
        };
        assert!(!is_closed());
        drop(client);
        settle().await;
        assert!(is_closed());
    });
}

#[test]
fn who_has_nothing_more_to_say_still_gets_the_answer() {
    run(async {
        let bench = Bench::new().await;
        bench.desk.borrow_mut().keep = true;
        let mut client = bench.raw().await;
        send(&mut client, ATTACH).await;
        client.shutdown().await.unwrap();
        settle().await;
        let Some(Ask::Change { reply, .. }) = bench.desk.borrow_mut().kept.pop() else {
            panic!("no change was asked for")
        };
        reply
            .send(Ok(Changes {
                version: VERSION,
                changes: Vec::new(),
                notes: vec!["here it is".to_owned()],
            }))
            .unwrap();
        assert!(message(&mut client).await.contains("here it is"));
    });
}

#[derive(Debug, Serialize)]
#[serde(tag = "method")]
enum Method {
    #[serde(rename = "org.virtplug.Control.Devices")]
    Devices,
}

#[test]
fn files_that_a_client_sends_are_closed() {
    run(async {
        let bench = Bench::new().await;
        let mut client = bench.client().await;
        let (mut kept, sent) = StdUnixStream::pair().unwrap();
        let call = zlink::Call::new(Method::Devices);
        client
            .send_call(&call, vec![OwnedFd::from(sent)])
            .await
            .unwrap();
        settle().await;
        kept.set_nonblocking(true).unwrap();
        // Nobody has the other end any more.
        assert_eq!(kept.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn a_daemon_that_ends_sends_everybody_away() {
    run(async {
        let bench = Bench::new().await;
        let path = bench.path();
        let mut client = bench.client().await;
        client.status().await.unwrap().unwrap();
        drop(bench);
        settle().await;
        assert!(client.status().await.is_err());
        assert!(!path.exists());
    });
}
