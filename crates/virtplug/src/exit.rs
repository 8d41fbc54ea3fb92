//! Exit codes, the same for every command.

use std::process::{ExitCode, Termination};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Ok,
    /// Something failed; the messages say what.
    Failed,
    /// The command line asks for what cannot be done.
    Usage,
    /// The configuration is wrong or missing (`EX_CONFIG` of sysexits.h).
    Config,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 78,
        })
    }
}
