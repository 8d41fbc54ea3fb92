//! Exit codes, the same for every command.

use std::process::{ExitCode, Termination};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok,
    /// Something failed; the messages say what.
    Failed,
    /// The command was not used as it is meant.
    Usage,
    /// The caller may not do this.
    NotPermitted,
    /// The command needs the daemon, and it does not run.
    NotRunning,
    /// Another daemon has the socket.
    AlreadyRunning,
    /// The configuration is wrong or missing (`EX_CONFIG` of sysexits.h).
    Config,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotPermitted => 4,
            Self::NotRunning => 7,
            Self::AlreadyRunning => 8,
            Self::Config => 78,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
