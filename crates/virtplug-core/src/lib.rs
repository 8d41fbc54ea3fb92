//! What virtplug knows and decides.
//!
//! The [`Engine`] takes [`Event`]s and gives [`Action`]s. It opens no file,
//! reads no clock and starts nothing; see ARCHITECTURE.md for the flow.

#![forbid(unsafe_code)]

mod action;
mod alias;
mod device;
mod event;
mod fact;
mod id;
mod machine;
mod policy;
mod port;
mod report;
mod rule;
#[cfg(test)]
mod testing;
mod text;

pub use action::{Action, AttachRequest, DetachReason, DetachRequest, OpId};
pub use alias::OwnAlias;
pub use device::{Device, InstanceId, UdevRecord};
pub use event::{CallError, Event, MachineListing, Outcome};
pub use fact::Fact;
pub use id::{BusNumber, DeviceNumber, HostAddress, ParseIdError, ProductId, VendorId};
pub use machine::{
    Activity, ConnectionUri, GuestPorts, Hostdev, LiveMachine, MachineKey, MachineRead, RunId,
};
pub use policy::Policy;
pub use port::PortPath;
pub use report::Report;
pub use rule::{Matcher, Rule, Verdict};
pub use text::{Escaped, RawText};
