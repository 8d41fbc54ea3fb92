//! Every method, from the client's proxy to the desk and back.

use std::fmt::Write as _;

use virtplug_ipc::{Changes, Control as _, ControlError, INTERFACE};

use super::bench::{Bench, run};
use crate::control::testing::status;

#[test]
fn questions_come_back_with_their_answers() {
    run(async {
        let bench = Bench::new().await;
        bench.desk.borrow_mut().devices = 2;
        let mut client = bench.client().await;
        assert_eq!(client.status().await.unwrap().unwrap(), status());
        let devices = client.devices().await.unwrap().unwrap();
        assert_eq!(devices.devices.len(), 2);
        let machines = client.machines().await.unwrap().unwrap();
        assert!(machines.machines.is_empty());
        assert!(client.rules().await.unwrap().unwrap().groups.is_empty());
        assert!(client.metrics().await.unwrap().unwrap().metrics.is_empty());
        client.explain("1-1", Some("alpha")).await.unwrap().unwrap();
        client.explain("alpha", None).await.unwrap().unwrap();
        let shown = client.show("1-1 \u{1b} ü").await.unwrap().unwrap();
        let asked: Vec<&str> = shown.history.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(asked, ["1-1 Some(\"alpha\")", "alpha None", "1-1 \u{1b} ü"]);
        assert_eq!(client.reload().await.unwrap(), Ok(()));
    });
}

#[test]
fn changes_come_back_with_what_came_of_them() {
    run(async {
        let bench = Bench::new().await;
        let mut client = bench.client().await;
        let mut told = String::new();
        let mut tell = |changes: zlink::Result<Result<Changes, ControlError>>| {
            let changes = changes.unwrap();
            match changes {
                Ok(changes) => writeln!(told, "{}", changes.notes.join("; ")),
                Err(error) => writeln!(told, "error: {error}"),
            }
            .unwrap();
        };
        tell(client.attach("1-1", None, None, None).await);
        tell(
            client
                .attach("1-1", Some("alpha"), Some(true), Some(1500))
                .await,
        );
        tell(client.detach("1-1", Some(0)).await);
        tell(client.attach_all(None, None).await);
        tell(client.attach_all(Some("alpha"), Some(u64::MAX)).await);
        tell(client.detach_all(Some("alpha"), None).await);
        tell(client.release(Some("1-1"), None).await);
        tell(client.release(None, None).await);
        tell(client.switch("desk", Some("alpha"), false, None).await);
        tell(client.switch("desk", None, true, None).await);
        tell(client.switch("desk", None, false, None).await);
        tell(client.switch("desk", Some("alpha"), true, None).await);
        tell(client.pause(Some("alpha"), true, None).await);
        tell(client.pause(None, false, None).await);
        tell(client.resume(Some("alpha"), None).await);
        tell(client.resume(None, None).await);
        insta::assert_snapshot!(told);
    });
}

#[test]
fn calls_are_answered_in_their_order() {
    use super::bench::{call, message, send};
    run(async {
        let bench = Bench::new().await;
        let mut client = bench.raw().await;
        let all = [
            call("org.virtplug.Control.Status"),
            call("org.virtplug.Control.NoSuchMethod"),
            br#"{"method":"org.virtplug.Control.Detach","parameters":{"device":"a"},"oneway":true}"#
                .to_vec(),
            vec![0],
            call("org.virtplug.Control.Devices"),
            call("org.varlink.service.GetInfo"),
        ];
        send(&mut client, &all.concat()).await;
        assert!(message(&mut client).await.contains("\"healthy\":true"));
        assert!(message(&mut client).await.contains("MethodNotFound"));
        assert!(message(&mut client).await.contains("\"devices\":[]"));
        assert!(message(&mut client).await.contains(INTERFACE));
    });
}
