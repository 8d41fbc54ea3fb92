//! What systemd was told, over restarts of the command, until the boot.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;

use tempfile::NamedTempFile;
use virtplug_core::Escaped;

use super::standing::Standing;
use crate::output::message;

/// The folder that systemd makes for the unit (`RuntimeDirectory=`).
const FOLDER: &str = "RUNTIME_DIRECTORY";

const FILE: &str = "told.json";

/// Where it is kept; nowhere where no unit runs the command.
#[derive(Debug)]
pub(super) struct Memory {
    folder: Option<PathBuf>,
}

impl Memory {
    /// In the folder of the unit.
    pub(super) fn of_unit() -> Self {
        let folder = std::env::var_os(FOLDER).map(PathBuf::from);
        Self { folder }
    }

    /// What systemd was told. A file that cannot be read counts for none: then what is so now
    /// is told as if it were new.
    pub(super) fn read(&self) -> Standing {
        let Some(folder) = &self.folder else {
            return Standing::default();
        };
        let path = folder.join(FILE);
        let read = fs::read(&path).and_then(|text| Ok(serde_json::from_slice(&text)?));
        read.unwrap_or_else(|error: io::Error| {
            if error.kind() != ErrorKind::NotFound {
                let path = path.to_string_lossy();
                message(format_args!(
                    "warning: cannot read {}, so all that is attached now is told anew: {error}",
                    Escaped(&path)
                ));
            }
            Standing::default()
        })
    }

    /// Keeps it. The file is whole or as it was.
    pub(super) fn write(&self, standing: &Standing) {
        let Some(folder) = &self.folder else {
            return;
        };
        let written = || -> io::Result<()> {
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(&serde_json::to_vec(standing)?)?;
            file.persist(folder.join(FILE))?;
            Ok(())
        };
        if let Err(error) = written() {
            message(format_args!(
                "warning: cannot write to {}, so after a restart all is told anew: {error}",
                Escaped(&folder.to_string_lossy())
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::standing::tests::one_attached;

    #[test]
    fn what_was_told_is_remembered_and_a_damaged_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory {
            folder: Some(folder.path().to_owned()),
        };
        assert_eq!(memory.read(), Standing::default());
        memory.write(&one_attached());
        assert_eq!(memory.read(), one_attached());
        fs::write(folder.path().join(FILE), "{\"attached\": [").unwrap();
        assert_eq!(memory.read(), Standing::default());
    }
}
