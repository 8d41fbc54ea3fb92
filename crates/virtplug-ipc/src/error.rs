//! Why a call failed.

use std::fmt;

use zlink::introspect;

/// The error replies. Each message is a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, zlink::ReplyError, introspect::ReplyError)]
#[zlink(interface = "org.virtplug.Control")]
pub enum ControlError {
    /// The caller may not do this.
    NotPermitted {
        /// What is needed.
        message: String,
    },
    /// No device is meant, or several are.
    NoSuchDevice {
        /// What was meant, with the candidates.
        message: String,
    },
    /// No machine is meant.
    NoSuchMachine {
        /// What was meant, with the candidates.
        message: String,
    },
    /// There is no such group of rules.
    NoSuchGroup {
        /// What was meant, with the groups.
        message: String,
    },
    /// The machine does not run.
    MachineOff {
        /// Which.
        message: String,
    },
    /// The configuration is wrong, so the old one stays.
    WrongConfiguration {
        /// What is wrong.
        message: String,
    },
    /// The daemon cannot answer now.
    Busy {
        /// Why.
        message: String,
    },
    /// Something else failed.
    Failed {
        /// What.
        message: String,
    },
}

impl ControlError {
    /// The sentence for people.
    pub fn message(&self) -> &str {
        match self {
            Self::NotPermitted { message }
            | Self::NoSuchDevice { message }
            | Self::NoSuchMachine { message }
            | Self::NoSuchGroup { message }
            | Self::MachineOff { message }
            | Self::WrongConfiguration { message }
            | Self::Busy { message }
            | Self::Failed { message } => message,
        }
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for ControlError {}
