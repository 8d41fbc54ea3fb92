//! What was written: typed values with their spans. What it means together is
//! judged in `meaning`.

use toml::Spanned;
use virtplug_core::{PortPath, ProductId, VendorId};

use crate::source::Place;

/// Where a machine was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A table of the main file.
    Main,
    /// A file of its own.
    DropIn,
}

/// A machine as written.
#[derive(Debug)]
pub(crate) struct WrittenMachine {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// Its name, or its file.
    pub(crate) place: Place,
    pub(crate) connect: Option<Spanned<String>>,
    pub(crate) devices: Vec<WrittenDevice>,
    /// Whether all that was written could be read. If not, nothing follows
    /// from what seems to be absent.
    pub(crate) complete: bool,
}

/// A device table as written.
#[derive(Debug)]
pub(crate) struct WrittenDevice {
    /// The table's header, or the whole inline table.
    pub(crate) place: Place,
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) vendor: Option<Spanned<VendorId>>,
    pub(crate) product: Option<Spanned<ProductId>>,
    pub(crate) serial: Option<Spanned<String>>,
    pub(crate) port: Option<Spanned<PortPath>>,
    pub(crate) bus: Option<Spanned<u16>>,
    pub(crate) device: Option<Spanned<u16>>,
    pub(crate) env: Vec<(String, Spanned<String>)>,
    pub(crate) tags: Vec<Spanned<String>>,
    pub(crate) current_tags: Vec<Spanned<String>>,
    /// As for a machine.
    pub(crate) complete: bool,
}
