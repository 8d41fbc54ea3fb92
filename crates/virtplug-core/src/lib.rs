//! What virtplug knows and decides.
//!
//! The [`Engine`] takes [`Event`]s and gives [`Action`]s. It opens no file,
//! reads no clock and starts nothing; see ARCHITECTURE.md for the flow.

#![forbid(unsafe_code)]

mod action;
mod alias;
mod assignment;
mod device;
mod engine;
mod event;
mod fact;
mod flap;
mod id;
mod machine;
mod obstacle;
mod policy;
mod port;
mod report;
mod retry;
mod rule;
#[cfg(test)]
mod testing;
mod text;
mod time;

pub use action::{Action, AttachRequest, DetachReason, DetachRequest, OpId};
pub use alias::OwnAlias;
pub use assignment::{Assignment, Refusal, RuleName};
pub use device::{Device, InstanceId, UdevRecord};
pub use engine::{DeviceView, Engine, Holder, Stuck, Summary};
pub use event::{CallError, Event, MachineListing, Outcome};
pub use fact::Fact;
pub use id::{BusNumber, DeviceNumber, HostAddress, ParseIdError, ProductId, VendorId};
pub use machine::{
    Activity, ConnectionUri, GuestPorts, Hostdev, LiveMachine, MachineKey, MachineRead, RunId,
};
pub use obstacle::Obstacle;
pub use policy::Policy;
pub use port::PortPath;
pub use report::Report;
pub use rule::{Matcher, Rule, Verdict};
pub use text::{Escaped, RawText};
pub use time::Time;
