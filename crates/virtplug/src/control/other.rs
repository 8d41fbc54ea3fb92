//! Another daemon at the same socket: whether there is one, and whose it is.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

use nix::unistd::{Uid, User};
use tokio::net::UnixStream;
use tokio::time::timeout;
use virtplug_core::Escaped;

use crate::scope::SOCKET_VARIABLE as VARIABLE;

/// How long another daemon may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// What comes of a connection to a socket.
#[derive(Debug)]
pub(super) enum Answer {
    /// There is no file.
    NoSocket,
    /// The file is there, and nobody behind it.
    Nobody,
    Somebody(Who),
    Unclear(Error),
}

/// Who listens, as far as the kernel tells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Who {
    /// Nothing where it is too busy to be asked.
    uid: Option<u32>,
    /// Nothing where it is in a container that this process does not see into.
    pid: Option<i32>,
}

/// Finds out who listens at a path.
pub(super) async fn ask(path: &Path) -> Answer {
    match timeout(PATIENCE, UnixStream::connect(path)).await {
        Ok(Ok(stream)) => Answer::Somebody(Who::behind(&stream)),
        Ok(Err(error)) => match error.kind() {
            ErrorKind::NotFound => Answer::NoSocket,
            ErrorKind::ConnectionRefused => Answer::Nobody,
            // One that has too many clients is alive.
            ErrorKind::WouldBlock => Answer::Somebody(Who::default()),
            _ => Answer::Unclear(error),
        },
        Err(_) => Answer::Somebody(Who::default()),
    }
}

impl Who {
    /// By the credentials of who made the socket, which a client gets of the kernel at once.
    fn behind(stream: &UnixStream) -> Self {
        stream.peer_cred().map_or_else(
            |_| Self::default(),
            |peer| Self {
                uid: Some(peer.uid()),
                pid: peer.pid().filter(|pid| *pid > 0),
            },
        )
    }

    /// Tells of it, and what to do.
    pub(super) fn told(self, socket: &str) -> String {
        let end = match self.pid {
            Some(pid) => format!("`systemctl stop virtplug` or `kill {pid}`"),
            None => "`systemctl stop virtplug`".to_owned(),
        };
        format!(
            "another virtplug daemon answers at {socket}{self}; end that one first ({end}), or set \
             {VARIABLE} to another path for this one"
        )
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, ": process {pid}")?,
            None if self.uid.is_some() => f.write_str(": a process")?,
            None => {}
        }
        let Some(uid) = self.uid else {
            return Ok(());
        };
        match User::from_uid(Uid::from_raw(uid)) {
            Ok(Some(user)) => write!(f, " of user {}", Escaped(&user.name)),
            _ => write!(f, " of user {uid}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_it_is_told() {
        let told = |uid, pid| Who { uid, pid }.told("SOCKET");
        insta::assert_snapshot!(
            [
                told(Some(0), Some(1234)),
                told(Some(4_294_967_294), None),
                told(None, None),
            ]
            .join("\n")
        );
    }
}
