//! A domain, as libvirt had it when it was looked up.

use std::ffi::CStr;
use std::ptr::NonNull;

use virt_sys as sys;
use virtplug_core::Uuid;

use super::{LibvirtError, check, free, text};

/// A reference to a domain. It names the domain and stays valid when that is
/// gone; the calls then fail.
#[derive(Debug)]
pub(crate) struct Domain(NonNull<sys::virDomain>);

// SAFETY: libvirt counts references with atomic operations and locks what else changes.
unsafe impl Send for Domain {}
// SAFETY: as above; each error belongs to the thread that made the call.
unsafe impl Sync for Domain {}

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
    pub(crate) fn uuid(&self) -> Result<Uuid, LibvirtError> {
        // SAFETY: the domain is valid.
        unsafe { uuid(self.0.as_ptr()) }
    }

    /// Starts the domain, which is off. Returns when it runs.
    pub(crate) fn create(&self) -> Result<(), LibvirtError> {
        // SAFETY: the domain is valid.
        check(unsafe { sys::virDomainCreate(self.0.as_ptr()) })
    }

    /// Lets the domain, which is paused, go on.
    pub(crate) fn resume(&self) -> Result<(), LibvirtError> {
        // SAFETY: the domain is valid.
        check(unsafe { sys::virDomainResume(self.0.as_ptr()) })
    }

    /// Wakes the domain, which its guest suspended.
    pub(crate) fn wake_up(&self) -> Result<(), LibvirtError> {
        // SAFETY: the domain is valid; there are no flags.
        check(unsafe { sys::virDomainPMWakeup(self.0.as_ptr(), 0) })
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
        self.xml_with(0)
    }

    /// The XML with which the domain starts the next time, without secrets.
    pub(crate) fn definition(&self) -> Result<String, LibvirtError> {
        self.xml_with(sys::VIR_DOMAIN_XML_INACTIVE)
    }

    fn xml_with(&self, flags: sys::virDomainXMLFlags) -> Result<String, LibvirtError> {
        // SAFETY: the domain is valid.
        let xml = unsafe { sys::virDomainGetXMLDesc(self.0.as_ptr(), flags) };
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

/// The UUID of a domain, without a round trip.
///
/// # Safety
///
/// A valid domain.
pub(super) unsafe fn uuid(domain: sys::virDomainPtr) -> Result<Uuid, LibvirtError> {
    let mut uuid = [0; sys::VIR_UUID_BUFLEN as usize];
    // SAFETY: valid, as the caller vouches; libvirt writes VIR_UUID_BUFLEN bytes.
    check(unsafe { sys::virDomainGetUUID(domain, uuid.as_mut_ptr()) })?;
    Ok(Uuid(uuid))
}

impl Drop for Domain {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and it is not used afterwards.
        unsafe { sys::virDomainFree(self.0.as_ptr()) };
    }
}
