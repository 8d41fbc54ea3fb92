//! Keyboard: whether a device is all that somebody at the host can type with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use virtplug_core::PortPath;

use super::node::{Kind, Node, interfaces};
use super::table::Tables;
use super::{is_nothing, line, names};

/// The keys from Escape to D. udev takes a device that has all of them for a keyboard.
const ALL_KEYS: u64 = 0xffff_fffe;

/// Whether a device has the only keyboard of a host without a serial console.
pub(super) fn is_last(
    device: &Path,
    port: &PortPath,
    nodes: &[Node],
    tables: &Tables,
) -> io::Result<bool> {
    let mut has_one = false;
    for node in nodes.iter().filter(|node| node.kind == Kind::Input) {
        has_one |= is_keyboard(&node.path)?;
    }
    if !has_one || has_serial_console(tables.sysfs())? {
        return Ok(false);
    }
    let own = interfaces(device, port)?;
    let mut keyboards = tables.keyboards()?.iter();
    Ok(keyboards.all(|keyboard| own.iter().any(|own| keyboard.starts_with(own))))
}

/// All keyboards, those apart that a program made up.
pub(super) fn all(sysfs: &Path) -> io::Result<Vec<PathBuf>> {
    let list = sysfs.join("class/input");
    let mut found = Vec::new();
    for name in names(&list)? {
        if !name.to_string_lossy().starts_with("input") {
            continue;
        }
        let path = match fs::canonicalize(list.join(&name)) {
            Ok(path) => path,
            Err(error) if is_nothing(&error) => continue,
            Err(error) => return Err(error),
        };
        if !path.starts_with(sysfs.join("devices/virtual")) && is_keyboard(&path)? {
            found.push(path);
        }
    }
    Ok(found)
}

/// Whether an input device is a keyboard: some devices have only a few keys,
/// such as a mouse or a power button.
fn is_keyboard(input: &Path) -> io::Result<bool> {
    Ok(has_all_keys(&line(&input.join("capabilities/key"))?))
}

/// Reads the bits of keys, the lowest word last: `1000000000007 ff980000000007ff fffffffffffffffe`.
fn has_all_keys(capabilities: &str) -> bool {
    capabilities
        .split_ascii_whitespace()
        .next_back()
        .and_then(|word| u64::from_str_radix(word, 16).ok())
        .is_some_and(|word| word & ALL_KEYS == ALL_KEYS)
}

/// Whether the kernel's console is on anything but the screen (`tty0`).
fn has_serial_console(sysfs: &Path) -> io::Result<bool> {
    let active = line(&sysfs.join("class/tty/console/active"))?;
    Ok(active.split_ascii_whitespace().any(|console| {
        console
            .strip_prefix("tty")
            .is_none_or(|number| number.parse::<u32>().is_err())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyboard_has_all_keys() {
        assert!(has_all_keys(
            "1000000000007 ff980000000007ff febeffdff3cfffff fffffffffffffffe"
        ));
        assert!(has_all_keys("fffffffe"));
        for other in ["70000 0 0 0 0", "10000000000000 0", "", "x", "1f0000 0"] {
            assert!(!has_all_keys(other), "{other}");
        }
    }
}
