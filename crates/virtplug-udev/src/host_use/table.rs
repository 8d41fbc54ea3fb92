//! Table: what the kernel lists for the whole host. Each is read at most once
//! in a pass, and only if a device asks.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::io::Errno;

use super::mount::{self, Mount};
use super::{block, content, keyboard, network, opened};

/// Where the tables are.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) sysfs: PathBuf,
    pub(crate) procfs: PathBuf,
}

impl Places {
    /// The list of mounts. That of process 1 shows what the host has mounted; a
    /// service may have fewer mounts itself, as what is below `/home` is taken
    /// away from it when it starts.
    pub(crate) fn mounts(&self) -> PathBuf {
        let host = self.procfs.join("1/mountinfo");
        if fs::File::open(&host).is_ok() {
            host
        } else {
            self.procfs.join("self/mountinfo")
        }
    }

    pub(crate) fn swaps(&self) -> PathBuf {
        self.procfs.join("swaps")
    }
}

/// The host's tables in one pass over devices.
#[derive(Debug)]
pub(crate) struct Tables {
    places: Places,
    mounts: Once<Vec<Mount>>,
    swaps: Once<Vec<String>>,
    loops: Once<BTreeMap<String, Vec<String>>>,
    btrfs: Once<Vec<String>>,
    addresses: Once<BTreeMap<String, String>>,
    default_routes: Once<Vec<String>>,
    keyboards: Once<Vec<PathBuf>>,
    open_files: Once<BTreeMap<PathBuf, String>>,
}

/// A table that is read when it is first asked for.
#[derive(Debug)]
struct Once<T>(OnceLock<Result<T, Errno>>);

impl<T> Once<T> {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    fn get(&self, read: impl FnOnce() -> io::Result<T>) -> io::Result<&T> {
        let read = || read().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
        self.0
            .get_or_init(read)
            .as_ref()
            .map_err(|errno| (*errno).into())
    }
}

impl Tables {
    pub(crate) fn new(places: Places) -> Self {
        Self {
            places,
            mounts: Once::new(),
            swaps: Once::new(),
            loops: Once::new(),
            btrfs: Once::new(),
            addresses: Once::new(),
            default_routes: Once::new(),
            keyboards: Once::new(),
            open_files: Once::new(),
        }
    }

    pub(super) fn sysfs(&self) -> &Path {
        &self.places.sysfs
    }

    pub(super) fn procfs(&self) -> &Path {
        &self.places.procfs
    }

    /// What is mounted.
    pub(super) fn mounts(&self) -> io::Result<&Vec<Mount>> {
        self.mounts
            .get(|| mount::mounts(&fs::read(self.places.mounts())?))
    }

    /// Paths of what the host swaps to.
    pub(super) fn swaps(&self) -> io::Result<&Vec<String>> {
        // Without support for swap there is no such file.
        self.swaps.get(|| {
            Ok(mount::swaps(
                &content(&self.places.swaps())?.unwrap_or_default(),
            ))
        })
    }

    /// The loop devices on each path.
    pub(super) fn loops(&self) -> io::Result<&BTreeMap<String, Vec<String>>> {
        self.loops.get(|| block::loops(self.sysfs()))
    }

    /// The block devices of active btrfs file systems.
    pub(super) fn btrfs(&self) -> io::Result<&Vec<String>> {
        self.btrfs.get(|| block::btrfs(self.sysfs()))
    }

    /// An address of each network interface that is up and has one.
    pub(super) fn addresses(&self) -> io::Result<&BTreeMap<String, String>> {
        self.addresses.get(network::addresses)
    }

    /// The network interfaces with a default route.
    pub(super) fn default_routes(&self) -> io::Result<&Vec<String>> {
        self.default_routes
            .get(|| network::default_routes(self.procfs()))
    }

    /// The keyboards of the host.
    pub(super) fn keyboards(&self) -> io::Result<&Vec<PathBuf>> {
        self.keyboards.get(|| keyboard::all(self.sysfs()))
    }

    /// Who has which device node open, as far as this process may see it.
    pub(super) fn open_files(&self) -> io::Result<&BTreeMap<PathBuf, String>> {
        self.open_files.get(|| opened::files(self.procfs()))
    }
}
