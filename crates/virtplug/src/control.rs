//! The control socket: who may ask, what is asked, and what is answered.
//!
//! Each client has a task of its own (`connection`), which reads a call, sees
//! whether it is allowed (`access`), and asks the loop of the daemon (`ask`).
//! The loop answers from what the engine knows and waits for nobody.

mod access;
mod ask;
mod connection;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod history;
mod limits;
mod line;
mod listening;
mod lock;
mod methods;
mod orders_file;
mod other;
mod plugs;
mod refusals;
mod reloads;
mod runs;
mod server;
mod socket;
mod subscribers;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod told;
mod waiting;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use virtplug_core::{Engine, Orders};
use virtplug_ipc::{Changes, ControlError};

pub(crate) use access::Access;
pub(crate) use ask::{Ask, Reply};
pub(crate) use plugs::Plugs;
pub(crate) use reloads::Reloads;
pub(crate) use runs::Runs;
pub(crate) use socket::path as socket_path;
pub(crate) use told::Told;

use crate::metrics::Metrics;
use crate::present::{self, Context, HideSerials, Serials};
use crate::service;
use crate::steer::Pending;
use access::Sight;
use history::History;
use listening::Listening;
use orders_file::OrdersFile;
use waiting::Waiting;

/// What the loop keeps for those who ask.
pub(crate) struct Control {
    asks: mpsc::Receiver<Ask>,
    access: Arc<watch::Sender<Option<Access>>>,
    listening: Listening,
    orders: OrdersFile,
    waiting: Waiting<Pending>,
    history: History,
    pub(crate) reloads: Reloads,
    pub(crate) metrics: Metrics,
}

/// What the loop must do itself.
#[derive(Debug)]
pub(crate) enum Left {
    Change {
        request: crate::steer::Request,
        patience: crate::steer::Patience,
        reply: Reply<Changes>,
    },
    Reload(Reply<()>),
}

impl Control {
    /// Listens. Without a socket the daemon does its work all the same, unless
    /// another daemon has it: then this says who.
    pub(crate) async fn open(
        path: &Path,
        control: virtplug_config::Control,
    ) -> Result<Self, String> {
        let (desk, asks) = mpsc::channel(ask::QUEUE);
        let (access, known) = watch::channel(None);
        let access = Arc::new(access);
        let looked_up = Arc::clone(&access);
        spawn_blocking(move || {
            let found = Access::look_up(&control);
            // A reload may have been quicker, and knows better.
            looked_up.send_if_modified(|access| {
                let first = access.is_none();
                access.get_or_insert(found);
                first
            });
        });
        Ok(Self {
            asks,
            access,
            listening: Listening::open(path, desk, known).await?,
            orders: OrdersFile::open(path).await,
            waiting: Waiting::default(),
            history: History::default(),
            reloads: Reloads::default(),
            metrics: Metrics::default(),
        })
    }

    /// What was decided by hand before this daemon started.
    pub(crate) fn earlier_orders(&self) -> &Orders {
        self.orders.orders()
    }

    /// Takes over who may do what from now on.
    pub(crate) fn allow(&self, access: Access) {
        self.access.send_replace(Some(access));
    }

    /// Makes the socket anew if it is lost.
    pub(crate) fn look_after_socket(&mut self) {
        self.listening.look_after();
    }

    /// The next question of somebody who is still there.
    pub(crate) async fn next(&mut self) -> Ask {
        loop {
            match self.asks.recv().await {
                Some(ask) if ask.is_void() => {}
                Some(ask) => return ask,
                None => std::future::pending().await,
            }
        }
    }

    /// Answers a question, or gives back what must be done for it.
    pub(crate) fn answer(
        &mut self,
        engine: &Engine,
        context: Context<'_>,
        ask: Ask,
    ) -> Option<Left> {
        match ask {
            Ask::Status(sight, reply) => {
                send(engine, sight, reply, Ok(present::status(engine, context)));
            }
            Ask::Devices(sight, reply) => {
                send(engine, sight, reply, Ok(present::devices(engine, context)));
            }
            Ask::Machines(sight, reply) => {
                send(engine, sight, reply, Ok(present::machines(engine, context)));
            }
            Ask::Rules(sight, reply) => {
                send(engine, sight, reply, Ok(present::rules(engine)));
            }
            Ask::Metrics(sight, reply) => {
                let metrics = self.metrics.gather(engine, context);
                send(engine, sight, reply, Ok(metrics));
            }
            Ask::Show { sight, name, reply } => {
                let history = self.history.kept();
                let shown = present::show(engine, context, &name, history);
                send(engine, sight, reply, shown);
            }
            Ask::Explain {
                sight,
                name,
                machine,
                reply,
            } => {
                let explained = present::explain(engine, context, &name, machine.as_deref());
                send(engine, sight, reply, explained);
            }
            Ask::Monitor { sight, more, reply } => {
                let status = present::status(engine, context);
                let line = service::line(&engine.summary());
                let mut feed = self.history.feed(status, line, more);
                hide(engine, sight, &mut feed.snapshot);
                // Who is gone meanwhile needs no answer.
                let _ = reply.send(Ok(feed));
            }
            Ask::Change {
                request,
                patience,
                reply,
            } => {
                return Some(Left::Change {
                    request,
                    patience,
                    reply,
                });
            }
            Ask::Reload(reply) => return Some(Left::Reload(reply)),
        }
        None
    }

    /// Keeps and tells what happened.
    pub(crate) fn tell(&mut self, engine: &Engine, told: Told) {
        let access = self.access.borrow();
        let hides = access.as_ref().is_some_and(Access::hides_serials);
        let hidden = hides.then(|| told.hidden(&Serials::of(engine)));
        self.history.add(told, hidden);
    }

    /// Answers a change when its outcome is clear.
    pub(crate) fn await_outcome(
        &mut self,
        pending: Pending,
        until: Instant,
        reply: Reply<Changes>,
    ) {
        self.waiting.add(pending, until, reply);
    }

    /// When somebody stops waiting for an outcome.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.waiting.next_end()
    }

    /// Takes notice of what a step of the loop has changed.
    pub(crate) fn after_step(&mut self, engine: &Engine) {
        self.orders.update(engine.orders());
        self.waiting.look(engine, Instant::now());
    }

    /// Sends everybody away and writes what is to be kept.
    pub(crate) async fn close(self) {
        drop(self.listening);
        self.orders.close().await;
    }
}

/// Answers, without serial numbers if these are not to be seen.
fn send<T: HideSerials>(
    engine: &Engine,
    sight: Sight,
    reply: Reply<T>,
    mut answer: Result<T, ControlError>,
) {
    match &mut answer {
        Ok(answer) => hide(engine, sight, answer),
        Err(error) => hide(engine, sight, error),
    }
    // Who is gone meanwhile needs no answer.
    let _ = reply.send(answer);
}

fn hide(engine: &Engine, sight: Sight, answer: &mut impl HideSerials) {
    if sight == Sight::WithoutSerials {
        answer.hide_serials(&Serials::of(engine));
    }
}
