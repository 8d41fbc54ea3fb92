//! The devices that the rules are held against.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use virtplug_core::{Device, Escaped, Fact};
use virtplug_udev::{Host, HostPaths, read_dump};

use crate::edge::error_text;

/// Largest dump that is read; those of large servers have some ten MiB.
const MAX_DUMP: u64 = 256 * 1024 * 1024;

/// Devices, and what must be known of how they were read.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    pub(super) devices: Vec<Device>,
    /// Safe to print.
    pub(super) notes: Vec<String>,
}

/// The devices of this host, as far as they can be read.
pub(super) fn of_this_host() -> Surroundings {
    of_host(HostPaths::default())
}

pub(super) fn of_host(paths: HostPaths) -> Surroundings {
    let scan = Host::open(paths)
        .map_err(|error| error_text(&error))
        .and_then(|host| host.scan().map_err(|error| error_text(&error)));
    match scan {
        Ok(scan) => Surroundings {
            devices: scan.devices,
            notes: scan
                .unreadable
                .iter()
                .map(|one| {
                    let reason = Escaped(&one.reason);
                    format!("the device at {} is left out: {reason}", one.port)
                })
                .collect(),
        },
        Err(failure) => Surroundings {
            devices: Vec::new(),
            notes: vec![format!(
                "the devices of this host were not looked at: {}",
                Escaped(&failure)
            )],
        },
    }
}

/// The devices of a dump in a file, or of standard input for `-`.
pub(super) fn of_dump(path: &Path) -> Result<Surroundings, String> {
    let result = if path == Path::new("-") {
        read(io::stdin().lock())
    } else {
        File::open(path).and_then(read)
    };
    let text = result.map_err(|error| {
        let path = path.to_string_lossy();
        format!("cannot read the dump {}: {error}", Escaped(&path))
    })?;
    Ok(of_text(&text))
}

/// The devices of a dump. It does not hold which ports share a socket. If that
/// stayed unknown, every rule with a place could mean every device, and nothing
/// could be said of any; so a port is taken as it is written, and that is told.
pub(super) fn of_text(text: &[u8]) -> Surroundings {
    let dump = read_dump(text);
    let mut surroundings = Surroundings {
        devices: dump.devices,
        notes: dump.notes,
    };
    let mut taken = false;
    for device in &mut surroundings.devices {
        if device.peer == Fact::Unknown {
            device.peer = Fact::Known(None);
            taken = true;
        }
    }
    if taken {
        surroundings.notes.push(
            "a port is taken as it is written; the USB 2 or USB 3 port of the same socket, which \
             it means on the host, too, is not in a dump"
                .to_owned(),
        );
    }
    surroundings
}

fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    from.take(MAX_DUMP + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_DUMP {
        let kind = io::ErrorKind::FileTooLarge;
        return Err(io::Error::new(kind, "it is larger than 256 MiB"));
    }
    Ok(text)
}
