//! The arguments of `virtplug snippet`.

use clap::{Args, Subcommand, ValueEnum};
use virtplug_core::GuestPort;

use super::udev_value;

/// What `virtplug snippet` is asked for.
#[derive(Debug, Clone, Args)]
pub(crate) struct SnippetArgs {
    #[command(subcommand)]
    pub(crate) kind: Kind,
}

/// The kinds of snippets.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Kind {
    /// The <hostdev> for a machine's definition
    ///
    /// Goes into <devices> (`virsh edit MACHINE`), or into a running machine:
    /// `virtplug snippet hostdev A1 --by address > stick.xml`, then
    /// `virsh attach-device MACHINE stick.xml --live`.
    ///
    /// libvirt finds a device by vendor and product or by its number on the bus,
    /// never by its serial, and does not attach it again after a replug.
    Hostdev {
        #[command(flatten)]
        device: DeviceArg,
        /// How libvirt shall find the device
        #[arg(long, value_enum, default_value_t = By::Product)]
        by: By,
        /// The USB port in the machine, such as 0:3: controller, then port
        #[arg(long, value_name = "BUS:PORT")]
        guest_port: Option<GuestPort>,
    },
    /// QEMU's own arguments, which give a machine whatever is in a port
    ///
    /// Survives replugs and reboots as long as nothing is moved, because QEMU
    /// itself looks at the port. libvirt knows nothing of it: QEMU needs the
    /// permission (`virtplug snippet udev-rule`) and the device in its cgroup
    /// (`virtplug snippet cgroup-acl`).
    QemuArgs {
        #[command(flatten)]
        device: DeviceArg,
    },
    /// The udev rule that lets QEMU open the device
    ///
    /// For `virtplug snippet qemu-args`, and for machines of a user (`qemu:///session`), whose
    /// QEMU opens devices as that user: name a group of the user's with --group. In machines of
    /// the system, libvirt sees to the permission itself.
    UdevRule {
        #[command(flatten)]
        device: DeviceArg,
        /// The group of QEMU's processes [default: libvirt-qemu, qemu or kvm, as
        /// the host has it]
        #[arg(long, value_parser = group)]
        group: Option<String>,
        /// Also make this link to the device in /dev, such as virtplug/A1
        #[arg(long, value_name = "NAME", value_parser = link)]
        symlink: Option<String>,
    },
    /// The setting for qemu.conf that lets QEMU use the device
    ///
    /// Adds the device's link to the paths that /etc/libvirt/qemu.conf allows
    /// now. Only for `virtplug snippet qemu-args`; the link comes from
    /// `virtplug snippet udev-rule --symlink`.
    CgroupAcl {
        #[command(flatten)]
        device: DeviceArg,
        /// The device's link in /dev [default: one named after vendor, product
        /// and serial]
        #[arg(long, value_name = "NAME", value_parser = link)]
        symlink: Option<String>,
    },
    /// A USB controller with enough ports for a machine
    ///
    /// xHCI serves devices of every speed. Without one, old machine types have
    /// two USB 1.1 ports, and a device waits for a free port.
    Controller {
        #[command(flatten)]
        device: DeviceArg,
    },
    /// The udev rule that keeps the host's own software off the device
    ///
    /// ModemManager, udisks, usbmuxd, libmtp, NetworkManager, libinput, PipeWire
    /// and others take a device as soon as it is plugged in. With this rule they
    /// leave it alone, so that its machine gets it untouched.
    #[allow(
        clippy::doc_markdown,
        reason = "names of programs, shown in the help as they are"
    )]
    HostIgnore {
        #[command(flatten)]
        device: DeviceArg,
    },
}

/// Which device.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeviceArg {
    /// The device: serial, vendor:product, bus:device, port such as 3-2.4, or a
    /// part of its name; see `virtplug devices`
    #[arg(value_name = "DEVICE")]
    pub(crate) device: String,
}

/// How libvirt finds a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// By vendor and product, each time that the machine starts
    Product,
    /// By its number on the bus, which is another one after a replug
    Address,
}

impl Kind {
    /// The device as it was written.
    pub(crate) fn device(&self) -> &str {
        match self {
            Self::Hostdev { device, .. }
            | Self::QemuArgs { device }
            | Self::UdevRule { device, .. }
            | Self::CgroupAcl { device, .. }
            | Self::Controller { device }
            | Self::HostIgnore { device } => &device.device,
        }
    }
}

fn group(text: &str) -> Result<String, String> {
    if udev_value::is_plain(text) && !text.contains('/') {
        Ok(text.to_owned())
    } else {
        Err("expected the name or number of a group".to_owned())
    }
}

/// A path below `/dev`, which may be left out.
fn link(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("/dev/").unwrap_or(text);
    let plain =
        udev_value::is_plain(name) && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if plain {
        Ok(name.to_owned())
    } else {
        Err(
            "expected a path below /dev of letters, digits and `._+:@=-/`, such as \"virtplug/A1\""
                .to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_below_dev() {
        assert_eq!(link("virtplug/A1").as_deref(), Ok("virtplug/A1"));
        assert_eq!(link("/dev/x").as_deref(), Ok("x"));
        for bad in [
            "",
            "/dev/",
            "/etc/x",
            "../x",
            "a//b",
            "a/",
            "a b",
            "a\"b",
            "$attr{serial}",
        ] {
            assert!(link(bad).is_err(), "{bad:?}");
        }
        assert!(group("+64055").is_ok() && group("a,b").is_err() && group("a/b").is_err());
    }
}
