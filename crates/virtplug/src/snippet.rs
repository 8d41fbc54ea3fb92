//! `virtplug snippet`: the static form of what the daemon does, for those who
//! configure by hand.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};

use virtplug_core::{Device, select};
use virtplug_udev::{Host, HostPaths};

use self::args::{Kind, SnippetArgs};
use crate::edge::error_text;
use crate::exit::Exit;
use crate::output::{message, print};

pub(crate) mod args;
mod cgroup_acl;
mod controller;
mod describe;
#[cfg(test)]
mod fixture;
mod host_ignore;
mod hostdev;
mod identity;
mod qemu_args;
mod udev_rule;
mod udev_value;
mod xml;

/// What is printed.
#[derive(Debug)]
struct Snippet {
    /// The snippet, for standard output.
    text: String,
    /// What to know or to do besides, for standard error.
    notes: Vec<String>,
}

impl fmt::Display for Snippet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

/// Prints the snippet for a present device.
pub(crate) fn run(args: &SnippetArgs) -> Exit {
    match snippet(&args.kind) {
        Ok(snippet) => {
            print(&snippet.text);
            for note in &snippet.notes {
                message(note);
            }
            Exit::Ok
        }
        Err(error) => {
            message(format_args!("error: {error}"));
            Exit::Failed
        }
    }
}

fn snippet(kind: &Kind) -> Result<Snippet, String> {
    let host = Host::open(HostPaths::default()).map_err(|error| error_text(&error))?;
    let present = host.scan().map_err(|error| error_text(&error))?.devices;
    let device = select(kind.device(), &present, |_| None).map_err(|error| error.to_string())?;
    if device.is_hub() {
        return Err(format!(
            "{} is a hub; a machine cannot have it, only the devices behind it",
            device.port
        ));
    }
    let written = match kind {
        Kind::Hostdev { by, guest_port, .. } => {
            hostdev::write(device, &present, *by, guest_port.as_ref())
        }
        Kind::QemuArgs { .. } => qemu_args::write(device),
        Kind::Controller { .. } => controller::write(device),
        Kind::UdevRule { group, symlink, .. } => Ok(udev_rule(
            device,
            &present,
            group.as_deref(),
            symlink.as_deref(),
        )),
        Kind::CgroupAcl { symlink, .. } => {
            let link = symlink
                .clone()
                .unwrap_or_else(|| identity::link_name(device, &present));
            let conf = read("/etc/libvirt/qemu.conf").ok();
            Ok(cgroup_acl::write(device, &link, conf.as_deref()))
        }
        Kind::HostIgnore { .. } => Ok(host_ignore::write(device, &present)),
    };
    written.map_err(|error| error_text(&error))
}

fn udev_rule(
    device: &Device,
    present: &[Device],
    group: Option<&str>,
    link: Option<&str>,
) -> Snippet {
    if let Some(group) = group {
        return udev_rule::write(device, present, group, link);
    }
    let groups = read("/etc/group").unwrap_or_default();
    if let Some(group) = udev_rule::qemu_group(&groups) {
        return udev_rule::write(device, present, group, link);
    }
    let group = udev_rule::DEFAULT_GROUP;
    let mut snippet = udev_rule::write(device, present, group, link);
    snippet.notes.push(format!(
        "warning: this host has no group \"{group}\"; say which group QEMU has with --group"
    ));
    snippet
}

/// A configuration file of the host, as much of it as one can be long.
fn read(path: &str) -> io::Result<String> {
    const MOST: u64 = 1 << 20;
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
