//! The command line: one definition for parsing and help.

mod args;
#[cfg(test)]
pub(crate) mod manual;
#[cfg(test)]
pub(crate) mod tests;

use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::ArgValueCandidates;

pub(crate) use args::{
    CheckArgs, DaemonArgs, DeviceArg, Look, MonitorArgs, Sources, Steer, config,
};

use crate::completion::{self, Shell};
use crate::doctor::args::DoctorArgs;
use crate::forget::ForgetArgs;
use crate::hooks::HooksArgs;
use crate::import::args::ImportArgs;
use crate::learn::args::LearnArgs;
use crate::metrics::command::MetricsArgs;
use crate::schema::SchemaArgs;
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
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

/// When output has colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On terminals, unless `NO_COLOR` is set
    Auto,
    Always,
    Never,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 something failed, 2 wrong usage, 4 no permission,
7 the daemon is not running, 8 it runs already, 78 wrong configuration.

Start with `virtplug devices` to see what is plugged in, write rules for it,
check them with `virtplug check` and try them with `virtplug plan`.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run in the foreground and keep devices where they belong
    ///
    /// Made for systemd: says when it is ready, reloads the configuration on
    /// SIGHUP (a wrong one changes nothing), ends on SIGTERM and leaves the
    /// devices where they are. Logs to the journal, or to standard error when
    /// started by hand. Ends with code 8 where another daemon has its socket;
    /// one with another path in `VIRTPLUG_SOCKET` may run beside it.
    Daemon(DaemonArgs),
    /// Check the configuration: what is wrong, and what is likely not as meant
    ///
    /// Shows every mistake of every file with its place. For a configuration
    /// without mistakes it also tells of rules that clash, never get a device or
    /// mean more than they seem to, and holds them against the devices that are
    /// plugged in. Needs neither libvirt nor root.
    Check(CheckArgs),
    /// Show how things stand, and what somebody should look at
    ///
    /// First the whole: connections, devices, conflicts, what is tried again and
    /// when. Then each device that belongs to somebody: where it is, and if it is
    /// not where it belongs, why not.
    Status(Look),
    /// List the USB devices, where each belongs and where it is
    Devices {
        #[command(flatten)]
        look: Look,
        /// Draw the ports as a tree, with the owner at each leaf
        #[arg(long)]
        tree: bool,
    },
    /// List the machines, how each is and what it has
    Machines(Look),
    /// List the rules in the order of the files, and the groups
    Rules(Look),
    /// Show everything that is known of a device or a machine
    ///
    /// With the last things that happened to it, where the daemon runs.
    Show {
        /// A machine, or a device as for `attach`
        #[arg(
            value_name = "DEVICE|MACHINE",
            add = ArgValueCandidates::new(completion::devices_and_machines)
        )]
        name: String,
        #[command(flatten)]
        look: Look,
    },
    /// Explain why a device is where it is
    ///
    /// Each rule in order, which of its conditions hold and which do not with both
    /// values, what was decided and by whom, what stands in the way, and when it
    /// is tried again. For a machine: the same for each device that could go there.
    Explain {
        /// A device as for `attach`, or a machine
        #[arg(
            value_name = "DEVICE|MACHINE",
            add = ArgValueCandidates::new(completion::devices_and_machines)
        )]
        name: String,
        /// Also say what keeps the device out of this machine
        #[arg(add = ArgValueCandidates::new(completion::machines))]
        machine: Option<String>,
        #[command(flatten)]
        look: Look,
    },
    /// Attach a device now, whatever the rules say
    ///
    /// It goes to the machine that the rules give it to, or to the one that you
    /// name. It stays there until it is unplugged, the machine stops, or `virtplug
    /// release`; a reset does not end it. Without the daemon it is attached
    /// directly, and nobody keeps it there.
    Attach {
        #[command(flatten)]
        device: DeviceArg,
        /// The machine, also one that no rule names
        #[arg(
            long,
            short = 'D',
            value_name = "MACHINE",
            add = ArgValueCandidates::new(completion::machines)
        )]
        domain: Option<String>,
        /// Take the device from the host even while the host uses it; data may be lost
        ///
        /// Without it the device waits until the host lets go: until it is unmounted,
        /// for instance.
        #[arg(long)]
        allow_in_use: bool,
        /// Wait that long for the device to come and the machine to run, such as 30s
        #[arg(
            long,
            value_name = "TIME",
            value_parser = args::wait,
            conflicts_with_all = ["busnum", "devnum"]
        )]
        wait: Option<Duration>,
        #[command(flatten)]
        steer: Steer,
    },
    /// Detach a device now and keep it on the host
    ///
    /// Until it is unplugged, its machine stops, or `virtplug release`. Only what
    /// virtplug attached is detached.
    Detach {
        #[command(flatten)]
        device: DeviceArg,
        #[command(flatten)]
        steer: Steer,
    },
    /// Attach all devices that the rules give to a machine, or to any
    AttachAll {
        /// The machine; all where none is named
        #[arg(add = ArgValueCandidates::new(completion::machines))]
        machine: Option<String>,
        #[command(flatten)]
        steer: Steer,
    },
    /// Detach all devices of a machine, or of all, and keep them on the host
    DetachAll {
        /// The machine; all where none is named
        #[arg(add = ArgValueCandidates::new(completion::machines))]
        machine: Option<String>,
        #[command(flatten)]
        steer: Steer,
    },
    /// Give a device back to the drivers of the host
    ///
    /// When QEMU is killed, nobody does that, and only root can: `status` names
    /// such devices. One that a machine has stays there; `detach` gives it back by itself.
    Rebind {
        /// The device, as for `attach`
        #[arg(add = ArgValueCandidates::new(completion::devices))]
        device: String,
        #[command(flatten)]
        look: Look,
    },
    /// Let the rules decide again
    ///
    /// Ends what `attach`, `detach` and `switch` decided by hand, and what somebody
    /// detached with another tool.
    Release {
        /// The device, as for `attach`
        #[arg(
            required_unless_present = "all",
            conflicts_with = "all",
            add = ArgValueCandidates::new(completion::devices)
        )]
        device: Option<String>,
        /// All devices and all groups
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Move a group of devices to a machine or to the host at once
    ///
    /// The group is the set of rules with the same `group`. Devices of the group
    /// that are plugged in later go there, too. `virtplug switch GROUP --back`
    /// gives it back to the owners of its rules.
    Switch {
        /// The name of the group
        #[arg(add = ArgValueCandidates::new(completion::groups))]
        group: String,
        /// The machine, or `host`
        #[arg(
            required_unless_present = "back",
            conflicts_with = "back",
            add = ArgValueCandidates::new(completion::owners)
        )]
        target: Option<String>,
        /// Back to the owners of its rules
        #[arg(long)]
        back: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Do nothing more on our own, for maintenance and backups
    ///
    /// What is attached stays, unless --detach is given. What you order by hand
    /// meanwhile is done. Ends with `virtplug resume` or a reboot.
    Pause {
        /// The machine; all where none is named
        #[arg(add = ArgValueCandidates::new(completion::machines))]
        machine: Option<String>,
        /// Give the devices back to the host first
        #[arg(long)]
        detach: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a pause; devices that were given back return
    Resume {
        /// The machine; all where none is named
        #[arg(add = ArgValueCandidates::new(completion::machines))]
        machine: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what happens, as it happens, one line each
    Monitor(MonitorArgs),
    /// Print what the daemon counted, for Prometheus
    ///
    /// In its text format: how things stand, calls and failures by reason, how long they took.
    /// docs/METRICS.md explains each metric, with a dashboard and rules for alerts.
    Metrics(MetricsArgs),
    /// Name the systemd targets on which units of your own can hang
    ///
    /// When a device is attached or detached, or several owners claim it, `virtplug-hooks.service`
    /// starts virtplug-attached@INSTANCE.target, virtplug-detached@INSTANCE.target or
    /// virtplug-conflict@INSTANCE.target, and systemd what hangs on it. INSTANCE is what
    /// `systemd-escape MACHINE/DEVICE` prints, where DEVICE is the name of the rule, or the port
    /// where no rule has a name. This command lists the instances of the rules and devices.
    Hooks(HooksArgs),
    /// Show how things stand on the whole screen, and steer with keys
    ///
    /// Arrows move, Tab changes between list and tree, `a` attaches, `d` detaches,
    /// `r` releases, `e` explains, `?` helps, `q` ends.
    Watch,
    /// Plug a device in and get the most stable rule for it
    ///
    /// Waits for a device (or takes the one that is named), shows what identifies
    /// it, proposes the most stable rule that is unambiguous on this host, and
    /// adds it to the machine's file after a yes. Comments and order stay as they are.
    Learn(LearnArgs),
    /// Take a rule out of the configuration
    Forget(ForgetArgs),
    /// Find what stands in the way on this host, and what mends it
    ///
    /// Looks at the daemon, libvirt, udev, the machines' USB controllers and
    /// definitions, other tools that handle USB devices, and programs that grab them.
    /// Changes nothing. Ends with 1 where something is wrong.
    Doctor(DoctorArgs),
    /// Print what a shell needs to complete commands, devices and machines
    ///
    /// For bash: `source <(virtplug completions bash)` in ~/.bashrc; for zsh the same
    /// with zsh in ~/.zshrc; for fish: `virtplug completions fish >
    /// ~/.config/fish/completions/virtplug.fish`.
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
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
    /// Print a JSON schema: of the configuration, or of what a command prints
    ///
    /// Editors that know JSON schemas for TOML complete the keys and mark
    /// mistakes with it. Those with taplo find it by a first line such as
    /// `#:schema /usr/share/virtplug/virtplug.schema.json`.
    Schema(SchemaArgs),
}
