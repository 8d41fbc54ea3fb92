//! What the fuzzer reaches of the control interface.

#![allow(clippy::expect_used, reason = "not part of the program")]

use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::runtime::Builder;
use tokio::select;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;
use virtplug_config::Control as Configured;
use virtplug_core::{Engine, Time};

use super::access::Caller;
use super::ask::QUEUE;
use super::connection::serve;
use super::limits::Places;
use super::line::Line;
use super::methods::Methods;
use super::orders_file::{self, OrdersFile};
use super::refusals::Refusals;
use super::{Access, Ask, Control, History, Left, Listening, Reloads, Waiting};
use crate::fixture::world;
use crate::metrics::Metrics;
use crate::present::Context;
use crate::steer;

/// A daemon without a host and without a socket, in a small world. Nothing
/// that it is asked for changes that world.
pub struct Daemon {
    runtime: tokio::runtime::Runtime,
    engine: Engine,
    control: Control,
    desk: mpsc::Sender<Ask>,
}

impl Default for Daemon {
    fn default() -> Self {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (desk, asks) = mpsc::channel(QUEUE);
        let access = Access::look_up(&Configured::default());
        let (access, known) = watch::channel(Some(access));
        // No such folder, so there is no such file.
        let nowhere = Path::new("/proc/virtplug/control.sock");
        let control = Control {
            asks,
            access: access.into(),
            listening: runtime
                .block_on(Listening::open(nowhere, desk.clone(), known))
                .expect("no other daemon"),
            orders: runtime.block_on(OrdersFile::open(nowhere)),
            waiting: Waiting::default(),
            history: History::default(),
            reloads: Reloads::default(),
            metrics: Metrics::default(),
        };
        Self {
            runtime,
            engine: world(false).0,
            control,
            desk,
        }
    }
}

impl Daemon {
    /// Serves a client that may do everything, sends these bytes and no more;
    /// gives what it gets.
    pub fn serve(&mut self, bytes: &[u8]) -> Vec<u8> {
        let root = Caller {
            uid: 0,
            groups: Vec::new(),
        };
        let methods = Methods::new(
            self.desk.clone(),
            self.control.access.subscribe(),
            root,
            Refusals::default(),
        );
        let (control, engine) = (&mut self.control, &self.engine);
        let exchange = async {
            let (ours, theirs) = UnixStream::pair().expect("two sockets");
            let (mut incoming, mut outgoing) = ours.into_split();
            let mut received = Vec::new();
            let client = async {
                // What closes the connection early reads no more.
                let _ = outgoing.write_all(bytes).await;
                drop(outgoing);
                let _ = incoming.read_to_end(&mut received).await;
            };
            let served = async {
                tokio::join!(client, serve(Line::new(theirs, Places::default()), methods))
            };
            select! {
                _ = served => {}
                () = answer(control, engine) => {}
            }
            received
        };
        LocalSet::new().block_on(&self.runtime, exchange)
    }
}

/// Answers as the loop of the daemon does, where it can at once.
async fn answer(control: &mut Control, engine: &Engine) {
    let context = Context {
        now: Time::default(),
        daemon: Some("0"),
        reload_trouble: None,
        deaf: false,
    };
    loop {
        let ask = match control.next().await {
            // A stream would have no end.
            Ask::Monitor { sight, reply, .. } => Ask::Monitor {
                sight,
                more: false,
                reply,
            },
            ask => ask,
        };
        match control.answer(engine, context, ask) {
            Some(Left::Change { request, reply, .. }) => {
                let begun = steer::begin(engine, &request);
                // Who is gone meanwhile needs no answer.
                let _ = reply.send(begun.map(|begun| begun.pending.give_up(engine)));
            }
            Some(Left::Reload(reply)) => drop(reply.send(Ok(()))),
            None => {}
        }
    }
}

/// What a text of the orders file says, written again.
pub fn orders(text: &str) -> Option<String> {
    orders_file::rewrite(text)
}
