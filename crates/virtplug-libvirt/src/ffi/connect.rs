//! An open connection.

use std::ffi::{CStr, c_int, c_uint, c_ulong, c_void};
use std::ptr::{self, NonNull};
use std::{mem, slice, thread};

use virt_sys as sys;
use virtplug_core::Uuid;

use super::callback::{self, Device, Lifecycle};
use super::{Domain, LibvirtError, check, free};

/// Name of the thread that closes a connection (at most 15 bytes).
const CLOSING_THREAD: &str = "vp-libvirt-end";

/// The kinds of events that are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DomainEvent {
    /// `VIR_DOMAIN_EVENT_ID_LIFECYCLE`.
    Lifecycle,
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_ADDED`.
    DeviceAdded,
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED`.
    DeviceRemoved,
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED`.
    RemovalFailed,
}

impl DomainEvent {
    /// All kinds.
    pub(crate) const ALL: [Self; 4] = [
        Self::Lifecycle,
        Self::DeviceAdded,
        Self::DeviceRemoved,
        Self::RemovalFailed,
    ];

    fn id(self) -> sys::virDomainEventID {
        match self {
            Self::Lifecycle => sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE,
            Self::DeviceAdded => sys::VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
            Self::DeviceRemoved => sys::VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
            Self::RemovalFailed => sys::VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED,
        }
    }

    /// The callback, in the one type that libvirt takes for all events
    /// (`VIR_DOMAIN_EVENT_CALLBACK` in C).
    fn callback(self) -> Generic {
        let device: Device = match self {
            Self::Lifecycle => {
                let lifecycle: Lifecycle = callback::on_lifecycle;
                // SAFETY: function pointers have one size; libvirt casts it back
                // to the type of this event before it calls it.
                return unsafe { mem::transmute::<Lifecycle, Generic>(lifecycle) };
            }
            Self::DeviceAdded => callback::on_added,
            Self::DeviceRemoved => callback::on_removed,
            Self::RemovalFailed => callback::on_removal_failed,
        };
        // SAFETY: as above.
        unsafe { mem::transmute::<Device, Generic>(device) }
    }
}

/// The inside of `virConnectDomainEventGenericCallback`.
type Generic = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void);

/// An open connection. Dropping it closes it on a thread of its own, as that
/// takes round trips, which a server that hangs does not answer.
#[derive(Debug)]
pub(crate) struct Connect {
    connection: NonNull<sys::virConnect>,
    callbacks: Vec<c_int>,
}

// SAFETY: libvirt locks its connections.
unsafe impl Send for Connect {}
// SAFETY: libvirt locks its connections.
unsafe impl Sync for Connect {}

impl Connect {
    /// Opens a connection. Without an authentication callback libvirt has
    /// nobody to ask and fails where it would.
    pub(crate) fn open(uri: &CStr) -> Result<Self, LibvirtError> {
        // SAFETY: the URI is a C string; libvirt copies it.
        let connection = unsafe { sys::virConnectOpen(uri.as_ptr()) };
        Ok(Self {
            connection: NonNull::new(connection).ok_or_else(LibvirtError::last)?,
            callbacks: Vec::new(),
        })
    }

    /// Has both sides prove every `interval` seconds that they are there;
    /// `count` proofs may be missed. False where the driver works without a
    /// server and there is nobody to prove anything.
    pub(crate) fn set_keepalive(
        &self,
        interval: c_int,
        count: c_uint,
    ) -> Result<bool, LibvirtError> {
        // SAFETY: the connection is open.
        let result = unsafe { sys::virConnectSetKeepAlive(self.pointer(), interval, count) };
        match check(result) {
            Ok(()) => Ok(true),
            Err(error) if error.code.cast_unsigned() == sys::VIR_ERR_NO_SUPPORT => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Has the loss of the connection told to a listener. A driver without a
    /// server takes the callback and never calls it.
    pub(crate) fn watch_close(&self, listener: usize) -> Result<(), LibvirtError> {
        // SAFETY: the connection is open, the callback fits, and the opaque
        // value is a number, which needs no free function.
        check(unsafe {
            sys::virConnectRegisterCloseCallback(
                self.pointer(),
                Some(callback::on_close),
                callback::opaque(listener),
                None,
            )
        })
    }

    /// Has an event of all domains told to a listener.
    pub(crate) fn watch(
        &mut self,
        event: DomainEvent,
        listener: usize,
    ) -> Result<(), LibvirtError> {
        // SAFETY: the connection is open, the callback is of the event's type,
        // and the opaque value is a number, which needs no free function.
        let callback = unsafe {
            sys::virConnectDomainEventRegisterAny(
                self.pointer(),
                ptr::null_mut(),
                event.id().cast_signed(),
                Some(event.callback()),
                callback::opaque(listener),
                None,
            )
        };
        check(callback)?;
        self.callbacks.push(callback);
        Ok(())
    }

    /// Whether the connection is still usable, as far as this side knows.
    pub(crate) fn is_alive(&self) -> bool {
        // SAFETY: the connection is open.
        unsafe { sys::virConnectIsAlive(self.pointer()) == 1 }
    }

    /// The version of libvirt on the other side, `major * 1_000_000 + minor * 1_000 + release`.
    pub(crate) fn lib_version(&self) -> Result<c_ulong, LibvirtError> {
        let mut version = 0;
        // SAFETY: the connection is open; libvirt writes the number.
        check(unsafe { sys::virConnectGetLibVersion(self.pointer(), &raw mut version) })?;
        Ok(version)
    }

    /// The version of the hypervisor, in the same form; 0 where it has none.
    pub(crate) fn hypervisor_version(&self) -> Result<c_ulong, LibvirtError> {
        let mut version = 0;
        // SAFETY: the connection is open; libvirt writes the number.
        check(unsafe { sys::virConnectGetVersion(self.pointer(), &raw mut version) })?;
        Ok(version)
    }

    /// All domains, in one round trip.
    pub(crate) fn domains(&self) -> Result<Vec<Domain>, LibvirtError> {
        let mut array = ptr::null_mut();
        // SAFETY: the connection is open; libvirt writes the array's address.
        let count = unsafe { sys::virConnectListAllDomains(self.pointer(), &raw mut array, 0) };
        check(count)?;
        if array.is_null() {
            return Ok(Vec::new());
        }
        let count = usize::try_from(count).unwrap_or_default();
        // SAFETY: libvirt filled the array with that many domains, each with a
        // reference that is ours.
        let domains = unsafe { slice::from_raw_parts(array, count) }
            .iter()
            .filter_map(|domain| NonNull::new(*domain))
            // SAFETY: as above.
            .map(|domain| unsafe { Domain::from_owned(domain) })
            .collect();
        // SAFETY: the array is from malloc(3) and was copied.
        unsafe { free(array) };
        Ok(domains)
    }

    /// The domain of that name.
    pub(crate) fn domain(&self, name: &CStr) -> Result<Domain, LibvirtError> {
        // SAFETY: the connection is open, the name is a C string.
        let domain = unsafe { sys::virDomainLookupByName(self.pointer(), name.as_ptr()) };
        let domain = NonNull::new(domain).ok_or_else(LibvirtError::last)?;
        // SAFETY: libvirt returned a reference that is ours.
        Ok(unsafe { Domain::from_owned(domain) })
    }

    /// The domain with that UUID.
    pub(crate) fn domain_with_uuid(&self, uuid: Uuid) -> Result<Domain, LibvirtError> {
        // SAFETY: the connection is open; libvirt reads VIR_UUID_BUFLEN bytes, which the array has.
        let domain = unsafe { sys::virDomainLookupByUUID(self.pointer(), uuid.0.as_ptr()) };
        let domain = NonNull::new(domain).ok_or_else(LibvirtError::last)?;
        // SAFETY: libvirt returned a reference that is ours.
        Ok(unsafe { Domain::from_owned(domain) })
    }

    /// Closes the connection here and now, which may take as long as the
    /// server does not answer.
    pub(crate) fn close(mut self) {
        drop(self.take_closing());
        // What `drop` would do is done.
        mem::forget(self);
    }

    fn pointer(&self) -> sys::virConnectPtr {
        self.connection.as_ptr()
    }

    fn take_closing(&mut self) -> Closing {
        Closing {
            connection: self.connection,
            callbacks: mem::take(&mut self.callbacks),
        }
    }
}

impl Drop for Connect {
    fn drop(&mut self) {
        let closing = self.take_closing();
        // Where there is no thread to be had, the closure is dropped and the
        // connection is closed here.
        let _ = thread::Builder::new()
            .name(CLOSING_THREAD.to_owned())
            .spawn(move || drop(closing));
    }
}

/// A connection that nobody uses any more. Dropping it closes it.
struct Closing {
    connection: NonNull<sys::virConnect>,
    callbacks: Vec<c_int>,
}

// SAFETY: libvirt locks its connections.
unsafe impl Send for Closing {}

impl Drop for Closing {
    fn drop(&mut self) {
        let connection = self.connection.as_ptr();
        // Each registration holds a reference to the connection, so that none
        // may be left out. They fail where the connection is lost, or for a
        // close callback that was called; libvirt has let go of it then.
        for callback in &self.callbacks {
            // SAFETY: the connection is open and the callback registered on it.
            unsafe { sys::virConnectDomainEventDeregisterAny(connection, *callback) };
        }
        // SAFETY: the connection is open; this is the callback that was registered.
        unsafe { sys::virConnectUnregisterCloseCallback(connection, Some(callback::on_close)) };
        // SAFETY: the reference is ours, and it is not used afterwards.
        unsafe { sys::virConnectClose(connection) };
    }
}
