//! Host use: what the host does with a device, from the nodes that its drivers
//! made of it.
//!
//! Not seen without rights: who opened a video, FIDO or smart-card node. Never
//! seen: a block device that a process only has open (trying to open it
//! exclusively takes rights, and makes a mount at that moment fail), a network
//! interface in another network namespace, and a vfat or exfat file system that
//! is mounted only in another mount namespace than that of process 1.
//!
//! Nor is a disk seen here that a machine has open: that is in the machine's live
//! XML, which the core compares with [`HostUse::disks`].

mod block;
mod keyboard;
mod mount;
mod network;
mod node;
mod opened;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use virtplug_core::{Fact, PortPath, Use};

use crate::directory::is_absence;
use crate::failure::is_exhaustion;

pub(crate) use node::{Kind, Node, port_above};
pub(crate) use table::{Places, Tables};

/// What the host made of a device and does with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostUse {
    /// The kinds of its nodes.
    pub(crate) kinds: BTreeSet<Kind>,
    pub(crate) uses: Fact<BTreeSet<Use>>,
    /// The files that name its disks and their partitions.
    pub(crate) disks: BTreeSet<String>,
    /// How often something was written to its disks: the same number twice shows
    /// that nothing was in between.
    pub(crate) written: u64,
}

/// Reads what the host does with the device in this directory. An error: this
/// process lacks a resource.
pub(crate) fn read(device: &Path, port: &PortPath, tables: &Tables) -> io::Result<HostUse> {
    let unknown = |error: io::Error| {
        if is_exhaustion(&error) {
            Err(error)
        } else {
            Ok(Fact::Unknown)
        }
    };
    let nodes = match node::below(device, port) {
        Ok(nodes) => nodes,
        Err(error) => {
            return Ok(HostUse {
                kinds: Kind::ALL.into(),
                uses: unknown(error)?,
                disks: BTreeSet::new(),
                written: 0,
            });
        }
    };
    let mut found = HostUse {
        kinds: nodes.iter().map(|node| node.kind).collect(),
        uses: Fact::Unknown,
        disks: BTreeSet::new(),
        written: 0,
    };
    let complete = found.complete(device, port, &nodes, tables);
    if let Err(error) = complete {
        found.uses = unknown(error)?;
    }
    Ok(found)
}

impl HostUse {
    fn complete(
        &mut self,
        device: &Path,
        port: &PortPath,
        nodes: &[Node],
        tables: &Tables,
    ) -> io::Result<()> {
        for disk in disks(nodes) {
            self.disks.extend(block::files_of(disk)?);
            self.written += block::written(disk)?;
        }
        self.uses = Fact::Known(uses_of(device, port, nodes, tables)?);
        Ok(())
    }
}

fn disks(nodes: &[Node]) -> impl Iterator<Item = &Node> {
    nodes.iter().filter(|node| node.kind == Kind::Block)
}

fn uses_of(
    device: &Path,
    port: &PortPath,
    nodes: &[Node],
    tables: &Tables,
) -> io::Result<BTreeSet<Use>> {
    let mut found = BTreeSet::new();
    for node in nodes {
        match node.kind {
            Kind::Block => block::add(node, tables, &mut found)?,
            Kind::Net => network::add(node, tables, &mut found)?,
            Kind::Input => {}
            Kind::Sound => opened::add_sound(node, tables, &mut found)?,
            Kind::Video | Kind::Hidraw => opened::add_node(node, tables, &mut found)?,
        }
    }
    if !found.iter().any(Use::refuses) {
        for disk in disks(nodes) {
            block::add_writing(disk, &mut found)?;
        }
    }
    if keyboard::is_last(device, port, nodes, tables)? {
        found.insert(Use::LastKeyboard);
    }
    opened::add_smart_card(device, port, tables, &mut found)?;
    Ok(found)
}

/// The content of a file of sysfs or procfs; `None` where there is none.
fn content(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if is_nothing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A short text without its newline; empty where there is none.
fn line(path: &Path) -> io::Result<String> {
    let content = content(path)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(content.trim_ascii_end()).into_owned())
}

/// The entries of a directory by name; none where there is no directory.
fn names(directory: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if is_nothing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    entries.map(|entry| Ok(entry?.file_name())).collect()
}

/// Whether there is nothing to read, or not any more: the kernel answers so
/// for a file whose object went while it was open.
fn is_nothing(error: &io::Error) -> bool {
    is_absence(error) || rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::NODEV)
}

#[cfg(test)]
mod tests;
