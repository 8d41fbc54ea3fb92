//! A file for `node_exporter`'s textfile collector. It reads at any time, so the file is
//! whole or not there: it is written beside its place and moved there.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::Builder;

/// `node_exporter` is another user.
const MODE: u32 = 0o644;

/// Puts a text in the place of the file. Fails with what to do.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    write(folder, path, text).map_err(|error| {
        let shown = virtplug_core::Escaped(&path.to_string_lossy()).to_string();
        let advice = if fs::metadata(folder).is_ok_and(|folder| folder.is_dir()) {
            "see whether this user may write to the folder, and whether there is room"
        } else {
            "its folder is not there; make it, or name the one of node_exporter's \
             --collector.textfile.directory"
        };
        format!("cannot write {shown}: {error}; {advice}")
    })
}

fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    // No name that ends in .prom: the collector would read it.
    let mut file = Builder::new()
        .prefix(".virtplug")
        .suffix(".tmp")
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file()
        .set_permissions(Permissions::from_mode(MODE))?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_replaced_as_a_whole_and_everybody_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("virtplug.prom");
        replace(&path, "first and longer\n").unwrap();
        let open = fs::File::open(&path).unwrap();
        replace(&path, "second\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "second\n");
        // Who reads the old one reads it to its end.
        assert_eq!(io::read_to_string(open).unwrap(), "first and longer\n");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_says_what_to_do_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing/virtplug.prom");
        let error = replace(&missing, "x\n").unwrap_err();
        assert!(error.contains("its folder is not there"), "{error}");
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        let error = replace(&taken, "x\n").unwrap_err();
        assert!(error.contains("may write to the folder"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
