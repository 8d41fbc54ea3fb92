//! What happened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zlink::introspect::{CustomType, Type};

use crate::{Details, DeviceState, MachineName, MachineState, Status};

/// What kind of thing happened; the same words as in the journal's `EVENT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
#[serde(rename_all = "snake_case")]
#[zlink(rename_all = "snake_case")]
pub enum HappeningKind {
    /// The first reply of a stream: how things stand.
    Snapshot,
    /// A device was plugged in.
    Plugged,
    /// A device was unplugged.
    Unplugged,
    /// A device is in its machine now.
    Attached,
    /// An attach failed.
    AttachFailed,
    /// A device left its machine.
    Detached,
    /// A detach failed.
    DetachFailed,
    /// A device stays on the host, as the host uses it.
    InUse,
    /// A device is taken from the host while the host uses it.
    TakenInUse,
    /// Somebody else detached a device of ours.
    Hold,
    /// Somebody decided by hand.
    Order,
    /// A port connects and disconnects too often.
    Flapping,
    /// Several owners claim a device.
    Conflict,
    /// A machine is being started.
    Starting,
    /// That failed.
    StartFailed,
    /// A connection is up.
    Connected,
    /// A connection is down.
    Waiting,
    /// A call takes longer than it should.
    CallOverdue,
    /// Something could not be read.
    LookFailed,
    /// The configuration was read.
    Reloaded,
    /// The configuration was read and is wrong.
    ReloadFailed,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomType)]
pub struct Happening {
    /// Counts up by one; a gap means that some were left out.
    pub number: u64,
    /// Microseconds since 1970, by the host's clock.
    pub time: u64,
    /// What kind.
    pub kind: HappeningKind,
    /// One sentence.
    pub text: String,
    /// The port of the device that it concerns.
    pub port: Option<String>,
    /// The machine that it concerns.
    pub machine: Option<MachineName>,
}

/// The reply of `Monitor`: first the snapshot, then one for each thing that happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Happened {
    /// The version of this form.
    pub version: u32,
    /// What happened.
    pub event: Happening,
    /// How things stood, in the first reply only.
    pub status: Option<Status>,
}

/// Everything that is known of one device or machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Type)]
pub struct Shown {
    /// The version of this form.
    pub version: u32,
    /// The device, if it is one.
    pub device: Option<DeviceState>,
    /// All else that is known of it.
    pub details: Option<Details>,
    /// The machine, if it is one.
    pub machine: Option<MachineState>,
    /// The last things that happened to it, the oldest first; empty where no daemon runs.
    pub history: Vec<Happening>,
}
