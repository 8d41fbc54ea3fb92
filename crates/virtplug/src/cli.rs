//! The command line: one definition for parsing and help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::import::args::ImportArgs;
use crate::snippet::args::SnippetArgs;

/// Keeps host USB devices in the libvirt machines they belong to.
///
/// Say in /etc/virtplug/virtplug.toml which device belongs to which machine;
/// the daemon attaches it whenever both are there and removes it when it is
/// unplugged. Entries that virtplug did not make are never touched.
#[derive(Debug, Parser)]
#[command(name = "virtplug", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 something failed, 2 wrong usage, 78 wrong configuration.

Start with `virtplug devices` to see what is plugged in, write rules for it,
check them with `virtplug check` and try them with `virtplug plan`.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run in the foreground and keep devices where they belong
    ///
    /// Made for systemd: says when it is ready, reloads the configuration on
    /// SIGHUP (a wrong one changes nothing), ends on SIGTERM and leaves the
    /// devices where they are. Logs to the journal, or to standard error when
    /// started by hand.
    Daemon(Sources),
    /// Check the configuration: what is wrong, and what is likely not as meant
    ///
    /// Shows every mistake of every file with its place. For a configuration
    /// without mistakes it also tells of rules that clash, never get a device or
    /// mean more than they seem to, and holds them against the devices that are
    /// plugged in. Needs neither libvirt nor root.
    Check(CheckArgs),
    /// List the USB devices, where each belongs and where it is
    Devices {
        #[command(flatten)]
        sources: Sources,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what would be attached and detached, and why; change nothing
    Plan {
        #[command(flatten)]
        sources: Sources,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Attach and detach what is due, once, then end
    ///
    /// Does what the daemon does when it starts. Every failure is named, and
    /// the exit code is 1 if there was one.
    Apply(Sources),
    /// Print what to write by hand for a device: libvirt XML, udev rules, qemu.conf
    ///
    /// Each form is static: it says what holds for the device as it is plugged
    /// in now, with a comment on its limits, and nobody keeps it up to date. The
    /// snippet goes to standard output, fit for `> FILE`; what else there is to do
    /// goes to standard error.
    Snippet(SnippetArgs),
    /// Turn the configuration of bbvirt, whawty or usb-libvirt-hotplug into TOML
    ///
    /// The files are read, nothing in them is executed, and no machine gets more
    /// than it had: what cannot be said as exactly is left out. The TOML goes to
    /// standard output or to a file; what was left out, and why, stands in it as
    /// comments and goes to standard error as notes.
    Import(ImportArgs),
    /// Print the JSON schema of the configuration, for editors and other tools
    ///
    /// Editors that know JSON schemas for TOML complete the keys and mark
    /// mistakes with it. Those with taplo find it by a first line such as
    /// `#:schema /usr/share/virtplug/virtplug.schema.json`.
    Schema {
        /// Print the schema of a machine's own file in machines.d
        #[arg(long)]
        drop_in: bool,
    },
}

/// Where configuration and machines come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sources {
    /// The main configuration file; machines.d beside it is read, too
    #[arg(long, short = 'C', value_name = "FILE", default_value = virtplug_config::MAIN_FILE)]
    pub(crate) config: PathBuf,
    /// Use this libvirt connection for every machine
    #[arg(long, short = 'c', value_name = "URI")]
    pub(crate) connect: Option<String>,
}

/// What to check, and against which devices.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArgs {
    /// The main file, with machines.d beside it; a folder that holds both; or
    /// the file of one machine, which is checked by itself
    #[arg(value_name = "FILE", default_value = virtplug_config::MAIN_FILE)]
    pub(crate) file: PathBuf,
    /// Show where the devices of another host would go: the output of
    /// `udevadm info --export-db` there, or `-` for standard input
    #[arg(long, value_name = "DUMP")]
    pub(crate) against: Option<PathBuf>,
    /// Leave the devices of this host out of account
    #[arg(long, conflicts_with = "against")]
    pub(crate) rules_only: bool,
    /// Count warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
