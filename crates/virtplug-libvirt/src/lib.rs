//! libvirt for virtplug: connections and their events, what the live XML of a
//! machine says, attach and detach.
//!
//! All calls block and belong on worker threads; one [`Connection`] serves
//! several of them at once. This crate knows no rules and decides nothing.
//! Texts of libvirt (names, messages) are passed on as they came: escape them
//! before they are shown.

#![deny(clippy::undocumented_unsafe_blocks)]

mod connection;
mod definition;
mod domain_xml;
mod event;
mod event_loop;
#[allow(unsafe_code)] // The only place in the workspace that calls into C.
mod ffi;
mod guest_ports;
mod hostdev_xml;
mod known;
mod lane;
mod listener;
mod machine_state;
mod open_error;
mod uri;
mod version;

pub use connection::{Connection, DefinedMachine};
pub use definition::{Definition, UsbController};
pub use domain_xml::{DomainXml, DomainXmlError};
pub use event::ConnectionEvent;
pub use event_loop::{EventLoop, EventLoopError};
pub use hostdev_xml::hostdev_xml;
pub use listener::Sink;
pub use open_error::OpenError;
pub use version::{Version, Versions};
