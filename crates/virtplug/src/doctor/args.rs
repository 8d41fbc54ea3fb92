//! The arguments of `virtplug doctor`.

use clap::Args;
use clap_complete::ArgValueCandidates;

use crate::cli::Sources;
use crate::completion;

/// What `virtplug doctor` is asked for.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArgs {
    /// Leave out what concerns only other machines
    #[arg(value_name = "MACHINE", add = ArgValueCandidates::new(completion::machines))]
    pub(crate) machine: Option<String>,
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
