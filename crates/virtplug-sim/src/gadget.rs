//! Gadgets: what can be plugged in.

use virtplug_core::{ClassCode, ProductId, RawText, UdevRecord, VendorId};

/// A kind of USB device; any number of equal ones exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gadget {
    /// A stick, the same model as `StickB` and `StickC`.
    StickA,
    /// A stick that a udev rule tags.
    StickB,
    /// A stick.
    StickC,
    /// The same model without a serial number.
    NamelessStick,
    /// Another model that claims the serial number of `StickA`.
    Impostor,
    /// A modem that offers a disk at first and becomes a modem by a mode switch.
    ModemAsDisk,
    /// The modem after its mode switch, tagged by a udev rule.
    Modem,
    /// What `StickC` becomes while its firmware is replaced; no rule names its serial number.
    BootLoader,
    /// A hub with a serial number.
    Hub,
}

impl Gadget {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::StickA,
        Self::StickB,
        Self::StickC,
        Self::NamelessStick,
        Self::Impostor,
        Self::ModemAsDisk,
        Self::Modem,
        Self::BootLoader,
        Self::Hub,
    ];

    /// Vendor and product.
    pub fn ids(self) -> (VendorId, ProductId) {
        let (vendor, product) = match self {
            Self::StickA | Self::StickB | Self::StickC | Self::NamelessStick => (0x0627, 0x0001),
            Self::Impostor => (0x1234, 0x0001),
            Self::ModemAsDisk => (0x12d1, 0x1f01),
            Self::Modem => (0x12d1, 0x14db),
            Self::BootLoader => (0x0627, 0x00df),
            Self::Hub => (0x05e3, 0x0608),
        };
        (VendorId(vendor), ProductId(product))
    }

    /// The serial number.
    pub fn serial(self) -> Option<&'static str> {
        match self {
            Self::StickA | Self::Impostor => Some("A"),
            Self::StickB => Some("B"),
            Self::StickC => Some("C"),
            Self::NamelessStick => None,
            Self::BootLoader => Some("DFU"),
            Self::ModemAsDisk | Self::Modem => Some("M"),
            Self::Hub => Some("H"),
        }
    }

    pub(crate) fn class(self) -> ClassCode {
        ClassCode::new(if self == Self::Hub { 9 } else { 0 }, 0, 0)
    }

    /// What it is after a mode switch.
    pub(crate) fn switched(self) -> Self {
        match self {
            Self::ModemAsDisk => Self::Modem,
            Self::Modem => Self::ModemAsDisk,
            Self::StickC => Self::BootLoader,
            Self::BootLoader => Self::StickC,
            other => other,
        }
    }

    pub(crate) fn raw_serial(self) -> Option<RawText> {
        self.serial().map(RawText::from)
    }

    /// What udev writes down of it.
    pub(crate) fn record(self) -> UdevRecord {
        let mut record = UdevRecord::default();
        if matches!(self, Self::StickB | Self::Modem) {
            record.tags.insert("vm".into());
            record.current_tags.insert("vm".into());
            record.properties = [("ID_VM".to_owned(), "1".to_owned())].into();
        }
        record
    }
}
