//! Changes of a configuration: one rule more, or one less.
//!
//! All else in the file stays byte for byte: comments, order, line ends. A
//! [`Change`] exists only where the whole configuration would be correct after
//! it and would differ in that rule alone; only [`Change::write`] writes.

mod change;
mod element;
mod error;
mod layout;
mod new_rule;
mod site;
mod splice;
mod store;
#[cfg(test)]
mod tests;

pub use change::{Change, add, remove};
pub use error::EditError;
pub use new_rule::NewRule;
