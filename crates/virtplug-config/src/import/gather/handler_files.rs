//! The files of the bash handler, named or found in folders.

use std::path::{Path, PathBuf};

use virtplug_core::Escaped;

use super::{Gatherer, ImportFailure, has_extension, list, named, nothing};
use crate::import::bash;
use crate::import::handler::{NAME, names_handler};
use crate::import::{Input, Remark, sticks};

/// The most files that a remark names.
const MOST_NAMED: usize = 5;

/// The files, and what was found beside them and is of something else.
pub(super) fn gather(paths: &[PathBuf]) -> Result<(Vec<Input>, Option<Remark>), ImportFailure> {
    let mut given = Gatherer::default();
    let (folders, named_files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        paths.iter().partition(|path| path.is_dir());
    for path in named_files {
        given.read(path)?;
    }
    // What was named is taken whatever it holds, also when its folder is searched.
    let mut found = Gatherer {
        seen: given.seen,
        ..Gatherer::default()
    };
    for folder in folders {
        for path in list(&named(folder))? {
            if path.is_dir() {
                for path in list(&path)?.iter().filter(|path| is_candidate(path)) {
                    found.read(path)?;
                }
            } else if is_candidate(&path) {
                found.read(&path)?;
            }
        }
    }
    let mut files = given.inputs;
    let (scripts, others): (Vec<Input>, Vec<Input>) = found
        .inputs
        .into_iter()
        .partition(|input| has_extension(&input.name, &["sh"]));
    let (scripts, mut unrelated): (Vec<Input>, Vec<Input>) =
        scripts.into_iter().partition(is_handler);
    files.extend(scripts);
    let programs: Vec<String> = files.iter().map(Input::base_name).collect();
    let (others, more): (Vec<Input>, Vec<Input>) = others
        .into_iter()
        .partition(|input| is_related(input, &programs));
    unrelated.extend(more);
    files.extend(others);
    if files.is_empty() {
        let text = "there is no file of the handler here: no *.rules or *.sh that names usb-libvirt-hotplug, no \
                    MACHINE/BUS-DEVICE-SERIAL.xml; name the script if it has another name";
        return Err(nothing(paths, text));
    }
    Ok((files, remark(&unrelated)))
}

fn is_candidate(path: &Path) -> bool {
    has_extension(path, &["rules", "sh", "xml"])
}

/// Whether a script that was found is the handler, by its name or its table.
fn is_handler(input: &Input) -> bool {
    let of_handler = || bash::read(&input.text().ok()?).ok();
    input.base_name().contains(NAME)
        || of_handler().is_some_and(|script| sticks::is_handler(&script))
}

/// Whether a file that was found has to do with the handler.
fn is_related(input: &Input, programs: &[String]) -> bool {
    if has_extension(&input.name, &["xml"]) {
        return sticks::is_left_file(&input.base_name());
    }
    names_handler(&String::from_utf8_lossy(&input.bytes), programs)
}

/// Says which files were found and not taken.
fn remark(unrelated: &[Input]) -> Option<Remark> {
    let names: Vec<String> = unrelated
        .iter()
        .take(MOST_NAMED)
        .map(|input| Escaped(&input.name.to_string_lossy()).to_string())
        .collect();
    let more = match unrelated.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!names.is_empty()).then(|| {
        Remark::general(format!(
            "not looked at, since nothing there is of the handler: {}{more}",
            names.join(", ")
        ))
    })
}
