//! What was written: typed values with their spans. What it means together is
//! judged in `meaning`.

use std::num::NonZeroU32;
use std::time::Duration;

use toml::Spanned;
use virtplug_core::{GuestPort, GuestReset, Matcher, Uuid};

use crate::control::Control;
use crate::source::Place;

/// Where a machine was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A table of the main file.
    Main,
    /// A file of its own.
    DropIn,
}

/// All that was written, in one file or in several.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) defaults: Option<WrittenDefaults>,
    /// Who may speak with the daemon; only the main file says so.
    pub(crate) control: Option<Control>,
    /// Device tables of the host.
    pub(crate) host: Vec<WrittenDevice>,
    pub(crate) machines: Vec<WrittenMachine>,
}

impl Written {
    /// Adds what another file holds.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.defaults = self.defaults.take().or(other.defaults);
        self.control = self.control.take().or(other.control);
        self.host.append(&mut other.host);
        self.machines.append(&mut other.machines);
    }

    /// Notes that not all of it could be read.
    pub(crate) fn mark_incomplete(&mut self) {
        if let Some(defaults) = &mut self.defaults {
            defaults.complete = false;
        }
        for machine in &mut self.machines {
            machine.complete = false;
        }
        let of_machines = self
            .machines
            .iter_mut()
            .flat_map(|machine| &mut machine.devices);
        for device in self.host.iter_mut().chain(of_machines) {
            device.complete = false;
        }
    }
}

/// What holds for all device tables, as written.
#[derive(Debug)]
pub(crate) struct WrittenDefaults {
    /// Its place, whose file is the main file.
    pub(crate) place: Place,
    pub(crate) connect: Option<Spanned<String>>,
    pub(crate) options: WrittenOptions,
    /// As for a machine.
    pub(crate) complete: bool,
}

/// A machine as written.
#[derive(Debug)]
pub(crate) struct WrittenMachine {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// Its name, or its file.
    pub(crate) place: Place,
    pub(crate) connect: Option<Spanned<String>>,
    pub(crate) uuid: Option<Spanned<Uuid>>,
    pub(crate) devices: Vec<WrittenDevice>,
    /// Whether all that was written could be read. If not, nothing follows
    /// from what seems to be absent.
    pub(crate) complete: bool,
    /// Whether it is an empty file, which defines nothing.
    pub(crate) mask: bool,
}

/// A device table as written.
#[derive(Debug)]
pub(crate) struct WrittenDevice {
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) conditions: WrittenConditions,
    pub(crate) options: WrittenOptions,
    /// As for a machine.
    pub(crate) complete: bool,
}

impl WrittenDevice {
    /// The table's header, or the whole inline table.
    pub(crate) fn place(&self) -> &Place {
        &self.conditions.place
    }
}

/// Conditions as written.
#[derive(Debug)]
pub(crate) struct WrittenConditions {
    /// The table that they are in.
    pub(crate) place: Place,
    /// Those that mean the same alone as together with others.
    pub(crate) plain: Matcher,
    pub(crate) bus: Option<Spanned<u16>>,
    pub(crate) device: Option<Spanned<u16>>,
    pub(crate) behind: Option<Vec<WrittenConditions>>,
    pub(crate) not: Vec<WrittenConditions>,
    pub(crate) any: Option<Vec<WrittenConditions>>,
    /// As for a machine.
    pub(crate) complete: bool,
}

impl WrittenConditions {
    /// No condition yet.
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            plain: Matcher::default(),
            bus: None,
            device: None,
            behind: None,
            not: Vec::new(),
            any: None,
            complete: true,
        }
    }
}

/// Options as written.
#[derive(Debug, Default)]
pub(crate) struct WrittenOptions {
    pub(crate) enabled: Option<bool>,
    pub(crate) priority: Option<i32>,
    pub(crate) group: Option<String>,
    pub(crate) yields: Option<bool>,
    pub(crate) preempts: Option<Spanned<bool>>,
    pub(crate) count: Option<NonZeroU32>,
    pub(crate) follow: Option<Duration>,
    pub(crate) guest_port: Option<Spanned<GuestPort>>,
    pub(crate) guest_reset: Option<GuestReset>,
    pub(crate) start_machine: Option<bool>,
    pub(crate) allow_in_use: Option<Spanned<bool>>,
}
