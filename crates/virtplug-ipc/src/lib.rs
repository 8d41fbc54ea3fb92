//! The control interface of virtplug's daemon.
//!
//! Varlink over a Unix socket: `varlinkctl introspect /run/virtplug/control.sock
//! org.virtplug.Control` shows the same as these types. What a command prints with
//! `--json` is the reply of its method.
//!
//! Strings that come from devices are escaped: they hold no control
//! characters and are text whatever a device sent.

#![forbid(unsafe_code)]

mod change;
mod device;
mod error;
mod explanation;
mod happening;
mod machine;
mod metric;
mod proxy;
mod rule;
mod standing;
mod status;

pub use change::{Change, Changes};
pub use device::{
    Belongs, BelongsKind, Details, Device, DeviceList, DeviceState, Holder, HostUse, HostUseKind,
    Obstacle, ObstacleKind, Property,
};
pub use error::ControlError;
pub use explanation::{Condition, DeviceExplanation, Explanation, RuleExplanation, Verdict};
pub use happening::{Happened, Happening, HappeningKind, Shown};
pub use machine::{Entry, MachineKind, MachineList, MachineName, MachineState};
pub use metric::{Label, Metric, MetricKind, Metrics, Sample};
pub use proxy::Control;
pub use rule::{Group, RuleList, RuleName, RuleState};
pub use standing::Standing;
pub use status::{Connection, Counts, Paused, Status};

/// The name of the interface.
pub const INTERFACE: &str = "org.virtplug.Control";

/// Where the daemon of the system listens.
pub const SOCKET: &str = "/run/virtplug/control.sock";

/// The version of the replies, and of whatever a command prints with `--json`: additions
/// keep it, a change of meaning of any of them raises it.
pub const VERSION: u32 = 2;

/// Longest message, in bytes, that the daemon reads.
pub const MAX_MESSAGE: usize = 1024 * 1024;
