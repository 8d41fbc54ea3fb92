//! The folders that hold a configuration, and which files of them count.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::MAIN_FILE;
use crate::access::Reader;
use crate::file::FileFault;
use crate::folder::{self, Listing};

/// The usual folders, the one that counts most first: the administrator's, what
/// lasts until the next boot, and what packages bring.
const SYSTEM: [&str; 3] = ["/etc/virtplug", "/run/virtplug", "/usr/lib/virtplug"];

/// Folders with a main file and a folder `machines.d` each, as systemd has
/// them: a file hides those of the same name in later folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// The main files, the one that counts most first. The first that exists
    /// is read.
    mains: Vec<PathBuf>,
    /// The folders of machines, the one that counts most first.
    folders: Vec<PathBuf>,
}

impl Roots {
    /// The usual folders of a system.
    pub fn system() -> Self {
        Self::new(SYSTEM)
    }

    /// These folders, the one that counts most first.
    pub fn new(roots: impl IntoIterator<Item = impl AsRef<Path>>) -> Self {
        let roots: Vec<PathBuf> = roots
            .into_iter()
            .map(|root| root.as_ref().to_owned())
            .collect();
        let below = |name: &str| roots.iter().map(|root| root.join(name)).collect();
        Self {
            mains: below("virtplug.toml"),
            folders: below(folder::NAME),
        }
    }

    /// One main file and the folder beside it.
    pub fn of_file(main: &Path) -> Self {
        Self {
            mains: vec![main.to_owned()],
            folders: vec![main.with_file_name(folder::NAME)],
        }
    }

    /// The folders that a main file stands for: for [`MAIN_FILE`] the usual ones
    /// of a system.
    pub fn of(main: &Path) -> Self {
        if main == Path::new(MAIN_FILE) {
            Self::system()
        } else {
            Self::of_file(main)
        }
    }

    /// Whether a path is that of the main file that counts most.
    pub(crate) fn is_first_main(&self, path: &Path) -> bool {
        self.mains.first().is_some_and(|main| main == path)
    }

    /// Where to write what is to count instead of a file of these folders: the
    /// same name in the administrator's folder.
    pub(crate) fn writable(&self, path: &Path) -> PathBuf {
        let is_main = self.mains.iter().any(|main| main == path);
        let first = if is_main {
            self.mains.first().cloned()
        } else {
            let folder = self.folders.first();
            folder.and_then(|folder| Some(folder.join(path.file_name()?)))
        };
        first.unwrap_or_else(|| path.to_owned())
    }

    /// The path of a file of that name for a machine.
    pub(crate) fn new_drop_in(&self, name: &str) -> PathBuf {
        let folder = self.folders.first();
        folder.map_or_else(|| PathBuf::from(name), |folder| folder.join(name))
    }

    /// The main file: the first that is there in any way, or else the one that
    /// should be.
    pub(crate) fn main(&self) -> &Path {
        let there = |path: &&PathBuf| path.symlink_metadata().is_ok();
        let found = self.mains.iter().find(there).or(self.mains.first());
        found.map_or(Path::new(""), PathBuf::as_path)
    }

    /// The folders that hold folders of machines.
    pub(crate) fn around_folders(&self) -> impl Iterator<Item = &Path> {
        let existing = self.folders.iter().filter(|folder| folder.exists());
        existing.filter_map(|folder| folder.parent())
    }

    /// Lists the files of machines that count, sorted bytewise by name.
    pub(crate) fn list(&self, reader: Reader) -> Result<Listing, (PathBuf, FileFault)> {
        let mut files: BTreeMap<OsString, PathBuf> = BTreeMap::new();
        let mut exposures = Vec::new();
        for folder in &self.folders {
            let listing = folder::list(folder, reader).map_err(|fault| (folder.clone(), fault))?;
            exposures.extend(listing.exposures);
            for path in listing.paths {
                if let Some(name) = path.file_name() {
                    files.entry(name.to_owned()).or_insert(path);
                }
            }
        }
        let mut paths: Vec<(OsString, PathBuf)> = files.into_iter().collect();
        paths.sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        Ok(Listing {
            paths: paths.into_iter().map(|(_, path)| path).collect(),
            exposures,
        })
    }
}
