//! The folder with one file for each machine.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::access::{Exposure, Reader};
use crate::file::{Contents, FileFault, refuse_exposed};

/// Name of the folder beside the main file.
pub(crate) const NAME: &str = "machines.d";

/// Folders that others than the reader can change.
pub(crate) type Exposures = Vec<(PathBuf, Exposure)>;

/// The files of the folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Sorted bytewise by file name.
    pub(crate) paths: Vec<PathBuf>,
    /// Exposures of folders that are no reason to refuse them.
    pub(crate) exposures: Exposures,
}

impl Listing {
    /// Puts a file in its place, instead of any other one of that name.
    pub(crate) fn put(&mut self, path: &Path) {
        self.paths
            .retain(|other| other.file_name() != path.file_name());
        self.paths.push(path.to_owned());
        self.paths
            .sort_by_key(|path| path.file_name().map(|name| name.as_bytes().to_vec()));
    }
}

/// Lists the files that count. A folder that does not exist holds none.
pub(crate) fn list(folder: &Path, reader: Reader) -> Result<Listing, FileFault> {
    let metadata = match fs::metadata(folder).map_err(FileFault::from) {
        Err(FileFault::Missing) if folder.is_symlink() => return Err(FileFault::DanglingLink),
        Err(FileFault::Missing) => return Ok(Listing::default()),
        result => result?,
    };
    if !metadata.is_dir() {
        return Err(FileFault::NotAFolder);
    }
    let exposure = refuse_exposed(&metadata, reader)?;
    let mut paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| counts(path));
    paths.sort_unstable_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    let exposures = exposure.map(|exposure| (folder.to_owned(), exposure));
    Ok(Listing {
        paths,
        exposures: exposures.into_iter().collect(),
    })
}

/// Whether a file is one of ours: neither hidden nor what an editor or a
/// package manager leaves (`x.toml~`, `.x.toml.swp`, `x.toml.dpkg-new`).
pub(crate) fn counts(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.as_bytes();
        name.ends_with(b".toml") && !name.starts_with(b".")
    })
}

/// A file of the folder and what reading it gave.
pub(crate) type DropIn = (PathBuf, Result<Contents, FileFault>);

/// Lists and reads the files. One that vanishes in between is normal while
/// somebody renames files, so that makes for one more round.
pub(crate) fn read_all<E>(
    mut list: impl FnMut() -> Result<Listing, E>,
    read: impl Fn(&Path) -> Result<Contents, FileFault>,
) -> Result<(Exposures, Vec<DropIn>), E> {
    let mut round = || {
        let listing = list()?;
        let read: Vec<DropIn> = listing
            .paths
            .into_iter()
            .map(|path| {
                let contents = read(&path);
                (path, contents)
            })
            .collect();
        Ok((listing.exposures, read))
    };
    let first = round()?;
    let vanished = |(_, result): &DropIn| matches!(result, Err(FileFault::Missing));
    if first.1.iter().any(vanished) {
        round()
    } else {
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn names(listing: &Listing) -> Vec<String> {
        listing
            .paths
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn only_toml_files_count_sorted_by_bytes() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "b.toml",
            "a.toml",
            "a-b.toml",
            "B.toml",
            "é.toml",
            ".hidden.toml",
            ".toml",
            ".b.toml.swp",
            "b.toml~",
            "b.toml.dpkg-new",
            "b.toml.rpmsave",
            "#b.toml#",
            "b.TOML",
            "README",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let listing = list(folder.path(), Reader::of_this_process()).unwrap();
        assert_eq!(
            names(&listing),
            ["B.toml", "a-b.toml", "a.toml", "b.toml", "é.toml"]
        );
    }

    #[test]
    fn no_folder_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let listing = list(&folder.path().join(NAME), Reader::of_this_process()).unwrap();
        assert_eq!(names(&listing), [""; 0]);
    }

    #[test]
    fn what_is_no_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, "").unwrap();
        let fault = list(&path, Reader::of_this_process()).unwrap_err();
        assert!(matches!(fault, FileFault::NotAFolder), "{fault}");

        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("nothing", &path).unwrap();
        let fault = list(&path, Reader::of_this_process()).unwrap_err();
        assert!(matches!(fault, FileFault::DanglingLink), "{fault}");
    }

    /// Reads from a folder in which `gone.toml` is listed `times` times and never there.
    fn read_with_a_vanishing_file(times: u32) -> (u32, Vec<DropIn>) {
        let rounds = Cell::new(0);
        let list = || {
            rounds.set(rounds.get() + 1);
            let mut paths = vec![PathBuf::from("here.toml")];
            if rounds.get() <= times {
                paths.push(PathBuf::from("gone.toml"));
            }
            Ok(Listing {
                paths,
                exposures: Vec::new(),
            })
        };
        let read = |path: &Path| {
            if path == Path::new("gone.toml") {
                return Err(FileFault::Missing);
            }
            Ok(Contents {
                bytes: Vec::new(),
                exposure: None,
            })
        };
        let (_, read) = read_all::<FileFault>(list, read).unwrap();
        (rounds.get(), read)
    }

    #[test]
    fn a_file_that_vanishes_makes_for_one_more_round() {
        let (rounds, read) = read_with_a_vanishing_file(0);
        assert_eq!((rounds, read.len()), (1, 1));

        let (rounds, read) = read_with_a_vanishing_file(1);
        assert_eq!((rounds, read.len()), (2, 1));
        assert!(read[0].1.is_ok());

        let (rounds, read) = read_with_a_vanishing_file(9);
        assert_eq!((rounds, read.len()), (2, 2));
        assert!(matches!(read[1].1, Err(FileFault::Missing)));
    }
}
