//! What libvirt's domain states mean for attaching.

#![forbid(unsafe_code)]

use virt_sys as sys;
use virtplug_core::Activity;

/// Judges a state and its reason (`virDomainState` and the reason enums of
/// libvirt-domain.h). `None`: the machine is off.
///
/// `Busy` is only what ends by itself with a lifecycle event, since nothing
/// else would wake us; a steady state is `Ready`, and a call that comes at the
/// wrong time is refused and tried again. That holds for states and reasons
/// of a later libvirt, too.
pub(crate) fn activity(state: i32, reason: i32) -> Option<Activity> {
    let (state, reason) = (state.cast_unsigned(), reason.cast_unsigned());
    let busy = match state {
        sys::VIR_DOMAIN_SHUTOFF => return None,
        // The destination of a migration that is still under way. QEMU takes
        // no devices then (qdev_device_add).
        sys::VIR_DOMAIN_RUNNING => matches!(
            reason,
            sys::VIR_DOMAIN_RUNNING_POSTCOPY | sys::VIR_DOMAIN_RUNNING_POSTCOPY_FAILED
        ),
        sys::VIR_DOMAIN_PAUSED => matches!(
            reason,
            sys::VIR_DOMAIN_PAUSED_MIGRATION
                | sys::VIR_DOMAIN_PAUSED_SAVE
                | sys::VIR_DOMAIN_PAUSED_DUMP
                | sys::VIR_DOMAIN_PAUSED_SHUTTING_DOWN
                | sys::VIR_DOMAIN_PAUSED_SNAPSHOT
                | sys::VIR_DOMAIN_PAUSED_CRASHED
                | sys::VIR_DOMAIN_PAUSED_STARTING_UP
                | sys::VIR_DOMAIN_PAUSED_POSTCOPY
                | sys::VIR_DOMAIN_PAUSED_POSTCOPY_FAILED
        ),
        sys::VIR_DOMAIN_SHUTDOWN | sys::VIR_DOMAIN_CRASHED => true,
        // Blocked and "no state" are a running machine of Xen. Suspended by
        // the guest's power management is like paused: libvirt asks only
        // whether the machine is active (qemuDomainAttachDeviceFlags), QEMU
        // only whether it migrates (qdev_device_add).
        _ => false,
    };
    Some(if busy {
        Activity::Busy
    } else {
        Activity::Ready
    })
}

/// Why a machine does not run and can be made to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standstill {
    /// It is off.
    Off,
    /// Somebody paused it.
    Paused,
    /// Its guest suspended it.
    Suspended,
}

impl Standstill {
    /// Judges a state and its reason. `None`: it runs, or stands still for a
    /// reason that a resume would not mend, such as an I/O error or a migration.
    pub(crate) fn of(state: i32, reason: i32) -> Option<Self> {
        match (state.cast_unsigned(), reason.cast_unsigned()) {
            (sys::VIR_DOMAIN_SHUTOFF, _) => Some(Self::Off),
            (sys::VIR_DOMAIN_PAUSED, sys::VIR_DOMAIN_PAUSED_USER) => Some(Self::Paused),
            (sys::VIR_DOMAIN_PMSUSPENDED, _) => Some(Self::Suspended),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers are those of libvirt-domain.h, not taken from the bindings.
    #[test]
    fn each_state_has_its_activity() {
        let ready = Some(Activity::Ready);
        let busy = Some(Activity::Busy);
        for (state, reason, expected, what) in [
            (0, 0, ready, "no state"),
            (1, 1, ready, "booted"),
            (1, 5, ready, "unpaused"),
            (1, 10, busy, "running in post-copy"),
            (1, 11, busy, "running in failed post-copy"),
            (2, 0, ready, "blocked"),
            (3, 0, ready, "paused, unknown why"),
            (3, 1, ready, "paused by a user"),
            (3, 2, busy, "paused for migration"),
            (3, 3, busy, "paused for save"),
            (3, 4, busy, "paused for dump"),
            (3, 5, ready, "paused by an I/O error"),
            (3, 6, ready, "paused by a watchdog"),
            (3, 7, ready, "paused after a snapshot was restored"),
            (3, 8, busy, "paused while shutting down"),
            (3, 9, busy, "paused for a snapshot"),
            (3, 10, busy, "paused by a crash"),
            (3, 11, busy, "starting"),
            (3, 12, busy, "paused for post-copy"),
            (3, 13, busy, "paused after failed post-copy"),
            (3, 14, ready, "paused by a failed call"),
            (4, 1, busy, "shutting down"),
            (5, 1, None, "off"),
            (6, 1, busy, "crashed"),
            (7, 0, ready, "suspended by the guest"),
            (99, 0, ready, "a state of a later libvirt"),
            (-1, -1, ready, "nonsense"),
        ] {
            assert_eq!(activity(state, reason), expected, "{what}");
        }
    }

    #[test]
    fn only_what_somebody_stopped_can_be_started() {
        for state in 0..10 {
            for reason in 0..16 {
                let expected = match (state, reason) {
                    (5, _) => Some(Standstill::Off),
                    (3, 1) => Some(Standstill::Paused),
                    (7, _) => Some(Standstill::Suspended),
                    _ => None,
                };
                assert_eq!(Standstill::of(state, reason), expected, "{state} {reason}");
            }
        }
        assert_eq!(Standstill::of(-1, -1), None);
    }
}
