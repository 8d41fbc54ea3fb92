//! Reading the configuration again while the loop goes on.

use tokio::task::{JoinHandle, spawn_blocking};
use virtplug_config::{LoadError, Loaded};

use crate::cli::Sources;
use crate::control::Access;
use crate::{service, settings};

/// A configuration that was read, with the groups that it names looked up.
pub(crate) struct Reloaded {
    pub(crate) loaded: Loaded,
    pub(crate) access: Access,
}

/// A reload that is under way, and whether another was asked for meanwhile.
#[derive(Default)]
pub(crate) struct Reload {
    running: Option<JoinHandle<Result<Reloaded, LoadError>>>,
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
            let loaded = settings::read_with_warnings(&sources)?;
            let access = Access::look_up(&loaded.control);
            Ok(Reloaded { loaded, access })
        }));
    }

    /// Whether one is under way.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// What was read, once it is; without an answer if reading broke off.
    pub(crate) async fn loaded(&mut self) -> Option<Result<Reloaded, LoadError>> {
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
