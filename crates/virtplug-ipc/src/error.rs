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
    /// No device is meant.
    NoSuchDevice {
        /// What was meant, with those that look alike.
        message: String,
    },
    /// No machine is meant.
    NoSuchMachine {
        /// What was meant, with those that look alike.
        message: String,
    },
    /// A name is that of several devices or of several machines.
    Ambiguous {
        /// The name, with the candidates.
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

/// The message of an error, borrowed as the error is.
macro_rules! message_of {
    ($error:expr) => {
        match $error {
            ControlError::NotPermitted { message }
            | ControlError::NoSuchDevice { message }
            | ControlError::NoSuchMachine { message }
            | ControlError::Ambiguous { message }
            | ControlError::NoSuchGroup { message }
            | ControlError::MachineOff { message }
            | ControlError::WrongConfiguration { message }
            | ControlError::Busy { message }
            | ControlError::Failed { message } => message,
        }
    };
}

impl ControlError {
    /// The sentence for people.
    pub fn message(&self) -> &str {
        message_of!(self)
    }

    /// The same, to be changed: it is all that an error tells.
    pub fn message_mut(&mut self) -> &mut String {
        message_of!(self)
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for ControlError {}
