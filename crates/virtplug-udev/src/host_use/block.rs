//! Block: what the host does with a disk and its partitions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use virtplug_core::Use;

use super::node::{Node, directories};
use super::table::Tables;
use super::{line, names};
use crate::failure::is_exhaustion;

/// File systems with a directory in sysfs for each block device that is
/// mounted in any mount namespace.
const IN_SYSFS: [&str; 5] = ["ext4", "xfs", "f2fs", "nilfs2", "erofs"];

/// Most mounts of one block device that are told; a container host may show
/// one in hundreds of places.
const TOLD: usize = 4;

/// Most block devices that are looked at above a disk.
const ABOVE: usize = 64;

/// Adds what the host does with a disk.
pub(super) fn add(node: &Node, tables: &Tables, found: &mut BTreeSet<Use>) -> io::Result<()> {
    let mut disks = vec![node.path.clone()];
    let mut seen = BTreeSet::new();
    while let Some(disk) = disks.pop() {
        if seen.len() > ABOVE || !seen.insert(disk.clone()) {
            continue;
        }
        for volume in volumes(&disk)? {
            disks.extend(add_volume(&volume, tables, found)?);
        }
    }
    Ok(())
}

/// Adds that the kernel writes to a disk right now.
pub(super) fn add_writing(disk: &Node, found: &mut BTreeSet<Use>) -> io::Result<()> {
    // Reads and writes under way.
    let under_way = line(&disk.path.join("inflight"))?;
    let writes = under_way.split_whitespace().nth(1);
    if writes.is_some_and(|count| count != "0") {
        let node = disk.name.clone();
        found.insert(Use::Writing { node });
    }
    Ok(())
}

/// How many writes to a disk have ended. None, once it is gone.
pub(super) fn written(disk: &Node) -> io::Result<u64> {
    let counts = line(&disk.path.join("stat"))?;
    match counts.split_whitespace().nth(4) {
        Some(count) => count.parse().map_err(io::Error::other),
        None => Ok(0),
    }
}

/// The files that name a disk and its partitions: the kernel's and udev's.
pub(super) fn files_of(disk: &Node) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for volume in volumes(&disk.path)? {
        let name = volume.file_name().unwrap_or_default();
        found.extend(files(&volume, &name.to_string_lossy())?);
        found.extend(links(&volume)?);
    }
    Ok(found)
}

/// A block device and its partitions.
fn volumes(disk: &Path) -> io::Result<impl Iterator<Item = PathBuf>> {
    let parts = directories(disk)?;
    let parts = parts.into_iter().filter(|part| part.join("dev").exists());
    Ok([disk.to_owned()].into_iter().chain(parts))
}

/// The links that udev made to a block device.
fn links(volume: &Path) -> io::Result<Vec<String>> {
    let record = record(volume)?;
    let links = record
        .as_ref()
        .and_then(|record| record.property_value("DEVLINKS"));
    let links = links.map(|links| links.to_string_lossy().into_owned());
    let links = links.unwrap_or_default();
    Ok(links.split_whitespace().map(str::to_owned).collect())
}

/// What udev knows of a block device; nothing, once it is gone.
fn record(volume: &Path) -> io::Result<Option<udev::Device>> {
    match fs::canonicalize(volume).and_then(|path| udev::Device::from_syspath(&path)) {
        Ok(record) => Ok(Some(record)),
        Err(error) if is_exhaustion(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Adds what the host does with one block device; returns those that are made of it.
fn add_volume(path: &Path, tables: &Tables, found: &mut BTreeSet<Use>) -> io::Result<Vec<PathBuf>> {
    let node = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let number = line(&path.join("dev"))?;
    if number.is_empty() {
        // It has gone.
        return Ok(Vec::new());
    }
    let files = files(path, &node)?;
    let mounts = tables.mounts()?.iter().filter(|mount| {
        mount.device == number
            || mount.device.starts_with("0:")
                && mount
                    .source
                    .split(':')
                    .any(|source| files.iter().any(|file| file == source))
    });
    let mounts: Vec<_> = mounts.take(TOLD).collect();
    if mounts.is_empty() {
        add_member(&node, path, tables, found)?;
    }
    found.extend(mounts.into_iter().map(|mount| Use::Mounted {
        node: node.clone(),
        at: mount.at.clone(),
    }));
    if tables.swaps()?.iter().any(|path| files.contains(path)) {
        found.insert(Use::Swap { node: node.clone() });
    }
    let mut above = Vec::new();
    for holder in names(&path.join("holders"))? {
        above.push(holder.to_string_lossy().into_owned());
    }
    for file in files {
        above.extend(tables.loops()?.get(&file).into_iter().flatten().cloned());
    }
    let mut paths = Vec::new();
    for holder in above {
        let path = tables.sysfs().join("class/block").join(&holder);
        found.insert(Use::Held {
            node: node.clone(),
            by: described(&holder, &path)?,
        });
        paths.push(path);
    }
    Ok(paths)
}

/// The paths by which the kernel's tables name a block device.
fn files(path: &Path, node: &str) -> io::Result<Vec<String>> {
    // A `/` of a name is a `!` in sysfs.
    let mut files = vec![format!("/dev/{}", node.replace('!', "/"))];
    let mapped = line(&path.join("dm/name"))?;
    if !mapped.is_empty() {
        files.push(format!("/dev/mapper/{mapped}"));
    }
    Ok(files)
}

/// What is made of a block device, as people know it.
fn described(holder: &str, path: &Path) -> io::Result<String> {
    let uuid = line(&path.join("dm/uuid"))?;
    let name = line(&path.join("dm/name"))?;
    let what = match uuid.split('-').next() {
        Some("CRYPT") if uuid.starts_with("CRYPT-LUKS") => "LUKS",
        Some("CRYPT") => "encryption",
        Some("LVM") => "LVM",
        Some("mpath") => "multipath",
        _ if !name.is_empty() => "device mapper",
        _ if holder.starts_with("md") => "RAID",
        _ if holder.starts_with("bcache") => "bcache",
        _ if holder.starts_with("loop") => "loop device",
        _ => return Ok(holder.to_owned()),
    };
    Ok(if name.is_empty() {
        format!("{holder} ({what})")
    } else {
        format!("{holder} ({what} {name})")
    })
}

/// Adds the file system or pool that a block device is an active part of.
fn add_member(
    node: &str,
    path: &Path,
    tables: &Tables,
    found: &mut BTreeSet<Use>,
) -> io::Result<()> {
    let in_sysfs = IN_SYSFS
        .into_iter()
        .find(|of| tables.sysfs().join("fs").join(of).join(node).exists());
    let of = if in_sysfs.is_some() {
        in_sysfs
    } else if tables.btrfs()?.iter().any(|member| member == node) {
        Some("btrfs")
    } else if tables.procfs().join("fs/ntfs3").join(node).exists() {
        Some("ntfs3")
    } else if tables.sysfs().join("module/zfs").exists() && is_zfs(path)? {
        Some("zfs")
    } else {
        None
    };
    found.extend(of.map(|of| Use::Member {
        node: node.to_owned(),
        of: of.to_owned(),
    }));
    Ok(())
}

/// Whether udev saw a member of a ZFS pool. Whether the pool is imported is
/// not told, so with ZFS loaded it counts as active.
fn is_zfs(path: &Path) -> io::Result<bool> {
    let record = record(path)?;
    let kind = record
        .as_ref()
        .and_then(|record| record.property_value("ID_FS_TYPE"));
    Ok(kind.is_some_and(|kind| kind == "zfs_member"))
}

/// The loop devices by the path of what they are made of.
pub(super) fn loops(sysfs: &Path) -> io::Result<BTreeMap<String, Vec<String>>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    let block = sysfs.join("class/block");
    for name in names(&block)? {
        let text = name.to_string_lossy();
        if text.starts_with("loop") {
            let file = line(&block.join(&name).join("loop/backing_file"))?;
            if !file.is_empty() {
                found.entry(file).or_default().push(text.into_owned());
            }
        }
    }
    Ok(found)
}

/// The members of active btrfs file systems.
pub(super) fn btrfs(sysfs: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for system in directories(&sysfs.join("fs/btrfs"))? {
        let members = names(&system.join("devices"))?;
        found.extend(
            members
                .iter()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    Ok(found)
}
