//! The way to the daemon.

use std::env;
use std::io::ErrorKind;
use std::path::PathBuf;

use virtplug_core::Escaped;
use virtplug_ipc::{ControlError, SOCKET};
use zlink::tokio::unix;
use zlink::varlink_service::Proxy as _;

use crate::exit::Exit;
use crate::output::message;

/// A connection to the daemon.
pub(crate) type Client = unix::Connection;

/// Names another socket, for daemons that are started by hand.
const SOCKET_VARIABLE: &str = "VIRTPLUG_SOCKET";

/// Where the daemon listens.
pub(crate) fn socket() -> PathBuf {
    env::var_os(SOCKET_VARIABLE).map_or_else(|| PathBuf::from(SOCKET), PathBuf::from)
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
                     `systemctl start virtplug`"
                ));
                Exit::NotRunning
            }
            Self::NotPermitted(reason) => {
                message(format_args!("error: cannot connect to {socket}: {reason}"));
                Exit::NotPermitted
            }
            Self::Broken(reason) => {
                message(format_args!(
                    "error: cannot talk to the daemon at {socket}: {reason}"
                ));
                Exit::Failed
            }
        }
    }
}

/// Connects to the daemon.
pub(crate) async fn reach() -> Result<Client, Unreachable> {
    unix::connect(socket()).await.map_err(|error| match error {
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
    let mut client = reach().await?;
    let info = client.get_info().await;
    let info = info.map_err(|error| Unreachable::Broken(error.to_string()))?;
    let version = match &info {
        Ok(info) => info.version.to_string(),
        Err(error) => return Err(Unreachable::Broken(error.to_string())),
    };
    let ours = env!("CARGO_PKG_VERSION");
    if version != ours {
        message(format_args!(
            "note: the daemon is version {} and this command is {ours}; \
             `systemctl restart virtplug` brings them together and detaches nothing",
            Escaped(&version)
        ));
    }
    Ok(client)
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
