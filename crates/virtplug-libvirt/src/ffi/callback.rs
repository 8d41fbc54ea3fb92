//! The functions that libvirt calls. They run on its event loop's thread or
//! within a call of the connection, must not call back into it and must not
//! unwind. Their last argument is no pointer but the number of a listener.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use virt_sys as sys;
use virtplug_core::{MachineKey, Uuid};

use crate::event::ConnectionEvent;
use crate::listener::deliver;

/// The callback for lifecycle events, as `virConnectDomainEventCallback`.
pub(super) type Lifecycle =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void) -> c_int;

/// The callback for events about one device of a domain, as
/// `virConnectDomainEventDeviceAddedCallback` and its siblings.
pub(super) type Device =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *const c_char, *mut c_void);

/// Dresses the number of a listener up as the pointer that libvirt hands on.
pub(super) fn opaque(listener: usize) -> *mut c_void {
    ptr::without_provenance_mut(listener)
}

/// libvirt's messages come back with the results of the calls; nothing is printed.
pub(super) unsafe extern "C" fn on_error(_: *mut c_void, _: sys::virErrorPtr) {}

pub(super) unsafe extern "C" fn on_lifecycle(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: libvirt passes a domain that is valid during this call.
    if let Some((name, uuid)) = unsafe { identity(domain) } {
        deliver(opaque.addr(), |uri| {
            ConnectionEvent::MachineChanged(MachineKey::new(uri.clone(), &name), uuid)
        });
    }
    0
}

pub(super) unsafe extern "C" fn on_added(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: libvirt passes a domain and an alias that are valid during this call.
    unsafe { device_event(domain, alias, opaque, ConnectionEvent::HostdevAdded) }
}

pub(super) unsafe extern "C" fn on_removed(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: libvirt passes a domain and an alias that are valid during this call.
    unsafe { device_event(domain, alias, opaque, ConnectionEvent::HostdevRemoved) }
}

pub(super) unsafe extern "C" fn on_removal_failed(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: libvirt passes a domain and an alias that are valid during this call.
    unsafe { device_event(domain, alias, opaque, ConnectionEvent::RemovalFailed) }
}

pub(super) unsafe extern "C" fn on_close(
    _: sys::virConnectPtr,
    reason: c_int,
    opaque: *mut c_void,
) {
    let reason = match reason.cast_unsigned() {
        sys::VIR_CONNECT_CLOSE_REASON_EOF => "libvirt ended the connection",
        sys::VIR_CONNECT_CLOSE_REASON_KEEPALIVE => "libvirt did not answer any more",
        sys::VIR_CONNECT_CLOSE_REASON_CLIENT => "the connection was closed on this side",
        _ => "the connection to libvirt failed",
    };
    deliver(opaque.addr(), |_| {
        ConnectionEvent::Closed(reason.to_owned())
    });
}

/// # Safety
///
/// A valid domain and a C string or null.
unsafe fn device_event(
    domain: sys::virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
    event: fn(MachineKey, Uuid, String) -> ConnectionEvent,
) {
    // SAFETY: as the caller vouches.
    let (identity, alias) = unsafe { (identity(domain), super::text(alias)) };
    if let Some((name, uuid)) = identity {
        deliver(opaque.addr(), |uri| {
            event(
                MachineKey::new(uri.clone(), &name),
                uuid,
                alias.unwrap_or_default(),
            )
        });
    }
}

/// The name and the UUID of a domain, without a round trip. Neither can be
/// missing with a valid domain.
///
/// # Safety
///
/// A valid domain.
unsafe fn identity(domain: sys::virDomainPtr) -> Option<(String, Uuid)> {
    // SAFETY: the name belongs to the domain, which is valid as the caller vouches.
    let name = unsafe { super::text(sys::virDomainGetName(domain)) }?;
    // SAFETY: as above.
    let uuid = unsafe { super::domain::uuid(domain) }.ok()?;
    Some((name, uuid))
}
