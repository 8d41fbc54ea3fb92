//! Why calls fail, in few words that never change. libvirt's own text depends on its
//! version and language, and may name devices.

use virtplug_core::CallError;

/// A class of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// The device was unplugged or enumerated anew right before the call.
    InstanceChanged,
    /// The host uses the device, as was seen right before the call.
    InUse,
    /// The connection was closed, or broke.
    Connection,
    /// libvirt does not allow it.
    Denied,
    /// libvirt knows no such machine.
    NoMachine,
    /// Not possible now: the machine does not run, or another one has the device.
    NotNow,
    /// libvirt finds no such device.
    NoDevice,
    /// libvirt or QEMU did not answer in time.
    Timeout,
    /// This machine or this libvirt cannot do that.
    Unsupported,
    /// The kernel refused.
    System,
    /// QEMU refused, or libvirt failed inside.
    Internal,
    /// Something else.
    Other,
}

impl Reason {
    pub(super) const ALL: [Self; 12] = [
        Self::InstanceChanged,
        Self::InUse,
        Self::Connection,
        Self::Denied,
        Self::NoMachine,
        Self::NotNow,
        Self::NoDevice,
        Self::Timeout,
        Self::Unsupported,
        Self::System,
        Self::Internal,
        Self::Other,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::InstanceChanged => "instance_changed",
            Self::InUse => "in_use",
            Self::Connection => "connection",
            Self::Denied => "denied",
            Self::NoMachine => "no_machine",
            Self::NotNow => "not_now",
            Self::NoDevice => "no_device",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::System => "system",
            Self::Internal => "internal",
            Self::Other => "other",
        }
    }

    /// The class of an error. Numbers are those of libvirt's `virErrorNumber`.
    pub(super) fn of(error: &CallError) -> Self {
        match error {
            CallError::InstanceChanged => Self::InstanceChanged,
            CallError::InUse(_) => Self::InUse,
            CallError::Libvirt { code, .. } => match code {
                // Ours for a closed connection; NO_CONNECT, INVALID_CONN, RPC.
                0 | 5 | 6 | 39 => Self::Connection,
                // OPERATION_DENIED, AUTH_FAILED, AUTH_CANCELLED, ACCESS_DENIED, AUTH_UNAVAILABLE.
                29 | 45 | 79 | 88 | 94 => Self::Denied,
                // INVALID_DOMAIN, NO_DOMAIN.
                7 | 42 => Self::NoMachine,
                // OPERATION_INVALID.
                55 => Self::NotNow,
                // DEVICE_MISSING.
                99 => Self::NoDevice,
                // OPERATION_TIMEOUT.
                68 => Self::Timeout,
                // NO_SUPPORT, CONFIG_UNSUPPORTED, ARGUMENT_UNSUPPORTED, OPERATION_UNSUPPORTED.
                3 | 67 | 74 | 84 => Self::Unsupported,
                // SYSTEM_ERROR.
                38 => Self::System,
                // INTERNAL_ERROR, OPERATION_FAILED.
                1 | 9 => Self::Internal,
                _ => Self::Other,
            },
        }
    }
}
