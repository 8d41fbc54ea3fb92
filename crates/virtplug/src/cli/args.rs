//! Arguments that several commands share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args};
use clap_complete::ArgValueCandidates;
use virtplug_core::PortPath;
use virtplug_ipc::HappeningKind;

use crate::scope::Scope;
use crate::{completion, monitor};

/// How a command that only looks is asked.
#[derive(Debug, Clone, Args)]
pub(crate) struct Look {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a command that changes something is asked.
#[derive(Debug, Clone, Args)]
pub(crate) struct Steer {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Change nothing, show what would be done
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Explain, too; with --dry-run why each device goes or stays
    #[arg(long, short = 'v', action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Names a device.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeviceArg {
    /// Its serial number, vendor:product, bus:device, port (3-2.4), stable port,
    /// the name of its rule, or a part of the product's name
    #[arg(
        required_unless_present_all = ["busnum", "devnum"],
        add = ArgValueCandidates::new(completion::devices)
    )]
    pub(crate) device: Option<String>,
    /// Its bus number, in decimal
    #[arg(long, short = 'b', value_name = "NUM")]
    pub(crate) busnum: Option<u16>,
    /// Its device number, in decimal
    #[arg(long, short = 'd', value_name = "NUM")]
    pub(crate) devnum: Option<u8>,
}

/// What `virtplug monitor` shows.
#[derive(Debug, Clone, Args)]
pub(crate) struct MonitorArgs {
    /// Only what concerns this device: its port, such as 3-2.4
    #[arg(long, value_name = "PORT")]
    pub(crate) device: Option<PortPath>,
    /// Only what concerns this machine
    #[arg(long, value_name = "MACHINE", add = ArgValueCandidates::new(completion::machines))]
    pub(crate) machine: Option<String>,
    /// Only this kind of event, such as attached; may be repeated
    #[arg(long, value_name = "KIND", value_parser = monitor::kind)]
    pub(crate) event: Vec<HappeningKind>,
    /// Print one JSON object per line, the whole state first
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where configuration and machines come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sources {
    /// The main configuration file; machines.d beside it is read, too. A bare
    /// name means that file in /etc/virtplug
    #[arg(long, short = 'C', value_name = "FILE", default_value = virtplug_config::MAIN_FILE, value_parser = config)]
    pub(crate) config: PathBuf,
    /// Use this libvirt connection for every machine
    #[arg(long, short = 'c', value_name = "URI")]
    pub(crate) connect: Option<String>,
    /// Whose daemon has them, too.
    #[arg(skip = Scope::of_caller())]
    pub(crate) scope: Scope,
}

impl Default for Sources {
    fn default() -> Self {
        let scope = Scope::of_caller();
        Self {
            config: scope.main_file(),
            connect: None,
            scope,
        }
    }
}

impl Sources {
    /// Whether these are the daemon's, too.
    pub(crate) fn are_usual(&self) -> bool {
        self.config == self.scope.main_file() && self.connect.is_none()
    }

    /// Those of a daemon: a file that was not named is its own.
    pub(crate) fn of_daemon(mut self, scope: Scope) -> Self {
        if self.config == self.scope.main_file() {
            self.config = scope.main_file();
        }
        Self { scope, ..self }
    }
}

/// A configuration file; a bare name is looked up in the usual folder. The usual file is that
/// of the daemon that is meant.
#[allow(clippy::unnecessary_wraps, reason = "clap wants a result")]
pub(crate) fn config(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    let usual = Scope::of_caller().main_file();
    let bare = path.components().count() == 1 && path.extension().is_none() && !path.exists();
    Ok(match usual.parent().filter(|_| bare) {
        Some(folder) => folder.join(text).with_extension("toml"),
        None if text == virtplug_config::MAIN_FILE => usual,
        None => path.to_owned(),
    })
}

/// A file or folder to check; the usual file is that of the daemon that is meant.
#[allow(clippy::unnecessary_wraps, reason = "clap wants a result")]
fn file(text: &str) -> Result<PathBuf, String> {
    Ok(match text {
        virtplug_config::MAIN_FILE => Scope::of_caller().main_file(),
        _ => PathBuf::from(text),
    })
}

/// How long to wait.
pub(super) fn wait(text: &str) -> Result<Duration, String> {
    virtplug_config::duration(text)
}

/// How the daemon runs.
#[derive(Debug, Clone, Args)]
pub(crate) struct DaemonArgs {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Run for this user and the machines of `qemu:///session`, as `systemctl --user start virtplug` does
    ///
    /// The configuration is then `~/.config/virtplug/virtplug.toml`, the socket
    /// `$XDG_RUNTIME_DIR/virtplug/control.sock`, and only this user and root may speak with it.
    #[arg(long)]
    pub(crate) user: bool,
    /// Write what happens to a file as well, for a report of a bug: all that the daemon
    /// hears of devices and machines, and all that it does
    ///
    /// The file holds serial numbers, names of devices and machines, the rules, and what the
    /// host uses devices for. It must not exist; where it does, a number is added to its name.
    /// Only its owner may read it. It ends at 64 MiB. The service may write to
    /// /run/virtplug/daemon.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

/// What to check, and against which devices.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArgs {
    /// The main file, with machines.d beside it; a folder that holds both; or
    /// the file of one machine, which is checked by itself
    #[arg(value_name = "FILE", default_value = virtplug_config::MAIN_FILE, value_parser = file)]
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
