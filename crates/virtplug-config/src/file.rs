//! Reading one file, whatever it turns out to be.

use std::fmt;
use std::fs::{File, FileType, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::access::{Exposure, Ownership, Reader};

/// Largest file that is read.
pub(crate) const MAX_SIZE: u64 = 1024 * 1024;

/// Why a file or folder was not read.
#[derive(Debug)]
pub(crate) enum FileFault {
    /// There is no such file.
    Missing,
    /// A symbolic link leads to nothing.
    DanglingLink,
    /// Symbolic links lead back to themselves.
    LinkLoop,
    /// It is something else than a file, in words.
    NotAFile(&'static str),
    /// `machines.d` is something else than a folder.
    NotAFolder,
    /// The system refuses.
    Unreadable(io::Error),
    /// It has more than `MAX_SIZE` bytes.
    TooLarge,
    /// It changed while it was read, twice.
    Changing,
    /// Root must not trust it.
    Exposed(Exposure),
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the file does not exist"),
            Self::DanglingLink => f.write_str("the symbolic link leads to nothing"),
            Self::LinkLoop => f.write_str("the symbolic link leads back to itself"),
            Self::NotAFile(what) => write!(f, "expected a file, found {what}"),
            Self::NotAFolder => f.write_str("expected a folder"),
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::TooLarge => f.write_str("the file is larger than 1 MiB"),
            Self::Changing => f.write_str("the file changed while it was read"),
            Self::Exposed(Exposure::Owner(owner)) => {
                write!(f, "belongs to user {owner}, not to root")
            }
            Self::Exposed(Exposure::Writable) => {
                f.write_str("can be changed by its group or by everyone")
            }
            Self::Exposed(Exposure::WritableByAll) => f.write_str("can be changed by everyone"),
        }
    }
}

impl FileFault {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("create it; an empty file is valid and assigns nothing"),
            Self::Unreadable(error) if error.kind() == io::ErrorKind::PermissionDenied => Some(
                "the user that virtplug runs as needs the right to read it and to enter its folders",
            ),
            Self::NotAFolder => Some("it holds one file for each machine, or does not exist"),
            Self::TooLarge => Some("put machines into files of their own in `machines.d`"),
            Self::Changing => Some("reload when the file is written"),
            Self::Exposed(Exposure::Owner(_)) => {
                Some("give it to root with `chown root`, so that nobody else decides")
            }
            Self::Exposed(Exposure::Writable | Exposure::WritableByAll) => {
                Some("take the right away with `chmod go-w`, so that nobody else decides")
            }
            _ => None,
        }
    }
}

impl From<Errno> for FileFault {
    fn from(error: Errno) -> Self {
        Self::from(io::Error::from(error))
    }
}

impl From<io::Error> for FileFault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing
        } else if Errno::from_io_error(&error) == Some(Errno::LOOP) {
            Self::LinkLoop
        } else {
            Self::Unreadable(error)
        }
    }
}

/// Bytes of a file, all from one moment.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) bytes: Vec<u8>,
    /// An exposure that is no reason to refuse the file.
    pub(crate) exposure: Option<Exposure>,
}

/// Reads a file. Never blocks on what is not a file, never reads more than
/// `MAX_SIZE`.
pub(crate) fn read(path: &Path, reader: Reader) -> Result<Contents, FileFault> {
    read_watched(path, reader, || {})
}

/// As [`read`]; calls `between` after the bytes are read and before the look
/// at whether the file changed meanwhile.
fn read_watched(
    path: &Path,
    reader: Reader,
    mut between: impl FnMut(),
) -> Result<Contents, FileFault> {
    match read_once(path, reader, &mut between) {
        Err(FileFault::Changing) => read_once(path, reader, &mut between),
        Err(FileFault::Missing) if path.is_symlink() => Err(FileFault::DanglingLink),
        result => result,
    }
}

fn read_once(
    path: &Path,
    reader: Reader,
    between: &mut impl FnMut(),
) -> Result<Contents, FileFault> {
    // To open a device can already do something; so look first, and again at
    // what was really opened.
    let metadata = std::fs::metadata(path)?;
    if is_null_device(&metadata) {
        return Ok(Contents {
            bytes: Vec::new(),
            exposure: None,
        });
    }
    refuse_other_than_file(&metadata)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let before = file.metadata()?;
    refuse_other_than_file(&before)?;
    let exposure = refuse_exposed(&before, reader)?;
    let mut bytes = Vec::new();
    (&mut file).take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(FileFault::TooLarge);
    }
    between();
    if stamp(&file.metadata()?) != stamp(&before) {
        return Err(FileFault::Changing);
    }
    Ok(Contents { bytes, exposure })
}

/// What changes when somebody writes into the file. Not the inode's own time:
/// a rename over the file changes that and leaves these bytes alone.
fn stamp(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.size(), metadata.modified().ok())
}

/// Refuses what root must not trust; gives an exposure that is only worth a warning.
pub(crate) fn refuse_exposed(
    metadata: &Metadata,
    reader: Reader,
) -> Result<Option<Exposure>, FileFault> {
    match Ownership::from(metadata).exposure(reader) {
        Some(exposure @ (Exposure::Owner(_) | Exposure::Writable)) => {
            Err(FileFault::Exposed(exposure))
        }
        other => Ok(other),
    }
}

/// A link to `/dev/null` stands for an empty file, as for systemd.
fn is_null_device(metadata: &Metadata) -> bool {
    metadata.file_type().is_char_device() && metadata.rdev() == rustix::fs::makedev(1, 3)
}

fn refuse_other_than_file(metadata: &Metadata) -> Result<(), FileFault> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err(FileFault::NotAFile(kind_of(metadata.file_type())))
    }
}

fn kind_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_char_device() || kind.is_block_device() {
        "a device"
    } else {
        "something else"
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn fault(path: &Path) -> String {
        read(path, Reader::of_this_process())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_file_that_is_written_meanwhile_is_read_again_and_then_refused() {
        let folder = folder();
        let path = folder.path().join("f");
        fs::write(&path, "one").unwrap();
        let append = |text: &str| {
            let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };

        let mut writes = 1;
        let contents = read_watched(&path, Reader::of_this_process(), || {
            if writes > 0 {
                writes -= 1;
                append(" two");
            }
        });
        assert_eq!(contents.unwrap().bytes, b"one two");

        let contents = read_watched(&path, Reader::of_this_process(), || append("!"));
        assert!(matches!(contents, Err(FileFault::Changing)));
    }

    #[test]
    fn a_rename_over_the_file_leaves_one_whole_version() {
        let folder = folder();
        let (path, new) = (folder.path().join("f"), folder.path().join("new"));
        fs::write(&path, "old").unwrap();
        fs::write(&new, "newer").unwrap();
        let contents = read_watched(&path, Reader::of_this_process(), || {
            let _ = fs::rename(&new, &path);
        });
        assert_eq!(contents.unwrap().bytes, b"old");
    }

    #[test]
    fn what_is_not_a_file_is_refused_without_waiting() {
        let folder = folder();
        assert_eq!(fault(folder.path()), "expected a file, found a folder");

        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert_eq!(fault(&pipe), "expected a file, found a named pipe");

        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_eq!(fault(&socket), "expected a file, found a socket");

        assert_eq!(
            fault(Path::new("/dev/zero")),
            "expected a file, found a device"
        );
        let null = read(Path::new("/dev/null"), Reader::of_this_process());
        assert_eq!(null.unwrap().bytes, b"");
    }

    #[test]
    fn links_are_followed_and_broken_ones_named() {
        let folder = folder();
        let link = |name: &str, target: &str| {
            let path = folder.path().join(name);
            std::os::unix::fs::symlink(target, &path).unwrap();
            path
        };
        fs::write(folder.path().join("target"), "x").unwrap();
        let good = read(&link("good", "target"), Reader::of_this_process());
        assert_eq!(good.unwrap().bytes, b"x");
        assert_eq!(
            fault(&link("dangling", "nothing")),
            "the symbolic link leads to nothing"
        );
        assert_eq!(
            fault(&link("loop", "loop")),
            "the symbolic link leads back to itself"
        );
        assert_eq!(fault(&folder.path().join("no")), "the file does not exist");
    }

    #[test]
    fn one_mebibyte_is_the_limit() {
        let folder = folder();
        let path = folder.path().join("f");
        fs::write(&path, vec![b'#'; 1024 * 1024]).unwrap();
        assert!(read(&path, Reader::of_this_process()).is_ok());
        fs::write(&path, vec![b'#'; 1024 * 1024 + 1]).unwrap();
        assert_eq!(fault(&path), "the file is larger than 1 MiB");
    }
}
