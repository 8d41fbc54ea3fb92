//! Faults: what can go wrong, by class.

use std::collections::BTreeMap;
use std::fmt;

use strum::EnumMessage;

use crate::random::Random;
use crate::tally::{self, Counts};

/// A class of faults. Each strikes at one kind of occasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, EnumMessage)]
pub enum Fault {
    /// The udev socket overflows: the event is lost, a rescan follows.
    UdevEventLost,
    /// udev tells an event twice.
    UdevEventDoubled,
    /// An event of udev waits for a long time.
    UdevEventLate,
    /// An event of udev comes before earlier ones of other ports.
    UdevEventOvertakes,
    /// A scan of all devices fails.
    ScanFails,
    /// A device cannot be read this time.
    DeviceUnreadable,
    /// The serial number of a device cannot be read this time.
    SerialUnreadable,
    /// The `authorized` attribute cannot be read this time.
    AuthorizedUnreadable,
    /// The udev record of a device cannot be read this time.
    RecordUnreadable,
    /// What the host does with a device cannot be read this time.
    UseUnreadable,
    /// It is seen late that the host uses a device, or does no more.
    UseChangeLate,
    /// The check right before an attach cannot read the device.
    CheckUnreadable,
    /// libvirt refuses a connection.
    OpenRefused,
    /// Listing the machines fails.
    ListFails,
    /// A look at a machine fails.
    LookFails,
    /// libvirt refuses an attach or detach and does nothing.
    CallRefused,
    /// libvirt does what it was asked for and reports a failure.
    DoneButFailed,
    /// libvirt reports success and has done nothing.
    FailedButDone,
    /// The connection breaks before the server takes the request.
    ConnectionLostBefore,
    /// The connection breaks after the server did its work.
    ConnectionLostAfter,
    /// The call times out; what it does happens later.
    LandsLater,
    /// The call does not come back for minutes.
    Hangs,
    /// The answer to a call is told late.
    AnswerLate,
    /// An event of libvirt is lost, and later the connection with it.
    LibvirtEventLost,
    /// libvirt tells an event twice.
    LibvirtEventDoubled,
    /// An event of libvirt waits for a long time.
    LibvirtEventLate,
    /// An event of libvirt comes before earlier ones.
    LibvirtEventOvertakes,
    /// QEMU does not let a device go; libvirt says that the removal failed.
    RemovalFails,
    /// QEMU lets a device go late.
    RemovalLate,
    /// QEMU let a device go and the event of it is lost.
    RemovedEventLost,
    /// The daemon dies right after an action, and is started again.
    DaemonDies,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 31] = [
        Self::UdevEventLost,
        Self::UdevEventDoubled,
        Self::UdevEventLate,
        Self::UdevEventOvertakes,
        Self::ScanFails,
        Self::DeviceUnreadable,
        Self::SerialUnreadable,
        Self::AuthorizedUnreadable,
        Self::RecordUnreadable,
        Self::UseUnreadable,
        Self::UseChangeLate,
        Self::CheckUnreadable,
        Self::OpenRefused,
        Self::ListFails,
        Self::LookFails,
        Self::CallRefused,
        Self::DoneButFailed,
        Self::FailedButDone,
        Self::ConnectionLostBefore,
        Self::ConnectionLostAfter,
        Self::LandsLater,
        Self::Hangs,
        Self::AnswerLate,
        Self::LibvirtEventLost,
        Self::LibvirtEventDoubled,
        Self::LibvirtEventLate,
        Self::LibvirtEventOvertakes,
        Self::RemovalFails,
        Self::RemovalLate,
        Self::RemovedEventLost,
        Self::DaemonDies,
    ];
}

impl Fault {
    /// What happens then.
    pub fn what(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Decides which faults strike: those that were armed, once each, and those
/// that are in the air, by chance.
#[derive(Debug)]
pub(crate) struct Faults {
    armed: Vec<Fault>,
    /// Of a hundred occasions, how many are struck.
    weather: BTreeMap<Fault, u8>,
    random: Random,
    struck: Counts<Fault>,
}

impl Faults {
    pub(crate) fn new(seed: u64, weather: BTreeMap<Fault, u8>) -> Self {
        Self {
            armed: Vec::new(),
            weather,
            random: Random::new(seed),
            struck: BTreeMap::new(),
        }
    }

    /// Lets a fault strike at its next occasion.
    pub(crate) fn arm(&mut self, fault: Fault) {
        self.armed.push(fault);
    }

    /// Ends all faults.
    pub(crate) fn calm(&mut self) {
        self.armed.clear();
        self.weather.clear();
    }

    /// Whether this fault strikes at this occasion.
    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        let armed = self.armed.iter().position(|armed| *armed == fault);
        let chance = self.weather.get(&fault).copied().unwrap_or(0);
        let strikes = match armed {
            Some(place) => {
                self.armed.remove(place);
                true
            }
            None => chance > 0 && self.random.percent(chance),
        };
        if strikes {
            tally::hit(&mut self.struck, fault);
        }
        strikes
    }

    /// How often each struck.
    pub(crate) fn into_counts(self) -> Counts<Fault> {
        self.struck
    }
}
