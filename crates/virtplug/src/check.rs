//! `virtplug check`: what is wrong with a configuration, what is likely not as
//! meant, and which device would go where.

mod advice;
mod destinations;
mod json;
mod surroundings;
#[cfg(test)]
mod tests;
mod verdict;

use std::path::Path;

use virtplug_config::{LoadError, Loaded, Roots};
use virtplug_core::Engine;

use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::output::{message, print, print_json};
use crate::scope::Scope;
use crate::settings;
use surroundings::Surroundings;
use verdict::Verdict;

pub(crate) use advice::add_warnings;

/// Shows what there is to say of a configuration.
pub(crate) fn run(args: &CheckArgs) -> Exit {
    let surroundings = match &args.against {
        Some(dump) => match surroundings::of_dump(dump) {
            Ok(surroundings) => surroundings,
            Err(failure) => {
                message(format_args!("error: {failure}"));
                return Exit::Failed;
            }
        },
        None if args.rules_only => Surroundings::default(),
        None => surroundings::of_this_host(),
    };
    let checked = Checked::new(&args.file, surroundings, args.against.is_some());
    let verdict = checked.verdict(args.strict);
    if args.json {
        print_json(&json::Report::new(&checked, verdict));
    } else {
        settings::show(checked.diagnostics());
        if let Some(engine) = &checked.engine {
            print(destinations::text(engine));
        }
        for note in &checked.notes {
            message(format_args!("note: {note}"));
        }
        let summary = checked.summary(&args.file, verdict);
        if verdict == Verdict::Correct {
            print(format_args!("{summary}\n"));
        } else {
            message(summary);
        }
    }
    verdict.exit()
}

/// A configuration and all that was found.
struct Checked {
    result: Result<Loaded, LoadError>,
    /// What belongs to no place in a file.
    notes: Vec<String>,
    /// Where the devices would go; absent unless asked for, and for a wrong
    /// configuration.
    engine: Option<Engine>,
    /// Whether only the file of one machine was read.
    alone: bool,
}

impl Checked {
    fn new(file: &Path, surroundings: Surroundings, imagined: bool) -> Self {
        let alone = virtplug_config::is_drop_in(file);
        let mut notes = Vec::new();
        let mut engine = None;
        let mut result = load(file, alone);
        if let Ok(loaded) = &mut result {
            let policy = loaded.policy.clone();
            notes.extend(advice::add_advice(loaded));
            notes.extend(advice::add_advice_on(loaded, &surroundings));
            notes.extend(surroundings.notes);
            if imagined {
                notes.push("the devices are given as if every machine ran and had room".to_owned());
                engine = Some(destinations::imagine(policy, surroundings.devices));
            }
        }
        Self {
            result,
            notes,
            engine,
            alone,
        }
    }
}

/// Loads the file of one machine, the tree that a main file belongs to, or that
/// in a folder.
fn load(file: &Path, alone: bool) -> Result<Loaded, LoadError> {
    let options = Scope::of_caller().options();
    if alone {
        virtplug_config::load_drop_in(file, &options)
    } else if file.is_dir() {
        virtplug_config::load_from(&Roots::new([file]), &options)
    } else {
        virtplug_config::load(file, &options)
    }
}
