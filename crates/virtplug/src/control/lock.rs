//! A lock beside the socket, held for as long as a daemon listens there: of two
//! that start at the same moment, one gets it.

use std::fs::{File, metadata};
use std::io::Result;
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::sys::stat::Mode;
use nix::unistd::geteuid;
use tokio::time::{Instant, sleep};
use virtplug_core::Escaped;

use super::other::{Answer, ask};
use super::socket::Refusal;
use crate::edge::error_text;

/// How long who holds the lock may take to listen.
const START: Duration = Duration::from_secs(1);

/// How often one looks meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

/// The lock, until this goes. Its file stays: who removed it could remove that
/// of another daemon.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Flock<File>,
}

impl Lock {
    /// Takes the lock of a socket, or says who is in the way.
    pub(super) async fn take(socket: &Path, shown: &str) -> std::result::Result<Self, Refusal> {
        let path = path(socket);
        let told = Escaped(&path.to_string_lossy()).to_string();
        let file = match open(&path) {
            Ok(file) => file,
            Err(error) => {
                // Of a user who may not lock it: somebody may be there all the same.
                return Err(match ask(socket).await {
                    Answer::Somebody(who) => Refusal::Occupied(who.told(shown)),
                    _ => Refusal::Impossible(format!("cannot open {told}: {}", error_text(&error))),
                });
            }
        };
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Self { _file: file }),
            Err((_, Errno::EWOULDBLOCK)) => {
                Err(Refusal::Occupied(holder(socket, shown, &told).await))
            }
            Err((_, error)) => Err(Refusal::Impossible(format!(
                "cannot lock {told}: {}",
                error_text(&error)
            ))),
        }
    }
}

fn path(socket: &Path) -> PathBuf {
    let mut path = socket.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// Only the daemon's user can open it, so nobody else can keep it locked. It is
/// not open for writing, which would keep the folder from becoming read-only.
fn open(path: &Path) -> Result<File> {
    let flags =
        OFlag::O_RDONLY | OFlag::O_CREAT | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = File::from(nix::fcntl::open(
        path,
        flags,
        Mode::S_IRUSR | Mode::S_IWUSR,
    )?);
    // Made by root, it must not shut out the user whose folder this is.
    let folder = path.parent().map(metadata).transpose()?;
    if let Some(folder) = folder.filter(|_| geteuid().is_root()) {
        fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(file)
}

/// Tells who has the lock: it may not listen yet.
async fn holder(socket: &Path, shown: &str, lock: &str) -> String {
    let end = Instant::now() + START;
    while Instant::now() < end {
        if let Answer::Somebody(who) = ask(socket).await {
            return who.told(shown);
        }
        sleep(PAUSE).await;
    }
    format!(
        "another virtplug daemon holds {lock} and does not listen at {shown}; `fuser {lock}` names \
         it: end it first, or make it listen again with SIGHUP"
    )
}
