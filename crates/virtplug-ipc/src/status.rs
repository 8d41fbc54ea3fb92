//! How things stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zlink::introspect::{CustomType, Type};

use crate::{DeviceState, Group, MachineName};

/// A connection to libvirt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Connection {
    /// Its URI.
    pub connection: String,
    /// Whether it is up.
    pub up: bool,
    /// Whether its machines were listed since it is up.
    #[serde(default)]
    pub listed: bool,
    /// Why it is not.
    pub reason: Option<String>,
    /// Milliseconds until it is tried again.
    pub retry_ms: Option<u64>,
}

/// How many devices are how.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType,
)]
pub struct Counts {
    /// Present devices, hubs included.
    pub devices: u32,
    /// Devices that are in their machine.
    pub attached: u32,
    /// Devices that belong to a machine and wait without trouble.
    pub waiting: u32,
    /// Devices that are kept out by something that somebody should look at.
    pub troubled: u32,
    /// Devices that several owners claim.
    pub conflicts: u32,
    /// Machines that are known.
    pub machines: u32,
    /// Machines that run.
    pub running: u32,
    /// Enabled rules.
    pub rules: u32,
}

/// Where virtplug does nothing on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Paused {
    /// The machine; absent where it is all of them.
    pub machine: Option<MachineName>,
    /// Whether its devices were given back to the host.
    pub detached: bool,
}

/// How things stand: the whole first, then each device that a rule or somebody
/// by hand gives to an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Status {
    /// The version of this form.
    pub version: u32,
    /// The daemon's version; absent where no daemon runs and this was read anew.
    pub daemon: Option<String>,
    /// Whether nothing is wrong.
    pub healthy: bool,
    /// What somebody should look at, a sentence each.
    pub problems: Vec<String>,
    /// Whether the daemon gets no events of udev, so that it does not notice devices that come.
    #[serde(default)]
    pub deaf: bool,
    /// The connections to libvirt, by URI.
    pub connections: Vec<Connection>,
    /// How many devices are how.
    pub counts: Counts,
    /// What is paused.
    pub paused: Vec<Paused>,
    /// The groups that are switched.
    pub switched: Vec<Group>,
    /// The devices that belong to somebody, by port.
    pub devices: Vec<DeviceState>,
}
