//! Whose daemon is meant: that of the system, or one that a user runs for machines of their own.

use std::env;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use virtplug_config::{MAIN_FILE, Options};
use virtplug_core::ConnectionUri;

/// Names another socket, for daemons that are started by hand.
pub(crate) const SOCKET_VARIABLE: &str = "VIRTPLUG_SOCKET";

/// Where the user's daemon reaches libvirt, unless the configuration says otherwise.
const SESSION: &str = "qemu:///session";

/// Whose daemon it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// That of the system.
    #[default]
    System,
    /// That of the user who runs this process.
    User,
}

impl Scope {
    /// What a command means: the daemon that `VIRTPLUG_SOCKET` names, else the user's own if there
    /// is one, else that of the system.
    pub(crate) fn of_caller() -> Self {
        let named = env::var_os(SOCKET_VARIABLE).map(PathBuf::from);
        Self::of(named.as_deref(), &user_socket(), geteuid().is_root())
    }

    fn of(named: Option<&Path>, own: &Path, root: bool) -> Self {
        let own = match named {
            Some(named) => named == own,
            None => !root && own.exists(),
        };
        if own { Self::User } else { Self::System }
    }

    /// The main file of the configuration.
    pub(crate) fn main_file(self) -> PathBuf {
        match self {
            Self::System => PathBuf::from(MAIN_FILE),
            Self::User => user_folder("XDG_CONFIG_HOME", ".config").join("virtplug/virtplug.toml"),
        }
    }

    /// Where the daemon listens.
    pub(crate) fn socket(self) -> PathBuf {
        if let Some(named) = env::var_os(SOCKET_VARIABLE) {
            return named.into();
        }
        match self {
            Self::System => PathBuf::from(virtplug_ipc::SOCKET),
            Self::User => user_socket(),
        }
    }

    /// How a configuration is read.
    pub(crate) fn options(self) -> Options {
        Options {
            usual_connection: match self {
                Self::System => ConnectionUri::default(),
                Self::User => ConnectionUri::new(SESSION),
            },
            ..Options::default()
        }
    }

    /// What has systemd start the daemon.
    pub(crate) fn start_command(self) -> &'static str {
        match self {
            Self::System => "systemctl start virtplug",
            Self::User => "systemctl --user start virtplug",
        }
    }
}

/// The socket of the daemon that this user runs.
fn user_socket() -> PathBuf {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|folder| folder.is_absolute());
    let usual = || PathBuf::from(format!("/run/user/{}", geteuid()));
    runtime.unwrap_or_else(usual).join("virtplug/control.sock")
}

/// A folder of the user's: as a variable says it, or as usual in the home.
fn user_folder(variable: &str, usual: &str) -> PathBuf {
    let folder = env::var_os(variable).map(PathBuf::from);
    let folder = folder.filter(|folder| folder.is_absolute());
    folder.unwrap_or_else(|| env::home_dir().unwrap_or_default().join(usual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_counts_most_then_ones_own_daemon() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("control.sock");
        assert_eq!(Scope::of(None, &own, false), Scope::System);
        std::fs::write(&own, "").unwrap();
        assert_eq!(Scope::of(None, &own, false), Scope::User);
        // Root's commands are for the system, also within `sudo`.
        assert_eq!(Scope::of(None, &own, true), Scope::System);
        let other = Path::new("/run/other.sock");
        assert_eq!(Scope::of(Some(other), &own, false), Scope::System);
        assert_eq!(Scope::of(Some(&own), &own, true), Scope::User);
    }

    #[test]
    fn machines_of_a_user_are_those_of_the_session() {
        let options = Scope::User.options();
        assert_eq!(options.usual_connection.as_str(), "qemu:///session");
        assert_eq!(Scope::System.options(), Options::default());
    }
}
