//! What people read: the replies of the control interface as text.
//!
//! Each function takes a reply and gives text that fits the layout. Colours only repeat what
//! the words say.

mod changes;
mod devices;
mod explanation;
#[cfg(test)]
pub(crate) mod fixture;
mod happening;
mod hooks;
mod layout;
mod machines;
mod metrics;
mod page;
mod rules;
mod shown;
mod status;
#[cfg(test)]
mod tests;
mod tree;
pub(crate) mod words;

pub(crate) use changes::changes;
pub(crate) use devices::devices;
pub(crate) use explanation::explanation;
pub(crate) use happening::happening;
pub(crate) use hooks::hooks;
pub(crate) use layout::Layout;
pub(crate) use machines::machines;
pub(crate) use metrics::metrics;
pub(crate) use page::{Tone, clean};
pub(crate) use rules::rules;
pub(crate) use shown::shown;
pub(crate) use status::{health, status, unusual, why};
pub(crate) use tree::{lines as tree_lines, tree};
