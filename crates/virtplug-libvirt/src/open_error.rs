//! Why a connection could not be opened.

#![forbid(unsafe_code)]

use thiserror::Error;
use virt_sys as sys;

use crate::ffi::LibvirtError;

/// Why a connection could not be opened. Codes are `virErrorNumber`, messages
/// libvirt's own.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Nobody listens on libvirt's socket: it is not running, or not installed.
    #[error("libvirt is not running: {message} (libvirt error {code})")]
    NotRunning {
        /// `virErrorNumber`.
        code: i32,
        /// libvirt's text.
        message: String,
    },
    /// libvirt is there and refuses this user.
    #[error(
        "libvirt refuses this user: {message} (libvirt error {code}); \
         run as root or as a member of the group libvirt"
    )]
    NotPermitted {
        /// `virErrorNumber`.
        code: i32,
        /// libvirt's text.
        message: String,
    },
    /// Anything else, such as a URI that no driver knows.
    #[error("{message} (libvirt error {code})")]
    Other {
        /// `virErrorNumber`.
        code: i32,
        /// libvirt's text.
        message: String,
    },
}

impl From<LibvirtError> for OpenError {
    /// Decides by code and errno; the text is in any language.
    fn from(error: LibvirtError) -> Self {
        let LibvirtError {
            code,
            message,
            errno,
        } = error;
        match code.cast_unsigned() {
            sys::VIR_ERR_SYSTEM_ERROR => match errno {
                libc::ENOENT | libc::ECONNREFUSED => Self::NotRunning { code, message },
                libc::EACCES | libc::EPERM => Self::NotPermitted { code, message },
                _ => Self::Other { code, message },
            },
            sys::VIR_ERR_OPERATION_DENIED
            | sys::VIR_ERR_AUTH_FAILED
            | sys::VIR_ERR_AUTH_CANCELLED
            | sys::VIR_ERR_AUTH_UNAVAILABLE
            | sys::VIR_ERR_ACCESS_DENIED => Self::NotPermitted { code, message },
            _ => Self::Other { code, message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(code: i32, errno: i32) -> OpenError {
        OpenError::from(LibvirtError {
            code,
            message: "text".to_owned(),
            errno,
        })
    }

    #[test]
    fn missing_and_refused_are_told_apart_without_the_text() {
        for errno in [libc::ENOENT, libc::ECONNREFUSED] {
            assert!(matches!(judged(38, errno), OpenError::NotRunning { .. }));
        }
        for errno in [libc::EACCES, libc::EPERM] {
            assert!(matches!(judged(38, errno), OpenError::NotPermitted { .. }));
        }
        for code in [29, 45, 79, 88, 94] {
            assert!(matches!(judged(code, 0), OpenError::NotPermitted { .. }));
        }
        // An errno counts only where the code says that there is one.
        assert!(matches!(judged(5, libc::ENOENT), OpenError::Other { .. }));
        assert!(matches!(judged(38, libc::EMFILE), OpenError::Other { .. }));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        assert_eq!(
            judged(38, libc::EACCES).to_string(),
            "libvirt refuses this user: text (libvirt error 38); \
             run as root or as a member of the group libvirt"
        );
    }
}
