//! A domain, as libvirt had it when it was looked up.

use std::ffi::CStr;
use std::ptr::NonNull;

use virt_sys as sys;

use super::{LibvirtError, check, free, text};

/// A reference to a domain. It names the domain and stays valid when that is
/// gone; the calls then fail.
#[derive(Debug)]
pub(crate) struct Domain(NonNull<sys::virDomain>);

impl Domain {
    /// Takes a reference over.
    ///
    /// # Safety
    ///
    /// A valid domain, whose reference nobody else gives back.
    pub(super) unsafe fn from_owned(domain: NonNull<sys::virDomain>) -> Self {
        Self(domain)
    }

    /// The name. No round trip.
    pub(crate) fn name(&self) -> String {
        // SAFETY: the domain is valid, and its name belongs to it.
        unsafe { text(sys::virDomainGetName(self.0.as_ptr())) }.unwrap_or_default()
    }

    /// The id at the time of the look-up, `None` when it was off. No round trip.
    pub(crate) fn id(&self) -> Option<u32> {
        // SAFETY: the domain is valid.
        let id = unsafe { sys::virDomainGetID(self.0.as_ptr()) };
        // (unsigned int)-1 stands for an inactive domain.
        (id != u32::MAX).then_some(id)
    }

    /// The UUID. No round trip.
    pub(crate) fn uuid(&self) -> Result<[u8; 16], LibvirtError> {
        let mut uuid = [0; sys::VIR_UUID_BUFLEN as usize];
        // SAFETY: the domain is valid; libvirt writes VIR_UUID_BUFLEN bytes.
        check(unsafe { sys::virDomainGetUUID(self.0.as_ptr(), uuid.as_mut_ptr()) })?;
        Ok(uuid)
    }

    /// State and reason, as `virDomainState` and the enum of reasons for it.
    pub(crate) fn state(&self) -> Result<(i32, i32), LibvirtError> {
        let (mut state, mut reason) = (0, 0);
        // SAFETY: the domain is valid; libvirt writes the two numbers.
        let result =
            unsafe { sys::virDomainGetState(self.0.as_ptr(), &raw mut state, &raw mut reason, 0) };
        check(result)?;
        Ok((state, reason))
    }

    /// The XML: live when the domain is active, without secrets.
    pub(crate) fn xml(&self) -> Result<String, LibvirtError> {
        // SAFETY: the domain is valid.
        let xml = unsafe { sys::virDomainGetXMLDesc(self.0.as_ptr(), 0) };
        // SAFETY: a C string that is ours, or null.
        let copy = unsafe { text(xml) }.ok_or_else(LibvirtError::last)?;
        // SAFETY: from malloc(3), and copied.
        unsafe { free(xml) };
        Ok(copy)
    }

    /// Attaches a device to the running domain; the definition stays as it is.
    pub(crate) fn attach_live(&self, xml: &CStr) -> Result<(), LibvirtError> {
        // SAFETY: the domain is valid, the XML is a C string.
        check(unsafe {
            sys::virDomainAttachDeviceFlags(
                self.0.as_ptr(),
                xml.as_ptr(),
                sys::VIR_DOMAIN_AFFECT_LIVE,
            )
        })
    }

    /// Asks for a device to be detached from the running domain, by its alias.
    /// Returns before the device is gone; the definition stays as it is.
    pub(crate) fn detach_live(&self, alias: &CStr) -> Result<(), LibvirtError> {
        // SAFETY: the domain is valid, the alias is a C string.
        check(unsafe {
            sys::virDomainDetachDeviceAlias(
                self.0.as_ptr(),
                alias.as_ptr(),
                sys::VIR_DOMAIN_AFFECT_LIVE,
            )
        })
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and it is not used afterwards.
        unsafe { sys::virDomainFree(self.0.as_ptr()) };
    }
}
