//! Putting a changed file in the place of the old one: whole or not at all.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use super::error::EditError;
use crate::access::Reader;
use crate::encoding::decode;
use crate::file;

/// Everyone may read the configuration, and root must be the only one to change it.
const FILE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// Bytes of a file and its text, whose start may be behind a byte order mark.
pub(super) fn read(path: &Path) -> Result<(Vec<u8>, String), EditError> {
    let contents = file::read(path, Reader::of_this_process())
        .map_err(|fault| EditError::io(path, io::Error::other(fault.to_string())))?;
    let text = decode(&contents.bytes).text;
    Ok((contents.bytes, text))
}

/// Writes a file that holds `old`, or that is not there.
pub(super) fn replace(path: &Path, old: Option<&[u8]>, new: &[u8]) -> Result<(), EditError> {
    let failed = |error| EditError::io(path, error);
    let real = real_path(path)?;
    if old.is_none()
        && let Some(folder) = real
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
    {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(FOLDER_MODE);
        builder.create(folder).map_err(failed)?;
    }
    let like = match fs::symlink_metadata(&real) {
        Ok(metadata) if metadata.is_file() => Some(metadata),
        Ok(_) => return Err(elsewhere(path, None)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let beside = Beside(beside(&real).ok_or_else(|| elsewhere(path, None))?);
    write_like(&beside.0, like.as_ref(), new).map_err(failed)?;
    // Last before the exchange, so that what somebody else wrote is not lost.
    let now = match fs::read(&real) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    if now.as_deref() != old {
        let file = path.to_owned();
        return Err(EditError::Changed { file });
    }
    fs::rename(&beside.0, &real).map_err(failed)?;
    if let Some(folder) = real.parent().and_then(|folder| File::open(folder).ok()) {
        // The rename is done; that it outlasts a power cut is not worth an error.
        let _ = folder.sync_all();
    }
    Ok(())
}

/// The file that a path leads to, if that is in the folder of the path.
fn real_path(path: &Path) -> Result<PathBuf, EditError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {}
        _ => return Ok(path.to_owned()),
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    let folder = folder.map_err(|error| EditError::io(path, error))?;
    match path.canonicalize() {
        Ok(real) if real.parent() == Some(&folder) => Ok(real),
        Ok(real) => Err(elsewhere(path, Some(real))),
        Err(_) => Err(elsewhere(path, fs::read_link(path).ok())),
    }
}

fn elsewhere(path: &Path, target: Option<PathBuf>) -> EditError {
    EditError::Elsewhere {
        file: path.to_owned(),
        target,
    }
}

/// A hidden name beside a file, which is never read as configuration.
fn beside(path: &Path) -> Option<PathBuf> {
    let mut name = OsString::from(".");
    name.push(path.file_name()?);
    name.push(format!(".{}.new", std::process::id()));
    Some(path.with_file_name(name))
}

/// Writes a new file with mode and owner of another one.
fn write_like(path: &Path, like: Option<&Metadata>, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    let mode = like.map_or(FILE_MODE, |like| like.mode() & 0o7777);
    if let Some(like) = like {
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
            std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()))?;
        }
    }
    // After the owner, whose change takes bits away.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()
}

/// A file that is deleted when it is not needed any more.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // After the rename it is gone already.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_keeps_its_mode_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        replace(&path, Some(b"old"), b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(names(folder.path()), ["a.toml"]);
    }

    #[test]
    fn a_new_file_gets_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("machines.d/a.toml");
        replace(&path, None, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, FILE_MODE);
        let folder = fs::metadata(path.parent().unwrap()).unwrap();
        assert_eq!(folder.mode() & 0o022, 0);
    }

    #[test]
    fn what_somebody_else_wrote_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, "theirs").unwrap();
        for old in [Some(&b"old"[..]), None] {
            let error = replace(&path, old, b"ours").unwrap_err();
            assert!(matches!(error, EditError::Changed { .. }), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(folder.path()), ["a.toml"]);
    }

    #[test]
    fn links_are_followed_within_their_folder_only() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/real.toml"), "old").unwrap();
        fs::write(at("outside.toml"), "old").unwrap();
        symlink("real.toml", at("d/near.toml")).unwrap();
        symlink("../outside.toml", at("d/far.toml")).unwrap();
        symlink("/dev/null", at("d/null.toml")).unwrap();
        symlink("nothing", at("d/dangling.toml")).unwrap();

        replace(&at("d/near.toml"), Some(b"old"), b"new").unwrap();
        assert!(at("d/near.toml").is_symlink());
        assert_eq!(fs::read(at("d/real.toml")).unwrap(), b"new");

        for name in ["far", "null", "dangling"] {
            let path = at(&format!("d/{name}.toml"));
            let error = replace(&path, Some(b"old"), b"new").unwrap_err();
            assert!(matches!(error, EditError::Elsewhere { .. }), "{error}");
        }
        assert_eq!(fs::read(at("outside.toml")).unwrap(), b"old");
    }

    #[test]
    fn what_is_no_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::create_dir(&path).unwrap();
        let error = replace(&path, Some(b""), b"new").unwrap_err();
        assert!(matches!(error, EditError::Elsewhere { .. }), "{error}");
    }
}
