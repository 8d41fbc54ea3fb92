//! The configuration: TOML files in, a policy or exact complaints out.
//!
//! Three steps, each with a type of its own: text with places ([`Diagnostic`]
//! points into it), what was written (values with spans, per machine), and
//! what it means (`virtplug_core::Policy`). Only the last one leaves this
//! crate. No step stops at the first mistake, so that one run tells all.

#![forbid(unsafe_code)]

mod access;
mod choice;
mod class;
mod condition;
mod control;
mod device;
mod diagnostic;
mod drop_in;
mod duration;
pub mod edit;
mod encoding;
mod file;
mod findings;
mod folder;
pub mod import;
mod key;
mod list;
mod load;
mod machine;
mod main_file;
mod manual;
mod meaning;
mod mismatch;
mod mistake;
mod name;
mod number;
mod option;
mod outline;
mod pattern;
mod record;
mod render;
mod roots;
mod rule_places;
mod schema;
mod source;
mod suggestion;
mod syntax;
mod table;
mod text;
mod value;
mod written;

pub use control::Control;
pub use diagnostic::{Diagnostic, RelatedPlace, Severity};
pub use drop_in::{is_drop_in, load_drop_in};
pub use duration::duration;
pub use load::{LoadError, Loaded, Options, load, load_from, load_text};
pub use manual::manual;
pub use roots::Roots;
pub use rule_places::RulePlaces;
pub use schema::{drop_in_schema, schema};

/// The main file, unless the user names another one.
pub const MAIN_FILE: &str = "/etc/virtplug/virtplug.toml";
