//! The arguments of `virtplug import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use virtplug_config::import::Format;

const NEXT: &str = "\
What to do next, after --output new.toml:
  virtplug check new.toml          Is it correct? Read its comments, too.
  virtplug plan --config new.toml  What would go where, as it is plugged in now?
Then stop the old tool, put the file at /etc/virtplug/virtplug.toml and start the
daemon. Both tools at once attach the same devices.

Exit codes: 0 done, 1 a file cannot be read or written, 2 wrong usage, 78 the files
are no such configuration.";

/// What `virtplug import` is asked for.
#[derive(Debug, Clone, Args)]
#[command(after_help = NEXT)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    pub(crate) tool: Tool,
}

/// The tools.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Tool {
    /// The vm.conf of bbvirt, which gives BitBabblers to machines
    ///
    /// The file is a script for bash. Only what it sets to plain values is read;
    /// lines that would have to be executed are named.
    ///
    /// Example: virtplug import bbvirt /etc/bit-babbler/vm.conf --output new.toml
    #[allow(
        clippy::doc_markdown,
        reason = "names of products, shown in the help as they are"
    )]
    #[command(after_help = NEXT)]
    Bbvirt {
        /// The file, or the folder with vm.conf in it
        #[arg(value_name = "PATH")]
        path: PathBuf,
        #[command(flatten)]
        target: TargetArgs,
    },
    /// The YAML files of whawty's libvirt-usb-hotplugd
    ///
    /// `machines.d` beside the main file is read, too.
    ///
    /// Example: virtplug import whawty config.yml --output new.toml
    #[command(after_help = NEXT)]
    Whawty {
        /// The main file, the folder that it is in, machines.d or files of it
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        target: TargetArgs,
    },
    /// The udev rules, the script and the folders of the bash handler
    ///
    /// Give all there is, since the table in the script limits what the rules
    /// say: the *.rules files, the script, and the folders with the XML files
    /// that the handler left for each machine. In a folder, and in the folders
    /// in it, the files of the handler are found among others.
    ///
    /// Example: virtplug import usb-libvirt-hotplug /etc/udev/rules.d /opt/udev
    /// --output new.toml
    #[command(name = "usb-libvirt-hotplug", after_help = NEXT)]
    UsbLibvirtHotplug {
        /// Files of rules, the script, XML files that it left, or folders
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        target: TargetArgs,
    },
}

/// Where the TOML goes.
#[derive(Debug, Clone, Args)]
pub(crate) struct TargetArgs {
    /// Write to this file instead of standard output; it must not exist yet
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

impl Tool {
    /// The format, the files and the target.
    pub(crate) fn parts(&self) -> (Format, &[PathBuf], &TargetArgs) {
        match self {
            Self::Bbvirt { path, target } => (Format::Bbvirt, std::slice::from_ref(path), target),
            Self::Whawty { paths, target } => (Format::Whawty, paths, target),
            Self::UsbLibvirtHotplug { paths, target } => (Format::UsbLibvirtHotplug, paths, target),
        }
    }
}
