//! Which files an import takes, and what is in them.

mod handler_files;
mod yaml_files;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use virtplug_core::Escaped;

use super::{ImportError, Imported, Input, bbvirt, hotplug, whawty};
use crate::access::Reader;
use crate::file::{self, FileFault};

/// The most files of an import, and of a folder that is searched.
const MOST_FILES: usize = 2_000;

/// The most bytes of all files together.
const MOST_BYTES: usize = 16 << 20;

/// The name of bbvirt's file in its folder.
const BBVIRT_FILE: &str = "vm.conf";

/// A tool whose configuration can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// bbvirt of the `BitBabbler`.
    Bbvirt,
    /// libvirt-usb-hotplugd of whawty.
    Whawty,
    /// The bash handler.
    UsbLibvirtHotplug,
}

/// Why an import gave nothing.
#[derive(Debug)]
pub enum ImportFailure {
    /// A file or folder cannot be read.
    Unread {
        /// Which one.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The files are no such configuration.
    Unfit(ImportError),
}

impl From<ImportError> for ImportFailure {
    fn from(error: ImportError) -> Self {
        Self::Unfit(error)
    }
}

impl fmt::Display for ImportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread { path, reason } => {
                write!(f, "{}: {reason}", Escaped(&path.to_string_lossy()))
            }
            Self::Unfit(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ImportFailure {}

/// Imports files and folders.
///
/// A folder stands for the files in it that are of this tool: for bbvirt its
/// `vm.conf`, for whawty the main file and `machines.d`, for the handler what
/// is in the folder and in the folders in it.
pub fn import(format: Format, paths: &[PathBuf]) -> Result<Imported, ImportFailure> {
    match format {
        Format::Bbvirt => {
            let mut files = Gatherer::default();
            for path in paths {
                let inside = path.join(BBVIRT_FILE);
                files.read(if path.is_dir() { &inside } else { path })?;
            }
            match files.inputs.as_slice() {
                [only] => Ok(bbvirt(only)?),
                [_, second, ..] => {
                    let message =
                        "bbvirt reads one file, and this is a second one; import one at a time";
                    Err(second.error(None, message.to_owned()).into())
                }
                [] => Err(nothing(paths, "no file is given")),
            }
        }
        Format::Whawty => {
            let (main, machines) = yaml_files::gather(paths)?;
            Ok(whawty(&main, &machines)?)
        }
        Format::UsbLibvirtHotplug => {
            let (files, remark) = handler_files::gather(paths)?;
            let mut imported = hotplug(&files)?;
            imported.remarks.extend(remark);
            Ok(imported)
        }
    }
}

fn nothing(paths: &[PathBuf], message: &str) -> ImportFailure {
    ImportFailure::Unfit(ImportError {
        file: paths.first().cloned().unwrap_or_default(),
        line: None,
        message: message.to_owned(),
    })
}

/// Files that were read.
#[derive(Default)]
struct Gatherer {
    inputs: Vec<Input>,
    /// What was read, without links: a folder may be given in several ways.
    seen: BTreeSet<PathBuf>,
    bytes: usize,
}

impl Gatherer {
    /// Reads a file, unless it was read already.
    fn read(&mut self, path: &Path) -> Result<(), ImportFailure> {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !self.seen.insert(real) {
            return Ok(());
        }
        // What is imported is checked by the reader of the TOML, so it does not
        // matter who else can write to it.
        let contents = file::read(path, Reader::User).map_err(|fault| unread(path, &fault))?;
        self.bytes += contents.bytes.len();
        if self.inputs.len() >= MOST_FILES || self.bytes > MOST_BYTES {
            let reason = format!(
                "there are more than {MOST_FILES} files or {} MiB up to here; name the files of the old tool instead of \
                 their folder",
                MOST_BYTES >> 20
            );
            let path = path.to_owned();
            return Err(ImportFailure::Unread { path, reason });
        }
        self.inputs.push(Input {
            name: path.to_owned(),
            bytes: contents.bytes,
        });
        Ok(())
    }
}

fn unread(path: &Path, fault: &FileFault) -> ImportFailure {
    let advice = match fault {
        FileFault::Unreadable(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            "; run this as root, or as a user that may read it"
        }
        FileFault::Changing => "; try again when it is written",
        _ => "",
    };
    ImportFailure::Unread {
        path: path.to_owned(),
        reason: format!("{fault}{advice}"),
    }
}

/// What is in a folder, by name; nothing hidden.
fn list(folder: &Path) -> Result<Vec<PathBuf>, ImportFailure> {
    let failed = |error: io::Error| unread(folder, &error.into());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if name.as_bytes().starts_with(b".") {
            continue;
        }
        if found.len() >= MOST_FILES {
            return Err(ImportFailure::Unread {
                path: folder.to_owned(),
                reason: format!(
                    "the folder has more than {MOST_FILES} files; name those of the old tool"
                ),
            });
        }
        found.push(folder.join(name));
    }
    found.sort_unstable_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    Ok(found)
}

/// A folder as it is called: `.` has a name, too, and names count in some formats.
fn named(folder: &Path) -> PathBuf {
    match folder.file_name() {
        Some(_) => folder.to_owned(),
        None => folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
    }
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| wanted.contains(&extension))
}
