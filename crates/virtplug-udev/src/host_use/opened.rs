//! Opened: nodes that a process has open. They only warn.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use virtplug_core::{PortPath, Use};

use super::node::{Kind, Node, directories, interfaces};
use super::table::Tables;
use super::{content, line, names};

/// Class of smart-card readers.
const SMART_CARD: &str = "0b";

/// Start of the report descriptor of a FIDO device: usage page 0xf1d0.
const FIDO: &[u8] = &[0x06, 0xd0, 0xf1];

/// Adds the streams of a sound card that are open.
pub(super) fn add_sound(node: &Node, tables: &Tables, found: &mut BTreeSet<Use>) -> io::Result<()> {
    if !node.name.starts_with("card") {
        return Ok(());
    }
    let card = tables.procfs().join("asound").join(&node.name);
    for stream in directories(&card)? {
        let name = stream.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with("pcm") {
            continue;
        }
        for part in directories(&stream)? {
            let status = line(&part.join("status"))?;
            if status.is_empty() || status == "closed" {
                continue;
            }
            let by = match owner(&status) {
                Some(pid) => line(&tables.procfs().join(pid).join("comm"))?,
                None => String::new(),
            };
            found.insert(Use::Opened {
                node: format!("{}/{name}", node.name),
                by: Some(by).filter(|by| !by.is_empty()),
            });
        }
    }
    Ok(())
}

/// The process that has a stream open, from the status of the stream.
fn owner(status: &str) -> Option<&str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix("owner_pid"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']))
        .filter(|pid| !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Adds a video or FIDO node that is open.
pub(super) fn add_node(node: &Node, tables: &Tables, found: &mut BTreeSet<Use>) -> io::Result<()> {
    if node.kind == Kind::Video || is_fido(node)? {
        add_file(node.name.clone(), tables, found)?;
    }
    Ok(())
}

/// Whether a raw HID device is a FIDO token.
fn is_fido(node: &Node) -> io::Result<bool> {
    let Some(device) = node.path.parent().and_then(Path::parent) else {
        return Ok(false);
    };
    let descriptor = content(&device.join("report_descriptor"))?;
    Ok(descriptor.is_some_and(|bytes| bytes.starts_with(FIDO)))
}

/// Adds a smart-card reader that is open; programs use it without a driver.
pub(super) fn add_smart_card(
    device: &Path,
    port: &PortPath,
    tables: &Tables,
    found: &mut BTreeSet<Use>,
) -> io::Result<()> {
    if !sees_processes() {
        return Ok(());
    }
    for interface in interfaces(device, port)? {
        if line(&interface.join("bInterfaceClass"))? == SMART_CARD {
            let number = |name| -> io::Result<u32> {
                Ok(line(&device.join(name))?.parse().unwrap_or_default())
            };
            let (bus, number) = (number("busnum")?, number("devnum")?);
            return add_file(format!("bus/usb/{bus:03}/{number:03}"), tables, found);
        }
    }
    Ok(())
}

fn add_file(node: String, tables: &Tables, found: &mut BTreeSet<Use>) -> io::Result<()> {
    if sees_processes()
        && let Some(by) = tables.open_files()?.get(&Path::new("/dev").join(&node))
    {
        let by = Some(by.clone());
        found.insert(Use::Opened { node, by });
    }
    Ok(())
}

/// Whether the files of other processes can be seen.
fn sees_processes() -> bool {
    rustix::process::geteuid().is_root()
}

/// The device nodes that processes have open, and by whom. QEMU is left out:
/// what it has open is in a machine already.
pub(super) fn files(procfs: &Path) -> io::Result<BTreeMap<PathBuf, String>> {
    let mut found = BTreeMap::new();
    for process in names(procfs)? {
        let process = procfs.join(process);
        // Processes come and go, and not all can be looked at: what cannot be
        // read is no reason for a warning.
        let Ok(files) = names(&process.join("fd")) else {
            continue;
        };
        for file in files {
            let target = fs::read_link(process.join("fd").join(file));
            let Ok(target) = target else { continue };
            if target.starts_with("/dev") && !found.contains_key(&target) {
                let by = line(&process.join("comm")).unwrap_or_default();
                if !by.starts_with("qemu") {
                    found.insert(target, by);
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_stream_names_its_owner() {
        let running = "state: RUNNING\nowner_pid   : 812\ntrigger_time: 1.2";
        assert_eq!(owner(running), Some("812"));
        for strange in ["", "state: OPEN", "owner_pid   : ", "owner_pid: ../x"] {
            assert_eq!(owner(strange), None, "{strange}");
        }
    }

    #[test]
    fn nodes_that_a_process_has_open_are_found_by_their_path() {
        let root = tempfile::tempdir().unwrap();
        for (pid, comm, file) in [
            ("7", "cheese", "/dev/video0"),
            ("8", "qemu-system-x86", "/dev/bus/usb/001/002"),
            ("9", "cat", "/home/x"),
        ] {
            let files = root.path().join(pid).join("fd");
            fs::create_dir_all(&files).unwrap();
            fs::write(root.path().join(pid).join("comm"), format!("{comm}\n")).unwrap();
            std::os::unix::fs::symlink(file, files.join("3")).unwrap();
        }
        let found = files(root.path()).unwrap();
        assert_eq!(found, [("/dev/video0".into(), "cheese".to_owned())].into());
    }
}
