//! The socket file: where the daemon listens, and nobody else does.

use std::fs::{
    DirBuilder, Permissions, metadata, read_link, remove_file, set_permissions, symlink_metadata,
};
use std::io::ErrorKind;
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixSocket};
use virtplug_core::Escaped;

use super::lock::Lock;
use super::other::{Answer, ask};
use crate::edge::error_text;
use crate::scope::{SOCKET_VARIABLE as VARIABLE, Scope};

/// Clients that may wait to be let in. A burst of more than that is refused
/// by the kernel.
const WAITING: u32 = 1024;

/// Most bytes in the path of a socket, as the kernel has it.
const LONGEST: usize = 107;

/// The path of the socket of this process: where the well-known one leads to,
/// if it is a link.
pub(crate) fn path(scope: Scope) -> PathBuf {
    let known = scope.socket();
    if known != Path::new(virtplug_ipc::SOCKET) {
        return known;
    }
    match (known.parent(), read_link(&known)) {
        (Some(folder), Ok(target)) => folder.join(target),
        _ => known,
    }
}

/// A socket file of ours; it goes when this goes.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
    _lock: Lock,
}

/// Why nobody can listen at a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another daemon is there.
    Occupied(String),
    /// Something else.
    Impossible(String),
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Impossible(reason)
    }
}

/// Listens at a path. A socket file that nobody listens at is replaced,
/// anything else there is left alone. Otherwise says why it cannot be.
pub(super) async fn listen(path: &Path) -> Result<(SocketFile, UnixListener), Refusal> {
    let shown = Escaped(&path.to_string_lossy()).to_string();
    let length = path.as_os_str().len();
    if length > LONGEST {
        return Err(Refusal::Impossible(format!(
            "cannot listen at {shown}: the path of a socket has at most {LONGEST} bytes, and this \
             one has {length}; set {VARIABLE} to a shorter one"
        )));
    }
    make_folder(path).map_err(|error| {
        format!(
            "cannot create the folder of {shown}: {}",
            error_text(&error)
        )
    })?;
    match symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(format!("cannot look at {shown}: {}", error_text(&error)).into()),
        Ok(there) if !there.file_type().is_socket() => {
            let told = format!("{shown} is not a socket; remove it and start virtplug again");
            return Err(told.into());
        }
        Ok(_) => {}
    }
    // From here on nobody else makes or removes a socket there.
    let lock = Lock::take(path, &shown).await?;
    match ask(path).await {
        Answer::NoSocket => {}
        Answer::Nobody => remove_file(path)
            .map_err(|error| format!("cannot replace {shown}: {}", error_text(&error)))?,
        Answer::Somebody(who) => return Err(Refusal::Occupied(who.told(&shown))),
        Answer::Unclear(error) => {
            return Err(
                format!("cannot tell who listens at {shown}: {}", error_text(&error)).into(),
            );
        }
    }
    let failed = |error| format!("cannot listen at {shown}: {}", error_text(&error));
    let socket = UnixSocket::new_stream().map_err(failed)?;
    socket.bind(path).map_err(failed)?;
    let listener = socket.listen(WAITING).map_err(failed)?;
    let there = symlink_metadata(path).map_err(failed)?;
    let file = SocketFile {
        path: path.to_owned(),
        device: there.dev(),
        inode: there.ino(),
        _lock: lock,
    };
    // Everybody may connect; what they may do is decided for each call.
    set_permissions(path, Permissions::from_mode(0o666)).map_err(failed)?;
    Ok((file, listener))
}

fn make_folder(path: &Path) -> std::io::Result<()> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    if metadata(folder).is_ok() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(folder)?;
    // Whatever the umask: others must reach the socket.
    set_permissions(folder, Permissions::from_mode(0o755))
}

impl SocketFile {
    /// Whether it is still the one at its path.
    pub(super) fn is_there(&self) -> bool {
        symlink_metadata(&self.path)
            .is_ok_and(|there| (there.dev(), there.ino()) == (self.device, self.inode))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_there() {
            // At the end there is nobody left who could do something about it.
            let _ = remove_file(&self.path);
        }
    }
}
