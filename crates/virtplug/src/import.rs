//! `virtplug import`: the configuration of other tools as TOML.

use std::path::Path;

use virtplug_config::import::{ImportFailure, Imported, import};
use virtplug_core::Escaped;

use self::args::ImportArgs;
use crate::exit::Exit;
use crate::naming::counted;
use crate::output::{message, print};

pub(crate) mod args;
#[cfg(test)]
mod parity;
mod target;
#[cfg(test)]
mod tests;

/// What an import comes to.
#[derive(Debug)]
struct Done {
    exit: Exit,
    /// For standard output.
    text: String,
    /// For standard error.
    messages: Vec<String>,
}

/// Prints the configuration as TOML, or writes it to a file.
pub(crate) fn run(args: &ImportArgs) -> Exit {
    let done = done(args);
    print(&done.text);
    for line in &done.messages {
        message(line);
    }
    done.exit
}

fn done(args: &ImportArgs) -> Done {
    let (format, paths, target) = args.tool.parts();
    let imported = match import(format, paths) {
        Ok(imported) => imported,
        Err(failure) => {
            let exit = match failure {
                ImportFailure::Unread { .. } => Exit::Failed,
                ImportFailure::Unfit(_) => Exit::Config,
            };
            return Done {
                exit,
                text: String::new(),
                messages: vec![format!("error: {failure}")],
            };
        }
    };
    let mut done = Done {
        exit: Exit::Ok,
        text: String::new(),
        messages: notes(&imported),
    };
    let Some(path) = &target.output else {
        done.text = imported.toml;
        return done;
    };
    match target::write(path, &imported.toml, target.force) {
        Ok(()) => done.messages.push(next(path, &imported)),
        Err(error) => {
            done.exit = Exit::Failed;
            done.messages.push(format!("error: {error}"));
        }
    }
    done
}

fn notes(imported: &Imported) -> Vec<String> {
    let notes = imported.remarks.iter();
    notes.map(|remark| format!("note: {remark}")).collect()
}

/// What was written, and what to do with it.
fn next(path: &Path, imported: &Imported) -> String {
    let shown = path.to_string_lossy();
    let shown = Escaped(&shown);
    let rules = counted(imported.rules, "rule");
    format!(
        "{shown}: written, {rules}; next: read its comments, then `virtplug check {shown}` and `virtplug plan --config {shown}`"
    )
}
