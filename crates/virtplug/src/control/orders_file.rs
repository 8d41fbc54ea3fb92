//! What was decided by hand, in a file that outlives the daemon and not the boot.

mod form;

use std::fs::{File, OpenOptions, remove_file, rename};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tracing::warn;
use virtplug_core::{Escaped, Orders};

use crate::edge::error_text;
use crate::journal::Kind;

/// The name of the file, in the folder of the socket.
const NAME: &str = "orders.json";

/// Longest file that is read.
const LONGEST: u64 = 1024 * 1024;

/// The file, kept up to date.
#[derive(Debug)]
pub(crate) struct OrdersFile {
    /// What the file holds, or will.
    last: Orders,
    texts: watch::Sender<Option<String>>,
    writer: JoinHandle<()>,
}

impl OrdersFile {
    /// The file beside a socket, with what it holds.
    pub(crate) async fn open(socket: &Path) -> Self {
        let path = socket.with_file_name(NAME);
        let read = {
            let path = path.clone();
            spawn_blocking(move || read(&path)).await
        };
        let last = match read {
            Ok(Ok(orders)) => orders,
            Ok(Err(reason)) => {
                let shown = path.to_string_lossy();
                warn!(
                    event = Kind::OrdersForgotten.name(),
                    "forgot what was decided by hand before: {}: {reason}",
                    Escaped(&shown)
                );
                Orders::default()
            }
            Err(_) => Orders::default(),
        };
        let (texts, news) = watch::channel(None);
        Self {
            last,
            texts,
            writer: tokio::spawn(keep(path, news)),
        }
    }

    /// What the file holds.
    pub(crate) fn orders(&self) -> &Orders {
        &self.last
    }

    /// Takes notice of what is in force now.
    pub(crate) fn update(&mut self, orders: &Orders) {
        if *orders != self.last {
            self.last = orders.clone();
            self.texts.send_replace(form::write(orders));
        }
    }

    /// Ends when all is written.
    pub(crate) async fn close(self) {
        drop(self.texts);
        // If it broke off, there is nothing more to be done.
        let _ = self.writer.await;
    }
}

/// Writes each text that comes, or removes the file. Of several that come at
/// once only the last one counts.
async fn keep(path: PathBuf, mut news: watch::Receiver<Option<String>>) {
    while news.changed().await.is_ok() {
        let text = news.borrow_and_update().clone();
        let path = path.clone();
        let written = spawn_blocking(move || {
            let result = match &text {
                Some(text) => write(&path, text),
                None => remove(&path),
            };
            result.map_err(|error| {
                let shown = path.to_string_lossy();
                let shown = Escaped(&shown);
                warn!(
                    event = Kind::OrdersUnsaved.name(),
                    "cannot keep what is decided by hand in {shown}: {}",
                    error_text(&error)
                );
            })
        });
        // What went wrong is said; the next change tries again.
        let _ = written.await;
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("json.new");
    remove(&new)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    rename(&new, path)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What the file holds, or why that counts for nothing.
fn read(path: &Path) -> Result<Orders, String> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path);
    let file = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Orders::default()),
        opened => opened.map_err(|error| error_text(&error))?,
    };
    check(&file)?;
    let mut text = String::new();
    file.take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| error_text(&error))?;
    if text.len() as u64 > LONGEST {
        return Err("it is too long".to_owned());
    }
    form::read(&text)
}

/// What a text of the file says, written again.
#[cfg(feature = "fuzz")]
pub(super) fn rewrite(text: &str) -> Option<String> {
    form::read(text)
        .ok()
        .and_then(|orders| form::write(&orders))
}

/// Refuses what others could have written.
fn check(file: &File) -> Result<(), String> {
    let metadata = file.metadata().map_err(|error| error_text(&error))?;
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let owner = metadata.uid();
    if owner != 0 && owner != geteuid().as_raw() {
        return Err(format!("it belongs to user {owner}"));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("others can write to it".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
