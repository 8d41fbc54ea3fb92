//! Lets clients in: a task for each, as long as there are places.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::select;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet, spawn_local};
use tokio::time::sleep;
use tracing::{debug, warn};

use super::access::Access;
use super::ask::Ask;
use super::connection::serve;
use super::limits::Places;
use super::line::Line;
use super::methods::Methods;
use super::refusals::Refusals;
use super::socket::{Refusal, SocketFile, listen};
use crate::journal::Kind;

/// How long nobody is let in after that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// The socket and the clients. When it goes, they go.
#[derive(Debug)]
pub(crate) struct Server {
    task: JoinHandle<Infallible>,
    file: SocketFile,
}

impl Server {
    /// Starts to listen, or says why it cannot. Needs a `LocalSet` around it, as
    /// answers that come as a stream stay on their thread.
    pub(super) async fn start(
        path: &Path,
        desk: mpsc::Sender<Ask>,
        access: watch::Receiver<Option<Access>>,
    ) -> Result<Self, Refusal> {
        let (file, listener) = listen(path).await?;
        let door = Door {
            listener,
            places: Places::default(),
            desk,
            access,
            refusals: Refusals::default(),
        };
        Ok(Self {
            task: spawn_local(door.keep()),
            file,
        })
    }

    /// Whether clients still find it.
    pub(super) fn can_be_reached(&self) -> bool {
        self.file.is_there()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Door {
    listener: UnixListener,
    places: Places,
    desk: mpsc::Sender<Ask>,
    access: watch::Receiver<Option<Access>>,
    refusals: Refusals,
}

impl Door {
    async fn keep(self) -> Infallible {
        let mut clients = JoinSet::new();
        let mut warned = false;
        loop {
            let accepted = select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = clients.join_next() => continue,
            };
            match accepted {
                Ok((stream, _)) => {
                    warned = false;
                    self.welcome(stream, &mut clients).await;
                }
                Err(error) => {
                    // For instance too many open files: it does not help to ask at once again.
                    if !warned {
                        warn!(
                            event = Kind::NotLetIn.name(),
                            "cannot let in who wants to speak with the daemon: {error}"
                        );
                    }
                    warned = true;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn welcome(&self, stream: UnixStream, clients: &mut JoinSet<()>) {
        let line = Line::new(stream, self.places.clone());
        let caller = match line.caller().await {
            Ok(caller) => caller,
            Err(error) => {
                debug!("cannot tell who connected: {error}");
                return;
            }
        };
        let Some(place) = self.places.take(caller.uid) else {
            debug!("user {} has too many connections", caller.uid);
            return;
        };
        let methods = Methods::new(
            self.desk.clone(),
            self.access.clone(),
            caller,
            self.refusals.clone(),
        );
        clients.spawn_local(async move {
            serve(line, methods).await;
            drop(place);
        });
    }
}
