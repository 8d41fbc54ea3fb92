//! The calls into libvirt: each as a safe function or a type that owns its C
//! object. Nothing here decides anything.
//!
//! libvirt's connections and domains may be used from any thread and from
//! several at once (libvirt, "Thread safety" of the API concepts); its last
//! error belongs to the thread.

mod callback;
mod connect;
mod domain;

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use virt_sys as sys;
use virtplug_core::CallError;

pub(crate) use connect::{Connect, DomainEvent};
pub(crate) use domain::Domain;

/// An error of libvirt, copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LibvirtError {
    /// `virErrorNumber`.
    pub(crate) code: i32,
    /// libvirt's text. May be empty.
    pub(crate) message: String,
    /// With the code `VIR_ERR_SYSTEM_ERROR` the errno, otherwise of no meaning.
    pub(crate) errno: i32,
}

impl LibvirtError {
    /// An error that is found before libvirt is called.
    pub(crate) fn new(code: sys::virErrorNumber, message: impl Into<String>) -> Self {
        Self {
            code: code.cast_signed(),
            message: message.into(),
            errno: 0,
        }
    }

    /// The last error of this thread; to be asked for right after a call that failed.
    fn last() -> Self {
        // SAFETY: may be called at any time; what it returns stays valid until
        // this thread calls libvirt again.
        let error = unsafe { sys::virGetLastError().as_ref() };
        match error {
            Some(error) => Self {
                code: error.code,
                // SAFETY: the message of an error is a C string or null.
                message: unsafe { text(error.message) }.unwrap_or_default(),
                errno: error.int1,
            },
            None => Self::new(sys::VIR_ERR_OK, "libvirt gave no reason"),
        }
    }

    /// Whether libvirt says that there is no such domain.
    pub(crate) fn is_no_domain(&self) -> bool {
        self.code.cast_unsigned() == sys::VIR_ERR_NO_DOMAIN
    }
}

impl From<LibvirtError> for CallError {
    fn from(error: LibvirtError) -> Self {
        Self::Libvirt {
            code: error.code,
            message: error.message,
        }
    }
}

/// Initialises libvirt, registers its event loop and takes its errors off
/// stderr. May be called again.
pub(crate) fn initialize() -> Result<(), LibvirtError> {
    // SAFETY: guarded inside libvirt, may be called from any thread.
    check(unsafe { sys::virInitialize() })?;
    // SAFETY: the function ignores its arguments and lives as long as the program.
    unsafe { sys::virSetErrorFunc(ptr::null_mut(), Some(callback::on_error)) };
    // SAFETY: libvirt is initialised, and no connection was opened before.
    // A second registration is ignored.
    check(unsafe { sys::virEventRegisterDefaultImpl() })
}

/// Waits until something happens on a connection or a timer of libvirt runs
/// out, and dispatches it.
pub(crate) fn run_event_loop_once() -> Result<(), LibvirtError> {
    // SAFETY: callable once the event loop is registered, which `initialize`
    // did; without it the call returns an error.
    check(unsafe { sys::virEventRunDefaultImpl() })
}

/// Most calls of libvirt return -1 for an error.
fn check(result: i32) -> Result<(), LibvirtError> {
    if result < 0 {
        Err(LibvirtError::last())
    } else {
        Ok(())
    }
}

/// Copies a C string; what is no UTF-8 in it is replaced.
///
/// # Safety
///
/// Null, or a C string that nobody changes meanwhile.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not null, and the caller vouches for the rest.
    let text = unsafe { CStr::from_ptr(pointer) };
    Some(text.to_string_lossy().into_owned())
}

/// Gives back memory that libvirt allocated for the caller.
///
/// # Safety
///
/// From malloc(3), and not used afterwards.
unsafe fn free<T>(pointer: *mut T) {
    // SAFETY: as the caller vouches.
    unsafe { libc::free(pointer.cast::<c_void>()) }
}
