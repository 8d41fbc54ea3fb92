//! The files of whawty: a main file, and `machines.d` beside it.

use std::path::{Path, PathBuf};

use super::{Gatherer, ImportFailure, has_extension, list, named, nothing};
use crate::import::Input;

/// The folder with one file for each machine.
const MACHINES: &str = "machines.d";

/// The main file and those of single machines.
pub(super) fn gather(paths: &[PathBuf]) -> Result<(Input, Vec<Input>), ImportFailure> {
    let mut mains: Vec<PathBuf> = Vec::new();
    let mut machines = Gatherer::default();
    for path in paths {
        if path.is_dir() {
            let folder = named(path);
            if is_machines(&folder) {
                of_machines(&folder, &mut machines)?;
            } else {
                let before = mains.len();
                mains.extend(list(&folder)?.into_iter().filter(|path| is_yaml(path)));
                if mains.len() == before {
                    of_machines(&folder.join(MACHINES), &mut machines)?;
                }
            }
        } else if path.parent().is_some_and(is_machines) {
            machines.read(path)?;
        } else {
            mains.push(path.clone());
        }
    }
    mains.sort_unstable();
    mains.dedup();
    let main = match mains.as_slice() {
        [] if machines.inputs.is_empty() => {
            let text =
                "there is no file of libvirt-usb-hotplugd here: neither *.yml nor machines.d";
            return Err(nothing(paths, text));
        }
        // Without a main file there are only those of the machines.
        [] => Input {
            name: paths.first().cloned().unwrap_or_default(),
            bytes: b"{}".to_vec(),
        },
        [main] => {
            let mut file = Gatherer::default();
            file.read(main)?;
            let beside = main.parent().unwrap_or(Path::new("")).join(MACHINES);
            if machines.inputs.is_empty() && beside.is_dir() {
                of_machines(&beside, &mut machines)?;
            }
            match file.inputs.pop() {
                Some(input) => input,
                None => return Err(nothing(paths, "no file is given")),
            }
        }
        [first, second, ..] => {
            let text = format!(
                "{} may be a main file, too, and libvirt-usb-hotplugd has one; name it, and import one at a time",
                virtplug_core::Escaped(&second.to_string_lossy())
            );
            return Err(nothing(std::slice::from_ref(first), &text));
        }
    };
    Ok((main, machines.inputs))
}

fn of_machines(folder: &Path, machines: &mut Gatherer) -> Result<(), ImportFailure> {
    if folder.is_dir() {
        for path in list(folder)?.iter().filter(|path| is_yaml(path)) {
            machines.read(path)?;
        }
    }
    Ok(())
}

fn is_yaml(path: &Path) -> bool {
    has_extension(path, &["yml", "yaml"])
}

fn is_machines(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == MACHINES)
}
