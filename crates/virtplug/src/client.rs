//! The way to the daemon.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;
use virtplug_core::Escaped;
use virtplug_ipc::ControlError;
use zlink::tokio::unix;
use zlink::varlink_service::Proxy as _;

use crate::exit::Exit;
use crate::output::message;
use crate::scope::Scope;

/// A connection to the daemon.
pub(crate) type Client = unix::Connection;

/// How long a daemon may take to say who it is; one that is stopped says nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the daemon listens.
pub(crate) fn socket() -> PathBuf {
    Scope::of_caller().socket()
}

/// Why there is no connection to the daemon.
#[derive(Debug)]
pub(crate) enum Unreachable {
    /// None runs.
    NotRunning,
    /// The caller may not connect.
    NotPermitted(String),
    /// Something else.
    Broken(String),
}

impl Unreachable {
    /// Tells of it as an error.
    pub(crate) fn tell(&self) -> Exit {
        let socket = socket();
        let socket = socket.to_string_lossy();
        let socket = Escaped(&socket);
        match self {
            Self::NotRunning => {
                message(format_args!(
                    "error: the daemon is not running (nobody answers at {socket}); start it with \
                     `{}`",
                    Scope::of_caller().start_command()
                ));
                Exit::NotRunning
            }
            Self::NotPermitted(reason) => {
                message(format_args!("error: cannot connect to {socket}: {reason}"));
                Exit::NotPermitted
            }
            Self::Broken(reason) => {
                message(format_args!(
                    "error: cannot talk to the daemon at {socket}: {}",
                    Escaped(reason)
                ));
                Exit::Failed
            }
        }
    }
}

/// Connects to the daemon.
pub(crate) async fn reach() -> Result<Client, Unreachable> {
    reach_at(&socket()).await
}

async fn reach_at(socket: &Path) -> Result<Client, Unreachable> {
    unix::connect(socket).await.map_err(|error| match error {
        zlink::Error::Io(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Unreachable::NotRunning,
            ErrorKind::PermissionDenied => Unreachable::NotPermitted(error.to_string()),
            _ => Unreachable::Broken(error.to_string()),
        },
        error => Unreachable::Broken(error.to_string()),
    })
}

/// Connects to the daemon; says so first if it is of another version.
pub(crate) async fn connect() -> Result<Client, Unreachable> {
    let (client, note) = greet(&socket()).await?;
    if let Some(note) = note {
        message(format_args!("note: {note}"));
    }
    Ok(client)
}

/// A connection, and what there is to say before anything is asked.
pub(crate) async fn greet(socket: &Path) -> Result<(Client, Option<String>), Unreachable> {
    let mut client = reach_at(socket).await?;
    let info = timeout(PATIENCE, client.get_info()).await.map_err(|_| {
        let seconds = PATIENCE.as_secs();
        Unreachable::Broken(format!("it gave no answer within {seconds} s"))
    })?;
    let version = match info {
        Ok(Ok(info)) => info.version.to_string(),
        Ok(Err(error)) => return Err(Unreachable::Broken(error.to_string())),
        Err(error) => return Err(Unreachable::Broken(error.to_string())),
    };
    Ok((client, mismatch(&version)))
}

/// The version of the daemon, if one runs and answers.
pub(crate) async fn version() -> Option<String> {
    let mut client = reach().await.ok()?;
    let info = timeout(PATIENCE, client.get_info()).await.ok()?;
    let version = info.ok()?.ok()?.version;
    Some(Escaped(&version).to_string())
}

/// That the daemon is of another version than this command, if it is.
fn mismatch(daemon: &str) -> Option<String> {
    let ours = env!("CARGO_PKG_VERSION");
    (daemon != ours).then(|| {
        format!(
            "the daemon is version {} and this command is {ours}; \
             `systemctl restart virtplug` brings them together and detaches nothing",
            Escaped(daemon)
        )
    })
}

/// Tells why a call failed.
pub(crate) fn refused(error: &ControlError) -> Exit {
    message(format_args!("error: {error}"));
    match error {
        ControlError::NotPermitted { .. } => Exit::NotPermitted,
        ControlError::WrongConfiguration { .. } => Exit::Config,
        ControlError::NoSuchDevice { .. }
        | ControlError::NoSuchMachine { .. }
        | ControlError::Ambiguous { .. }
        | ControlError::NoSuchGroup { .. }
        | ControlError::MachineOff { .. }
        | ControlError::Busy { .. }
        | ControlError::Failed { .. } => Exit::Failed,
    }
}

/// The answer to a call, or how the command ends without it.
pub(crate) fn answered<T>(answer: zlink::Result<Result<T, ControlError>>) -> Result<T, Exit> {
    match answer {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(error)) => Err(refused(&error)),
        Err(error) => Err(broken(&error)),
    }
}

/// Tells that the connection broke.
pub(crate) fn broken(error: &zlink::Error) -> Exit {
    message(format_args!(
        "error: the daemon did not answer: {}",
        Escaped(&error.to_string())
    ));
    Exit::Failed
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::UnixListener;

    use super::*;

    /// What there is to say of a daemon that answers its first call with `answer`, or never.
    async fn greeted(answer: Option<&str>) -> Result<Option<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let daemon = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let mut call = Vec::new();
            stream.read_until(0, &mut call).await.unwrap();
            let call = String::from_utf8(call).unwrap();
            assert!(call.contains("org.varlink.service.GetInfo"), "{call}");
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            pending::<()>().await;
        };
        tokio::select! {
            () = daemon => unreachable!(),
            greeted = greet(&path) => match greeted {
                Ok((_, note)) => Ok(note),
                Err(Unreachable::Broken(reason)) => Err(reason),
                Err(other) => panic!("{other:?}"),
            },
        }
    }

    fn info(version: &str) -> String {
        format!(
            "{{\"parameters\":{{\"vendor\":\"v\",\"product\":\"p\",\"version\":\"{version}\",\
             \"url\":\"\",\"interfaces\":[]}}}}\0"
        )
    }

    #[tokio::test]
    async fn another_version_is_said_before_anything_is_asked() {
        let same = greeted(Some(&info(env!("CARGO_PKG_VERSION")))).await;
        assert_eq!(same, Ok(None));
        let other = greeted(Some(&info("9.9\\u001b[2J"))).await;
        let note = other.unwrap().unwrap();
        assert!(note.starts_with("the daemon is version 9.9\\x1b[2J and this command is "));
        assert!(note.contains("systemctl restart virtplug"), "{note}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_answers_rubbish_or_nothing_is_not_waited_for() {
        assert!(greeted(Some("rubbish\0")).await.is_err());
        let silent = greeted(None).await.unwrap_err();
        assert!(silent.contains("no answer"), "{silent}");
    }
}
