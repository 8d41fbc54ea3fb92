//! Reading the configuration again while the loop goes on.

use tokio::task::{JoinHandle, spawn_blocking};
use virtplug_config::{LoadError, Loaded};

use crate::cli::Sources;
use crate::{service, settings};

/// A reload that is under way, and whether another was asked for meanwhile.
#[derive(Default)]
pub(crate) struct Reload {
    running: Option<JoinHandle<Result<Loaded, LoadError>>>,
    again: bool,
}

impl Reload {
    /// Starts to read; a request during a reload leads to one more after it.
    pub(crate) fn start(&mut self, sources: &Sources) {
        if self.running.is_some() {
            self.again = true;
            return;
        }
        service::reloading();
        let sources = sources.clone();
        self.running = Some(spawn_blocking(move || {
            settings::read_with_warnings(&sources)
        }));
    }

    /// What was read, once it is; without an answer if reading broke off.
    pub(crate) async fn loaded(&mut self) -> Option<Result<Loaded, LoadError>> {
        match &mut self.running {
            None => std::future::pending().await,
            Some(load) => load.await.ok(),
        }
    }

    /// Ends this reload and starts the next, if one was asked for.
    pub(crate) fn end(&mut self, sources: &Sources) {
        self.running = None;
        if std::mem::take(&mut self.again) {
            self.start(sources);
        } else {
            service::ready();
        }
    }
}
