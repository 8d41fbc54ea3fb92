//! Loading the configuration for a command, and showing what is wrong with it.

use virtplug_config::{Diagnostic, LoadError, Loaded, Options};
use virtplug_core::{ConnectionUri, Escaped, Policy};

use crate::check;
use crate::cli::Sources;
use crate::exit::Exit;
use crate::output::{message, messages_have_color};
use crate::scope::Scope;

/// Loads the configuration of a command; the caller shows what is wrong.
pub(crate) fn read(sources: &Sources) -> Result<Loaded, LoadError> {
    let options = Options {
        connect: sources.connect.clone(),
        ..sources.scope.options()
    };
    let mut loaded = virtplug_config::load(&sources.config, &options)?;
    loaded.policy = watching(loaded.policy, sources);
    if sources.scope == Scope::User {
        // Groups are for the machines of all.
        loaded.control.read_groups.clear();
        loaded.control.write_groups.clear();
    }
    Ok(loaded)
}

/// Loads the configuration of the daemon: with warnings of what is likely not as meant.
pub(crate) fn read_with_warnings(sources: &Sources) -> Result<Loaded, LoadError> {
    let mut loaded = read(sources)?;
    check::add_warnings(&mut loaded);
    Ok(loaded)
}

/// Loads the configuration of a command that also serves a host without one,
/// and shows all that is wrong with it.
pub(crate) fn load_or_empty(sources: &Sources) -> Result<Policy, Exit> {
    match read(sources) {
        Ok(loaded) => {
            show(&loaded.notes);
            Ok(loaded.policy)
        }
        Err(error) if error.is_missing() => {
            message(format_args!(
                "note: there is no configuration at {} yet, so every device stays on the host",
                Escaped(&sources.config.to_string_lossy())
            ));
            let usual = sources.scope.options().usual_connection;
            let empty = Policy::new([], Vec::new()).watching(usual);
            Ok(watching(empty, sources))
        }
        Err(error) => {
            show(error.diagnostics());
            Err(Exit::Config)
        }
    }
}

fn watching(policy: Policy, sources: &Sources) -> Policy {
    match &sources.connect {
        Some(uri) => policy.watching(ConnectionUri::new(uri)),
        None => policy,
    }
}

/// Prints diagnostics to standard error, coloured on a terminal.
pub(crate) fn show(diagnostics: &[Diagnostic]) {
    // The stream drops colours where they are not wanted.
    let color = messages_have_color();
    for diagnostic in diagnostics {
        message(diagnostic.render(color));
    }
}
