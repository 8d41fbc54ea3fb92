//! Why nothing is written.

use virtplug_config::edit::EditError;

use crate::exit::Exit;
use crate::output::message;
use crate::settings;

/// Why nothing is written.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The user ended it.
    Ended,
    /// The command line does not fit the situation.
    Usage(String),
    /// The configuration is wrong; what is wrong was shown.
    Config,
    /// The user may not write it.
    NotPermitted(String),
    /// Anything else.
    Other(String),
}

impl Failure {
    /// Tells it.
    pub(crate) fn tell(self) -> Exit {
        let (text, exit) = match self {
            Self::Ended => ("ended; nothing was changed".to_owned(), Exit::Failed),
            Self::Usage(text) => (format!("error: {text}"), Exit::Usage),
            Self::Config => return Exit::Config,
            Self::NotPermitted(text) => (format!("error: {text}; use `sudo`"), Exit::NotPermitted),
            Self::Other(text) => (format!("error: {text}"), Exit::Failed),
        };
        message(text);
        exit
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match &error {
            error if error.is_permission() => Self::NotPermitted(error.to_string()),
            EditError::Wrong(wrong) => {
                settings::show(wrong.diagnostics());
                Self::Config
            }
            EditError::WouldBeWrong { error: wrong, .. } => {
                settings::show(wrong.diagnostics());
                Self::Other(error.to_string())
            }
            _ => Self::Other(error.to_string()),
        }
    }
}
