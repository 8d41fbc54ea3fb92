//! What virtplug knows and decides.
//!
//! The [`Engine`] takes [`Event`]s and gives [`Action`]s. It opens no file,
//! reads no clock and starts nothing; see ARCHITECTURE.md for the flow.

#![forbid(unsafe_code)]

mod action;
mod advice;
mod alias;
mod assignment;
mod class;
mod device;
mod engine;
mod event;
mod explain;
mod fact;
mod flap;
mod host_use;
mod id;
mod machine;
mod matcher;
mod obstacle;
mod order;
mod pattern;
mod place;
mod policy;
mod port;
mod report;
mod retry;
mod rule;
mod selector;
mod serial;
mod speed;
#[cfg(test)]
mod testing;
mod text;
mod time;
mod trace;
mod udev_record;

pub use action::{Action, AttachRequest, DetachReason, DetachRequest, OpId};
pub use advice::{Advice, Findings, NamedRule, Severity};
pub use alias::OwnAlias;
pub use assignment::{Assignment, Giver, Grant, Refusal};
pub use class::{ClassCode, ClassPattern};
pub use device::{Device, InstanceId};
pub use engine::{
    Call, ConnectionView, DeviceView, Engine, EntryView, Holder, MachineState, MachineView, Stuck,
    Summary, UnderWay,
};
pub use event::{CallError, Event, MachineListing, Outcome};
pub use explain::{Condition, RuleView, Standing};
pub use fact::Fact;
pub use flap::Tally;
pub use host_use::Use;
pub use id::{BusNumber, DeviceNumber, HostAddress, ParseIdError, ProductId, Revision, VendorId};
pub use machine::{
    Activity, ConnectionUri, GuestPort, GuestPorts, GuestReset, Hostdev, LiveMachine, MachineKey,
    MachineRead, RunId, Uuid,
};
pub use matcher::{Interfaces, Matcher, StablePorts, Topology, Verdict};
pub use obstacle::Obstacle;
pub use order::{Detached, Hold, Order, Orders, Pause};
pub use pattern::{Pattern, PatternError, Patterns};
pub use place::{Half, StablePort};
pub use policy::{Claim, Policy};
pub use port::PortPath;
pub use report::{HoldEnd, Report};
pub use rule::{Owner, Rank, Rule, RuleOptions, Specificity};
pub use selector::{Candidate, MachineError, NamedMachine, SelectError, select, select_machine};
pub use speed::{Removable, Speed};
pub use text::{Escaped, RawText};
pub use time::Time;
pub use trace::{TraceHeader, TraceStep};
pub use udev_record::{UdevProperties, UdevRecord};
