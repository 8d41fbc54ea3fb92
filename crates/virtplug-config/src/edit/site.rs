//! Which file holds, or gets, the rules of a machine.

use std::path::{Path, PathBuf};

use toml_edit::{Document, Item};

use super::error::EditError;
use super::store::read;
use crate::access::Reader;
use crate::key::MACHINES;
use crate::name::fault_of;
use crate::roots::Roots;

/// Longest name of a file, in bytes (`NAME_MAX`), less what a temporary file
/// beside it adds.
const MAX_FILE_NAME: usize = 200;

/// A file to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    /// The file that is written.
    pub(super) path: PathBuf,
    /// The file whose text it begins with: itself, or one of a later folder
    /// that it will hide. `None`: there is none.
    pub(super) from: Option<PathBuf>,
    /// The way from the top of the file to the machine.
    pub(super) machine: Vec<String>,
}

impl Site {
    /// The place for a rule of a machine. A file of the machine's own hides what
    /// the main file says of it, so there is a new one only where the main file
    /// says nothing.
    pub(super) fn for_machine(roots: &Roots, name: &str) -> Result<Self, EditError> {
        if fault_of(name).is_some() {
            return Err(EditError::Name(name.to_owned()));
        }
        let listing = roots
            .list(Reader::of_this_process())
            .map_err(|(folder, fault)| {
                EditError::io(&folder, std::io::Error::other(fault.to_string()))
            })?;
        let file_name = format!("{name}.toml");
        let own = listing
            .paths
            .into_iter()
            .find(|path| path.file_name() == Some(file_name.as_ref()));
        if let Some(own) = own {
            return Ok(Self {
                path: roots.writable(&own),
                from: Some(own),
                machine: Vec::new(),
            });
        }
        let main = roots.main();
        let there = main.symlink_metadata().is_ok();
        if there && !in_main(main, name)? && is_file_name(&file_name) {
            return Ok(Self {
                path: roots.new_drop_in(&file_name),
                from: None,
                machine: Vec::new(),
            });
        }
        Ok(Self {
            path: roots.writable(main),
            from: there.then(|| main.to_owned()),
            machine: vec![MACHINES.name.to_owned(), name.to_owned()],
        })
    }
}

/// Whether the main file says anything of a machine.
fn in_main(main: &Path, name: &str) -> Result<bool, EditError> {
    let (_, text) = read(main)?;
    let Ok(document) = Document::parse(text.as_str()) else {
        return Ok(false);
    };
    let machines = document.get(MACHINES.name);
    Ok(machines.and_then(|item: &Item| item.get(name)).is_some())
}

/// Whether a file of this name is read from `machines.d` and is nowhere else.
fn is_file_name(name: &str) -> bool {
    !name.contains('/') && !name.starts_with('.') && name.len() <= MAX_FILE_NAME
}
