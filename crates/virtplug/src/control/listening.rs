//! Listening for clients for as long as the daemon runs: a socket that was
//! lost, or could not be made at first, is made with a reload.

use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_local};
use tracing::{info, warn};
use virtplug_core::Escaped;

use super::access::Access;
use super::ask::Ask;
use super::server::Server;
use super::socket::Refusal;
use crate::journal::Kind;

/// The server, if there is one.
#[derive(Debug)]
pub(super) struct Listening {
    path: PathBuf,
    desk: mpsc::Sender<Ask>,
    access: watch::Receiver<Option<Access>>,
    server: Option<Server>,
    /// The next server, while it starts and until it is looked after again.
    next: Option<JoinHandle<Option<Server>>>,
}

impl Listening {
    /// Listens at a path, or tells the log why that cannot be. Fails where
    /// another daemon listens there.
    pub(super) async fn open(
        path: &Path,
        desk: mpsc::Sender<Ask>,
        access: watch::Receiver<Option<Access>>,
    ) -> Result<Self, String> {
        let server = match start(path.to_owned(), desk.clone(), access.clone()).await {
            Ok(server) => Some(server),
            Err(Refusal::Occupied(reason)) => return Err(reason),
            Err(Refusal::Impossible(reason)) => {
                go_on_without(&reason);
                None
            }
        };
        Ok(Self {
            path: path.to_owned(),
            server,
            desk,
            access,
            next: None,
        })
    }

    /// Listens again if nobody can connect any more.
    pub(super) fn look_after(&mut self) {
        if let Some(next) = &mut self.next {
            let Some(started) = next.now_or_never() else {
                return;
            };
            self.next = None;
            self.server = started.ok().flatten();
        }
        if !self.server.as_ref().is_some_and(Server::can_be_reached) {
            // It has the lock that the next one needs.
            self.server = None;
            let start = start(self.path.clone(), self.desk.clone(), self.access.clone());
            self.next = Some(spawn_local(async {
                match start.await {
                    Ok(server) => Some(server),
                    Err(Refusal::Occupied(reason) | Refusal::Impossible(reason)) => {
                        go_on_without(&reason);
                        None
                    }
                }
            }));
        }
    }
}

fn go_on_without(reason: &str) {
    warn!(
        event = Kind::NoSocket.name(),
        "going on without a control socket: {reason}"
    );
}

async fn start(
    path: PathBuf,
    desk: mpsc::Sender<Ask>,
    access: watch::Receiver<Option<Access>>,
) -> Result<Server, Refusal> {
    let server = Server::start(&path, desk, access).await?;
    let shown = path.to_string_lossy();
    info!(
        event = Kind::Listening.name(),
        "listening at {}",
        Escaped(&shown)
    );
    Ok(server)
}
