//! `virtplug check`.

use std::path::Path;

use virtplug_core::Escaped;

use crate::cli::Sources;
use crate::exit::Exit;
use crate::naming::counted;
use crate::output::{message, print};
use crate::settings;

/// Shows every problem of the configuration, or what it amounts to.
pub(crate) fn run(file: &Path) -> Exit {
    let sources = Sources {
        config: file.to_owned(),
        connect: None,
    };
    match settings::read(&sources) {
        Ok(loaded) => {
            settings::show(&loaded.notes);
            let policy = &loaded.policy;
            print(format_args!(
                "{}: correct; {}, {}\n",
                Escaped(&file.to_string_lossy()),
                counted(policy.rules().len(), "rule"),
                counted(policy.machines().len(), "machine"),
            ));
            Exit::Ok
        }
        Err(error) => {
            settings::show(error.diagnostics());
            message(format_args!(
                "{}: {}",
                Escaped(&file.to_string_lossy()),
                counted(error.diagnostics().len(), "problem"),
            ));
            Exit::Config
        }
    }
}
