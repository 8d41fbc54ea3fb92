//! The file that an import writes: whole or not at all, and never over another
//! one unless that is wished for.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use virtplug_core::Escaped;

/// Everyone may read the configuration, and root must be the only one to change it.
const MODE: u32 = 0o644;

/// Writes a file. `replace`: it may exist.
pub(crate) fn write(path: &Path, text: &str, replace: bool) -> Result<(), String> {
    let shown = Escaped(&path.to_string_lossy()).to_string();
    let failed = |what: &str, error: io::Error| format!("{shown}: {what}: {error}");
    // A link stays, and what it leads to is replaced.
    let path = if replace {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    } else {
        path.to_owned()
    };
    match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_dir() => {
            return Err(format!("{shown}: this is a folder; name a file in it"));
        }
        Ok(_) if !replace => {
            return Err(exists(&shown));
        }
        Ok(metadata) if !metadata.is_file() => {
            return Err(format!("{shown}: this is no file, so it is not replaced"));
        }
        _ => {}
    }
    let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else {
        return Err(format!("{shown}: this is no name for a file"));
    };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.new", std::process::id()));
    let new = New(folder.join(beside));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(&new.0)
        .map_err(|error| failed("cannot be written", error))?;
    file.write_all(text.as_bytes())
        // The umask is for files of which nobody says more.
        .and_then(|()| file.set_permissions(Permissions::from_mode(MODE)))
        .and_then(|()| file.sync_all())
        .map_err(|error| failed("cannot be written", error))?;
    let placed = if replace {
        fs::rename(&new.0, &path)
    } else {
        // Unlike a rename, this fails if somebody made the file meanwhile.
        fs::hard_link(&new.0, &path)
    };
    placed.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(&shown),
        _ => failed("cannot be put in place", error),
    })
}

fn exists(shown: &str) -> String {
    format!("{shown}: the file exists; --force replaces it")
}

/// A file that is deleted when it is not needed any more.
struct New(PathBuf);

impl Drop for New {
    fn drop(&mut self) {
        // After a rename it is gone already.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_only_if_that_is_wished_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.toml");
        assert_eq!(write(&path, "one", false), Ok(()));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, MODE);

        let error = write(&path, "two", false).unwrap_err();
        assert!(
            error.ends_with("new.toml: the file exists; --force replaces it"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");

        assert_eq!(write(&path, "three", true), Ok(()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(names(folder.path()), ["new.toml"]);
    }

    #[test]
    fn a_link_is_followed_only_to_replace_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real"), "old").unwrap();
        std::os::unix::fs::symlink("real", at("link")).unwrap();
        std::os::unix::fs::symlink("nothing", at("dangling")).unwrap();
        assert!(write(&at("link"), "x", false).is_err());
        assert!(write(&at("dangling"), "x", false).is_err());
        assert_eq!(names(folder.path()), ["dangling", "link", "real"]);

        assert_eq!(write(&at("link"), "new", true), Ok(()));
        assert!(at("link").is_symlink());
        assert_eq!(fs::read_to_string(at("real")).unwrap(), "new");
    }

    #[test]
    fn what_is_no_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let path = folder.path().display();
        for (target, why) in [
            (folder.path(), "this is a folder; name a file in it"),
            (&socket, "this is no file, so it is not replaced"),
            (&folder.path().join("no/new.toml"), "cannot be written"),
        ] {
            let error = write(target, "x", true).unwrap_err();
            assert!(error.contains(why), "{path}: {error}");
        }
        assert_eq!(names(folder.path()), ["socket"]);
    }
}
