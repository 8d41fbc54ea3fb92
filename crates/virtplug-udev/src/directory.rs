//! Directory: the sysfs directory of one device.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::{read, retry_on_intr};
use rustix::path::Arg;

/// sysfs limits a file to one page, and gives all of it in one read.
const PAGE: usize = 4096;

/// An open directory. What is read through it is of one instance: when the
/// device goes, its files go, and a new device gets another directory.
#[derive(Debug)]
pub(crate) struct Directory {
    file: File,
    path: PathBuf,
    inode: u64,
}

impl Directory {
    /// Opens the directory that an entry of `bus/usb/devices` points to.
    pub(crate) fn open(link: &Path) -> io::Result<Self> {
        let path = follow(link)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let file = File::from(open(&path, flags, Mode::empty())?);
        let inode = file.metadata()?.ino();
        Ok(Self { file, path, inode })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Distinguishes this directory from later ones with the same path: the
    /// kernel gives no inode of sysfs twice.
    pub(crate) fn inode(&self) -> u64 {
        self.inode
    }

    /// The content of a file; that of another directory where `name` is a whole path.
    pub(crate) fn read(&self, name: impl Arg) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = openat(&self.file, name, flags, Mode::empty())?;
        let mut page = [0; PAGE];
        let length = retry_on_intr(|| read(&file, &mut page))?;
        Ok(page.into_iter().take(length).collect())
    }

    /// The content of a binary file, which can be longer than one read gives;
    /// at most `limit` bytes of it.
    pub(crate) fn read_binary(&self, name: &str, limit: usize) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = File::from(openat(&self.file, name, flags, Mode::empty())?);
        let mut bytes = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The inode of the directory at a path, links followed. `None`: there is none.
pub(crate) fn inode(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.ino())),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an error says that there is nothing at a path.
pub(crate) fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Where a link points to, as a path without `..`. The links of sysfs pass
/// through no other links, so that their text says it all.
fn follow(link: &Path) -> io::Result<PathBuf> {
    let mut path = link.parent().unwrap_or(link).to_path_buf();
    for part in fs::read_link(link)?.components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_leads_to_the_canonical_path() {
        let temporary = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(temporary.path()).unwrap();
        let devices = root.join("bus/usb/devices");
        let target = root.join("devices/pci0/usb1/1-1");
        fs::create_dir_all(&devices).unwrap();
        fs::create_dir_all(&target).unwrap();
        let link = devices.join("1-1");
        symlink("../../../devices/pci0/usb1/1-1", &link).unwrap();
        let directory = Directory::open(&link).unwrap();
        assert_eq!(directory.path(), fs::canonicalize(&link).unwrap());
        assert_eq!(Some(directory.inode()), inode(&link).unwrap());
    }

    #[test]
    fn a_directory_keeps_to_its_instance() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        symlink("device", at("link")).unwrap();
        fs::create_dir(at("device")).unwrap();
        fs::write(at("device/serial"), "old\n").unwrap();
        let directory = Directory::open(&at("link")).unwrap();
        fs::rename(at("device"), at("gone")).unwrap();
        fs::create_dir(at("device")).unwrap();
        fs::write(at("device/serial"), "new\n").unwrap();
        assert_eq!(directory.read("serial").unwrap(), b"old\n");
        assert_ne!(Some(directory.inode()), inode(&at("link")).unwrap());
        fs::remove_dir_all(at("gone")).unwrap();
        assert!(is_absence(&directory.read("serial").unwrap_err()));
    }
}
