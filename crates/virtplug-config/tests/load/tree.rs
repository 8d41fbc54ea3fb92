//! Configuration files in a folder of their own.

use std::fs;
use std::path::PathBuf;

use virtplug_config::{Diagnostic, LoadError, Loaded, Options, load};

/// A folder as `/etc/virtplug`.
pub(crate) struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    /// A folder with a main file.
    pub(crate) fn new(main: impl AsRef<[u8]>) -> Self {
        let tree = Self::empty();
        fs::write(tree.main(), main).unwrap();
        tree
    }

    /// A folder without files.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Adds a file in `machines.d`.
    pub(crate) fn with(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let folder = self.path("machines.d");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn main(&self) -> PathBuf {
        self.path("virtplug.toml")
    }

    pub(crate) fn load(&self) -> Result<Loaded, LoadError> {
        load(&self.main(), &Options::default())
    }

    /// All that loading tells, as a user sees it.
    pub(crate) fn told(&self) -> String {
        let found = match self.load() {
            Ok(loaded) => loaded.notes,
            Err(error) => error.diagnostics().to_vec(),
        };
        let shown: Vec<String> = found.iter().map(|finding| finding.render(false)).collect();
        self.anonymous(&shown.join("\n\n"))
    }

    /// All that loading tells, one line each.
    pub(crate) fn told_in_lines(&self) -> String {
        let found = match self.load() {
            Ok(loaded) => loaded.notes,
            Err(error) => error.diagnostics().to_vec(),
        };
        let shown: Vec<String> = found.iter().map(Diagnostic::to_string).collect();
        self.anonymous(&shown.join("\n"))
    }

    /// A text with the folder's usual name in place of its real one.
    pub(crate) fn anonymous(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "/etc/virtplug")
    }
}
