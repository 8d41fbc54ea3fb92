//! Failure: why a device was not read, and how errors are told.

use std::error::Error;
use std::io;

use rustix::io::Errno;

use crate::attribute::AttributeError;

/// Why a device was not read.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It is not there.
    Gone,
    /// Another instance took its place meanwhile.
    Replaced,
    /// It is there, with what failed.
    Unreadable(String),
    /// This process lacks a resource.
    Exhausted(io::Error),
}

impl Failure {
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Gone => "it is gone".to_owned(),
            Self::Replaced => "it is enumerated again and again while it is read".to_owned(),
            Self::Unreadable(reason) => reason.clone(),
            Self::Exhausted(error) => error.to_string(),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if is_exhaustion(&error) {
            Self::Exhausted(error)
        } else {
            Self::Unreadable(error.to_string())
        }
    }
}

impl From<AttributeError> for Failure {
    fn from(error: AttributeError) -> Self {
        match error {
            AttributeError::Read { source, .. } if is_exhaustion(&source) => {
                Self::Exhausted(source)
            }
            error => Self::Unreadable(chain(&error)),
        }
    }
}

/// Whether an error says that this process or the system ran out of file
/// descriptors or memory. It tells nothing about the device that was being
/// read, and the next device would fail alike.
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    Errno::from_io_error(error)
        .is_some_and(|errno| matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM))
}

/// An error and its sources in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lack_of_resources_stops_a_scan() {
        let stops = |errno: Errno| {
            let read = AttributeError::Read {
                name: "busnum",
                source: errno.into(),
            };
            let by_read = matches!(Failure::from(read), Failure::Exhausted(_));
            let by_path = matches!(Failure::from(io::Error::from(errno)), Failure::Exhausted(_));
            assert_eq!(by_read, by_path, "{errno:?}");
            by_path
        };
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOMEM] {
            assert!(stops(errno), "{errno:?}");
        }
        for errno in [
            Errno::NOENT,
            Errno::IO,
            Errno::NODEV,
            Errno::PROTO,
            Errno::AGAIN,
        ] {
            assert!(!stops(errno), "{errno:?}");
        }
    }

    #[test]
    fn a_reason_names_the_attribute_and_the_failure_once() {
        let error = AttributeError::Read {
            name: "devnum",
            source: io::Error::other("broken"),
        };
        assert_eq!(
            Failure::from(error).reason(),
            "cannot read the attribute devnum: broken"
        );
    }
}
