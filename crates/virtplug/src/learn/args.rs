//! The arguments of `virtplug learn`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use crate::{cli, completion};

/// What `virtplug learn` is asked for.
#[derive(Debug, Clone, Args)]
pub(crate) struct LearnArgs {
    /// The machine that is to have the device [default: pick from a list]
    #[arg(value_name = "MACHINE", add = ArgValueCandidates::new(completion::machines))]
    pub(crate) machine: Option<String>,
    /// A device that is plugged in: serial, vendor:product, bus:device, port such
    /// as 3-2.4, or a part of its name [default: wait for one]
    #[arg(long, value_name = "DEVICE", add = ArgValueCandidates::new(completion::devices))]
    pub(crate) device: Option<String>,
    /// Add the rule without asking
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// Show the rule and where it would go; change nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Print JSON: the device, the rule and where it goes; --yes writes it, too
    #[arg(long)]
    pub(crate) json: bool,
    /// What the rule shall go by [default: the most stable that is unambiguous here]
    #[arg(long = "match", value_enum, value_name = "WHAT")]
    pub(crate) match_by: Option<MatchBy>,
    /// A name for the rule, shown in messages
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The main configuration file; machines.d beside it counts, too
    #[arg(long, short = 'C', value_name = "FILE", default_value = virtplug_config::MAIN_FILE, value_parser = cli::config)]
    pub(crate) config: PathBuf,
}

/// What a rule goes by, the most stable first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum MatchBy {
    /// The serial number, with vendor and product
    Serial,
    /// Vendor and product
    Product,
    /// The port by its controller, which stays when buses are numbered anew
    StablePort,
    /// The port by its bus
    Port,
}
