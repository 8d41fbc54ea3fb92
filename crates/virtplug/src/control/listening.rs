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
    /// Listens at a path, or says why that cannot be.
    pub(super) async fn open(
        path: &Path,
        desk: mpsc::Sender<Ask>,
        access: watch::Receiver<Option<Access>>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            server: start(path.to_owned(), desk.clone(), access.clone()).await,
            desk,
            access,
            next: None,
        }
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
            let (desk, access) = (self.desk.clone(), self.access.clone());
            self.next = Some(spawn_local(start(self.path.clone(), desk, access)));
        }
    }
}

async fn start(
    path: PathBuf,
    desk: mpsc::Sender<Ask>,
    access: watch::Receiver<Option<Access>>,
) -> Option<Server> {
    match Server::start(&path, desk, access).await {
        Ok(server) => {
            let shown = path.to_string_lossy();
            info!(event = "listening", "listening at {}", Escaped(&shown));
            Some(server)
        }
        Err(reason) => {
            warn!("going on without a control socket: {reason}");
            None
        }
    }
}
