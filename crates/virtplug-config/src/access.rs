//! Who could change a configuration behind the administrator's back.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

/// A folder in which only owners can rename and delete (`S_ISVTX`).
const STICKY: u32 = 0o1000;

/// The user that this process acts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Root trusts only what root alone can write.
    Root,
    /// Any other user.
    User,
}

impl Reader {
    pub(crate) fn of_this_process() -> Self {
        if rustix::process::geteuid().is_root() {
            Self::Root
        } else {
            Self::User
        }
    }
}

/// What of a file or folder decides who can change it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ownership {
    owner: u32,
    mode: u32,
    folder: bool,
}

/// Who else can change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Root reads it and it belongs to this user.
    Owner(u32),
    /// Root reads it and its group, or everyone, can write it.
    Writable,
    /// Another user than root reads it and everyone can write it; this calls
    /// for a warning only.
    WritableByAll,
}

impl From<&Metadata> for Ownership {
    fn from(metadata: &Metadata) -> Self {
        Self {
            owner: metadata.uid(),
            mode: metadata.mode(),
            folder: metadata.is_dir(),
        }
    }
}

impl Ownership {
    pub(crate) fn exposure(self, reader: Reader) -> Option<Exposure> {
        // In a sticky folder such as /tmp nobody can replace a file of root.
        let writable = |bits| self.mode & bits != 0 && !(self.folder && self.mode & STICKY != 0);
        match reader {
            Reader::Root if self.owner != 0 => Some(Exposure::Owner(self.owner)),
            Reader::Root if writable(0o022) => Some(Exposure::Writable),
            Reader::User if writable(0o002) => Some(Exposure::WritableByAll),
            Reader::Root | Reader::User => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(reader: Reader, owner: u32, mode: u32, folder: bool) -> Option<Exposure> {
        let ownership = Ownership {
            owner,
            mode,
            folder,
        };
        ownership.exposure(reader)
    }

    #[test]
    fn root_trusts_only_what_root_alone_can_write() {
        let root = |owner, mode| exposure(Reader::Root, owner, mode, false);
        assert_eq!(root(0, 0o100_644), None);
        assert_eq!(root(0, 0o100_600), None);
        assert_eq!(root(0, 0o100_664), Some(Exposure::Writable));
        assert_eq!(root(0, 0o100_646), Some(Exposure::Writable));
        assert_eq!(root(1000, 0o100_600), Some(Exposure::Owner(1000)));
    }

    #[test]
    fn a_sticky_folder_of_root_is_trusted() {
        let folder = |owner, mode| exposure(Reader::Root, owner, mode, true);
        assert_eq!(folder(0, 0o041_777), None);
        assert_eq!(folder(0, 0o040_777), Some(Exposure::Writable));
        assert_eq!(folder(5, 0o041_777), Some(Exposure::Owner(5)));
        // The bit says nothing on a file.
        assert_eq!(
            exposure(Reader::Root, 0, 0o101_666, false),
            Some(Exposure::Writable)
        );
    }

    #[test]
    fn other_users_are_warned_of_what_everyone_can_write() {
        let user = |mode| exposure(Reader::User, 1000, mode, false);
        assert_eq!(user(0o100_664), None);
        assert_eq!(user(0o100_646), Some(Exposure::WritableByAll));
    }
}
