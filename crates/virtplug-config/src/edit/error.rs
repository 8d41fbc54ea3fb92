//! Why a configuration is not changed.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::load::LoadError;
use crate::source::shown_path;
use crate::suggestion::quoted;

/// Why a configuration is not changed. Nothing was written.
#[derive(Debug)]
pub enum EditError {
    /// It is wrong as it is, or there is none where one is needed.
    Wrong(LoadError),
    /// No machine can have this name.
    Name(String),
    /// The same rule is there.
    Repeated {
        /// Where: `file:line`.
        origin: String,
    },
    /// The rule is not in a form that this can change.
    Form {
        /// The file.
        file: PathBuf,
    },
    /// The changed configuration would be wrong.
    WouldBeWrong {
        /// The file.
        file: PathBuf,
        /// What would be wrong.
        error: LoadError,
    },
    /// The changed configuration would mean something else than wished for.
    WouldDiffer {
        /// The file.
        file: PathBuf,
    },
    /// The file is a link to somewhere else, or is no file.
    Elsewhere {
        /// The file.
        file: PathBuf,
        /// Where it leads.
        target: Option<PathBuf>,
    },
    /// Somebody changed the file since it was read.
    Changed {
        /// The file.
        file: PathBuf,
    },
    /// The system refuses.
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl EditError {
    pub(super) fn io(file: &Path, error: io::Error) -> Self {
        Self::Io {
            file: file.to_owned(),
            error,
        }
    }

    /// What the configuration, or the changed one, has wrong.
    pub fn load_error(&self) -> Option<&LoadError> {
        match self {
            Self::Wrong(error) | Self::WouldBeWrong { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Whether another user could write it.
    pub fn is_permission(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::PermissionDenied)
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(error) => write!(f, "the configuration is wrong: {error}"),
            Self::Name(name) => write!(
                f,
                "no machine can have the name {}; write it as `virsh list --all` shows it",
                quoted(name)
            ),
            Self::Repeated { origin } => write!(f, "the same rule is at {origin}"),
            Self::Form { file } => write!(
                f,
                "{}: the entry is not written in a way that can be changed here; edit it by hand",
                shown_path(file)
            ),
            Self::WouldBeWrong { file, error } => write!(
                f,
                "{}: the changed configuration would be wrong: {error}; edit it by hand",
                shown_path(file)
            ),
            Self::WouldDiffer { file } => write!(
                f,
                "{}: the change would also alter other rules; edit it by hand",
                shown_path(file)
            ),
            Self::Elsewhere { file, target } => {
                let file = shown_path(file);
                match target {
                    Some(target) => write!(
                        f,
                        "{file} is a link to {}, outside of its folder; change that file by hand, \
                         or put a file in the place of the link",
                        shown_path(target)
                    ),
                    None => write!(
                        f,
                        "{file} is no file that can be replaced; look at it first"
                    ),
                }
            }
            Self::Changed { file } => write!(
                f,
                "{}: the file was changed meanwhile; run the command again",
                shown_path(file)
            ),
            Self::Io { file, error } if error.kind() == io::ErrorKind::PermissionDenied => write!(
                f,
                "{}: this user may not write it: {error}; run the command as root",
                shown_path(file)
            ),
            Self::Io { file, error } => {
                write!(f, "{}: cannot be written: {error}", shown_path(file))
            }
        }
    }
}

impl std::error::Error for EditError {}
