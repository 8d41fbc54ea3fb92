//! The loop's side, with a world and without a daemon around it.

use std::path::PathBuf;

use futures_util::StreamExt as _;
use tokio::task::spawn_local;
use virtplug_config::Control as Settings;
use virtplug_core::{ConnectionUri, Engine, Orders, Pause, Report, Time};
use virtplug_ipc::{Control as _, ControlError};

use super::bench::{run, settle};
use crate::control::access::tests::access;
use crate::control::ask::Ask;
use crate::control::{Control, Sight, Told};
use crate::fixture::world;
use crate::present::{self, Context};

fn context() -> Context<'static> {
    Context {
        now: Time::default(),
        daemon: Some("1.2.3"),
        reload_trouble: None,
        deaf: false,
    }
}

struct Loop {
    folder: tempfile::TempDir,
    control: Control,
    engine: Engine,
}

impl Loop {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let control = Control::open(&path, Settings::default()).await.unwrap();
        Self {
            folder,
            control,
            engine: world(false).0,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// Answers so many questions.
    async fn serve(&mut self, questions: usize) {
        for _ in 0..questions {
            let ask = self.control.next().await;
            let left = self.control.answer(&self.engine, context(), ask);
            assert!(left.is_none(), "{left:?}");
        }
    }

    /// Something that is told with a serial number in it.
    fn tell_serial(&mut self) {
        let told = Report::Waiting(ConnectionUri::default(), "lost \"B1\"".to_owned());
        let told = Told::of(&self.engine, &told);
        self.control.tell(&self.engine, told);
    }
}

#[test]
fn questions_are_answered_from_the_engine() {
    run(async {
        let mut lap = Loop::new().await;
        lap.tell_serial();
        let path = lap.path();
        let client = spawn_local(async move {
            let mut client = zlink::tokio::unix::connect(path).await.unwrap();
            let status = client.status().await.unwrap().unwrap();
            let devices = client.devices().await.unwrap().unwrap();
            let machines = client.machines().await.unwrap().unwrap();
            let rules = client.rules().await.unwrap().unwrap();
            let metrics = client.metrics().await.unwrap().unwrap();
            let shown = client.show("1-1").await.unwrap().unwrap();
            let unknown = client.explain("no such thing", None).await.unwrap();
            assert!(matches!(unknown, Err(ControlError::NoSuchDevice { .. })));
            let mut stream = Box::pin(client.monitor().await.unwrap());
            let first = stream.next().await.unwrap().unwrap().unwrap();
            (status, devices, machines, rules, metrics, shown, first)
        });
        lap.serve(8).await;
        let (status, devices, machines, rules, metrics, shown, first) = client.await.unwrap();
        let engine = &lap.engine;
        assert_eq!(status, present::status(engine, context()));
        assert_eq!(devices, present::devices(engine, context()));
        assert_eq!(machines, present::machines(engine, context()));
        assert_eq!(rules, present::rules(engine));
        assert_eq!(metrics, lap.control.metrics.gather(engine, context()));
        assert_eq!(shown.device.unwrap().device.port, "1-1");
        assert_eq!(first.event.number, 1);
        assert_eq!(first.status, Some(status));
    });
}

#[test]
fn no_serial_number_reaches_who_shall_not_see_it() {
    run(async {
        let mut lap = Loop::new().await;
        lap.control.allow(access(&["10"], &[], true));
        lap.tell_serial();
        let sight = Sight::WithoutSerials;
        macro_rules! answer {
            ($ask:expr) => {{
                let (reply, mut answer) = tokio::sync::oneshot::channel();
                let ask = $ask(reply);
                assert!(lap.control.answer(&lap.engine, context(), ask).is_none());
                answer.try_recv().unwrap()
            }};
        }
        let named = |name: &str| name.to_owned();
        let mut told = vec![
            format!("{:?}", answer!(|reply| Ask::Status(sight, reply))),
            format!("{:?}", answer!(|reply| Ask::Devices(sight, reply))),
            format!("{:?}", answer!(|reply| Ask::Machines(sight, reply))),
            format!("{:?}", answer!(|reply| Ask::Rules(sight, reply))),
            format!("{:?}", answer!(|reply| Ask::Metrics(sight, reply))),
        ];
        for name in ["1-4.2", "10c4:ea60"] {
            let name = named(name);
            told.push(format!(
                "{:?}",
                answer!(|reply| Ask::Show { sight, name, reply })
            ));
        }
        let feed = answer!(|reply| Ask::Monitor {
            sight,
            more: true,
            reply
        });
        let mut feed = feed.unwrap();
        lap.tell_serial();
        let news = feed.events.try_recv().unwrap();
        assert!(news.open.event.text.contains("B1"));
        told.push(format!("{:?} {:?}", feed.snapshot, news.hidden));
        for text in told {
            assert!(!text.contains("B1"), "{text}");
        }
    });
}

#[test]
fn what_was_decided_by_hand_outlives_the_daemon() {
    run(async {
        let lap = Loop::new().await;
        let path = lap.path();
        let Loop {
            folder,
            mut control,
            ..
        } = lap;
        let mut engine = Engine::new(0);
        let orders = Orders {
            pause_of_all: Some(Pause { detach: false }),
            ..Orders::default()
        };
        let restore = virtplug_core::Event::Restore(orders.clone());
        engine.handle(Time::default(), restore);
        control.after_step(&engine);
        control.close().await;
        assert!(!path.exists());

        let control = Control::open(&path, Settings::default()).await.unwrap();
        assert_eq!(*control.earlier_orders(), orders);
        control.close().await;
        drop(folder);
    });
}

#[test]
fn who_left_before_the_answer_costs_none() {
    run(async {
        let mut lap = Loop::new().await;
        let path = lap.path();
        let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
        super::bench::send(&mut client, &super::bench::call(super::bench::STATUS)).await;
        settle().await;
        drop(client);
        settle().await;
        let client = spawn_local(async move {
            let mut client = zlink::tokio::unix::connect(path).await.unwrap();
            client.devices().await.unwrap().unwrap()
        });
        // The first question that comes is that of the one who is there.
        lap.serve(1).await;
        assert!(!client.await.unwrap().devices.is_empty());
    });
}
