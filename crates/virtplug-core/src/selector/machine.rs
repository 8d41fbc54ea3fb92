//! How a user names a machine: by its name in the configuration or in libvirt, or by its UUID.

use std::fmt;

use super::{MAX_COMPARED, MAX_LISTED, Shown};
use crate::engine::MachineView;
use crate::machine::{MachineKey, Uuid};

/// Why a text names no single machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MachineError {
    /// It fits several machines.
    #[error("\"{}\" is the name of {} machines; name one by its UUID:{}", Shown(text), candidates.len(), Listed(candidates))]
    Ambiguous {
        /// The text.
        text: String,
        /// The machines.
        candidates: Vec<NamedMachine>,
    },
    /// It fits none.
    #[error(
        "no machine is named \"{}\"; give its name or its UUID{}{}",
        Shown(text),
        Lead(if *alike { "; did you mean:" } else { "; known are:" }, known),
        Listed(known)
    )]
    Nothing {
        /// The text.
        text: String,
        /// Whether those machines have names that look alike.
        alike: bool,
        /// Machines that may be meant.
        known: Vec<NamedMachine>,
    },
}

/// A machine that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMachine {
    /// The machine.
    pub key: MachineKey,
    /// Its UUID, where known.
    pub uuid: Option<Uuid>,
}

impl From<&MachineView<'_>> for NamedMachine {
    fn from(view: &MachineView<'_>) -> Self {
        Self {
            key: view.key.clone(),
            uuid: view.uuid,
        }
    }
}

impl fmt::Display for NamedMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.key, self.key.uri)?;
        match self.uuid {
            Some(uuid) => write!(f, " ({uuid})"),
            None => Ok(()),
        }
    }
}

/// Finds the machine that a text names. A machine of the configuration goes
/// before others of the same name.
pub fn select_machine<'m>(
    text: &str,
    machines: impl IntoIterator<Item = MachineView<'m>>,
) -> Result<&'m MachineKey, MachineError> {
    let machines: Vec<MachineView<'m>> = machines.into_iter().collect();
    let uuid: Option<Uuid> = text.parse().ok();
    let is_named = |view: &&MachineView<'_>| {
        view.key.name() == text
            || view.key.to_string() == text
            || (uuid.is_some() && view.uuid == uuid)
    };
    let found: Vec<&MachineView<'m>> = machines.iter().filter(is_named).collect();
    let configured: Vec<&MachineView<'m>> = found
        .iter()
        .copied()
        .filter(|view| view.configured)
        .collect();
    match (found.as_slice(), configured.as_slice()) {
        ([one], _) | (_, [one]) => Ok(one.key),
        ([], _) => Err(nothing(text, &machines)),
        (several, _) => Err(MachineError::Ambiguous {
            text: text.to_owned(),
            candidates: several.iter().map(|view| (*view).into()).collect(),
        }),
    }
}

fn nothing(text: &str, machines: &[MachineView<'_>]) -> MachineError {
    let typed = text.to_lowercase();
    let mut near: Vec<(usize, NamedMachine)> = machines
        .iter()
        .filter_map(|view| Some((distance(&typed, view)?, view.into())))
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    let alike = !near.is_empty();
    let known: Vec<NamedMachine> = if alike {
        near.into_iter().map(|(_, machine)| machine).collect()
    } else {
        machines.iter().map(Into::into).collect()
    };
    MachineError::Nothing {
        text: text.to_owned(),
        alike,
        known,
    }
}

/// How far a machine's name is from a text. `None`: it is not meant.
fn distance(typed: &str, view: &MachineView<'_>) -> Option<usize> {
    let name = view.key.name().to_lowercase();
    if typed.is_empty() || typed.len() > MAX_COMPARED || name.len() > MAX_COMPARED {
        return None;
    }
    let distance = strsim::damerau_levenshtein(typed, &name);
    let part = typed.len() >= 3 && name.contains(typed);
    let limit = (name.chars().count().min(typed.chars().count()) / 3).max(1);
    (part || distance <= limit).then_some(distance)
}

/// Words that lead to a list, if there is one.
struct Lead<'a>(&'static str, &'a [NamedMachine]);

impl fmt::Display for Lead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() {
            f.write_str("; none is known")
        } else {
            f.write_str(self.0)
        }
    }
}

/// One machine on each line.
struct Listed<'a>(&'a [NamedMachine]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for machine in self.0.iter().take(MAX_LISTED) {
            write!(f, "\n  {machine}")?;
        }
        match self.0.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
