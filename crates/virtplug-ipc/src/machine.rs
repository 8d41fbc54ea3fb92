//! Machines: how they are and what they have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zlink::introspect::{CustomType, Type};

/// A machine and where it is.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, CustomType,
)]
pub struct MachineName {
    /// Its name, or what the configuration calls it where that names it by UUID.
    pub machine: String,
    /// The URI of its libvirt connection.
    pub connection: String,
}

/// How a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
#[serde(rename_all = "snake_case")]
#[zlink(rename_all = "snake_case")]
pub enum MachineKind {
    /// It runs.
    Running,
    /// It is paused.
    Paused,
    /// It is starting, saving, migrating or ending.
    Busy,
    /// It is defined and off.
    Off,
    /// libvirt knows no such machine.
    Absent,
    /// It could not be looked at.
    Unknown,
}

/// A machine, how it is and what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct MachineState {
    /// The machine.
    pub machine: MachineName,
    /// Its UUID; absent where it is not known.
    pub uuid: Option<String>,
    /// How it is.
    pub state: MachineKind,
    /// Whether the configuration names it.
    pub configured: bool,
    /// Whether virtplug does nothing there on its own (`pause`).
    pub paused: bool,
    /// Whether it has a USB controller; absent where it does not run.
    pub controller: Option<bool>,
    /// Free USB ports; absent where they cannot be counted.
    pub free_ports: Option<u32>,
    /// Its USB hostdevs.
    pub entries: Vec<Entry>,
    /// The ports of present devices that belong to it.
    pub wanted: Vec<String>,
    /// What is under way there, as a sentence.
    pub under_way: Option<String>,
}

/// A USB hostdev of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Entry {
    /// Its alias.
    pub alias: Option<String>,
    /// Whether virtplug made it.
    pub own: bool,
    /// The port of the present device that it holds.
    pub port: Option<String>,
    /// Bus number.
    pub bus: Option<u16>,
    /// Device number.
    pub device: Option<u8>,
    /// Whether libvirt marked it as `missing`.
    pub missing: bool,
    /// Bus and port in the machine, `0:3`.
    pub guest_port: Option<String>,
}

/// All machines that are known, by connection and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct MachineList {
    /// The version of this form.
    pub version: u32,
    /// The machines.
    pub machines: Vec<MachineState>,
}
