//! The arguments of `virtplug doctor`.

use clap::Args;

use crate::cli::Sources;

/// What `virtplug doctor` is asked for.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArgs {
    /// Leave out what concerns only other machines
    #[arg(value_name = "MACHINE")]
    pub(crate) machine: Option<String>,
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
