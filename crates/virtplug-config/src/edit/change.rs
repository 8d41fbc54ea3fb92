//! A change that is known to be right before anything is written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use virtplug_core::{MachineKey, Owner, Policy, Rule};

use super::error::EditError;
use super::new_rule::NewRule;
use super::site::Site;
use super::splice::{Spliced, cut, insert};
use super::store;
use crate::diagnostic::Severity;
use crate::load::{LoadError, Loaded, Options, Substitute, load_from, load_with};
use crate::roots::Roots;

/// A change of one file, not written yet.
#[derive(Debug, Clone)]
pub struct Change {
    path: PathBuf,
    from: Option<PathBuf>,
    old: Option<Vec<u8>>,
    new: Vec<u8>,
    entry: String,
    rule: usize,
    loaded: Loaded,
}

impl Change {
    /// The file that would be written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file is not there yet.
    pub fn is_new(&self) -> bool {
        self.old.is_none()
    }

    /// The file of a later folder that is copied with the change, since the new
    /// one will hide it.
    pub fn copied_from(&self) -> Option<&Path> {
        self.from.as_deref().filter(|from| *from != self.path)
    }

    /// The text that comes in or goes out, as it stands in the file. It may
    /// hold what steers a terminal.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// The number of the rule: of a new one in the configuration after the
    /// change, of a removed one in that before.
    pub fn rule(&self) -> usize {
        self.rule
    }

    /// The configuration as it would be.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    #[cfg(test)]
    pub(super) fn new_bytes(&self) -> &[u8] {
        &self.new
    }

    /// Writes the file, unless somebody else changed it.
    pub fn write(&self) -> Result<(), EditError> {
        store::replace(&self.path, self.old.as_deref(), &self.new)
    }
}

/// The change that adds a rule to a machine. Without any configuration the main
/// file is made. `connect` is where the machine is defined, for one that the
/// configuration does not name yet.
pub fn add(
    main: &Path,
    options: &Options,
    machine: &str,
    connect: Option<&str>,
    rule: &NewRule,
) -> Result<Change, EditError> {
    add_in(&Roots::of(main), options, machine, connect, rule)
}

pub(super) fn add_in(
    roots: &Roots,
    options: &Options,
    machine: &str,
    connect: Option<&str>,
    rule: &NewRule,
) -> Result<Change, EditError> {
    let before = match load_from(roots, options) {
        Ok(loaded) => loaded.policy,
        Err(error) if error.is_missing() => Policy::new([], Vec::new()),
        Err(error) => return Err(EditError::Wrong(error)),
    };
    let site = Site::for_machine(roots, machine)?;
    let form = || EditError::Form {
        file: site.path.clone(),
    };
    let matcher = rule.matcher().ok_or_else(form)?;
    let is_same = |other: &&Arc<Rule>| {
        other.options.enabled
            && other.matcher == matcher
            && other.machine().is_some_and(|m| m.name() == machine)
    };
    if let Some(same) = before.rules().iter().find(is_same) {
        return Err(EditError::Repeated {
            origin: same.origin.clone(),
        });
    }
    let with = |connect: Option<&str>| {
        let edited = |text: &str| insert(text, &site.machine, rule, connect);
        changed(roots, options, &site.path, site.from.clone(), edited)
    };
    let mut change = with(None)?;
    let is_new = !before.machines().iter().any(|key| key.name() == machine);
    let elsewhere = |key: &MachineKey| {
        key.name() == machine && connect.is_some_and(|connect| key.uri.as_str() != connect)
    };
    if is_new && change.loaded.policy.machines().iter().any(elsewhere) {
        change = with(connect)?;
    }
    let number = one_more(change.loaded.policy.rules(), before.rules());
    let added = number.and_then(|number| Some((number, change.loaded.policy.rules().get(number)?)));
    match added {
        Some((number, added)) if added.matcher == matcher && is_of(added, machine) => {
            change.rule = number;
            Ok(change)
        }
        _ => Err(EditError::WouldDiffer { file: change.path }),
    }
}

fn is_of(rule: &Rule, machine: &str) -> bool {
    matches!(&rule.owner, Owner::Machine(key) if key.name() == machine)
}

/// The change that takes a rule out of a configuration; `number` is that of the
/// rule in [`Policy::rules`].
pub fn remove(
    main: &Path,
    options: &Options,
    loaded: &Loaded,
    number: usize,
) -> Result<Change, EditError> {
    remove_in(&Roots::of(main), options, loaded, number)
}

pub(super) fn remove_in(
    roots: &Roots,
    options: &Options,
    loaded: &Loaded,
    number: usize,
) -> Result<Change, EditError> {
    let place = loaded.places.finding(Severity::Note, number, "");
    let Some((from, span)) = place
        .as_ref()
        .and_then(|place| Some((place.file(), place.text_span()?)))
    else {
        let file = roots.main().to_owned();
        return Err(EditError::Form { file });
    };
    let path = roots.writable(from);
    let edited = |text: &str| cut(text, span.start);
    let mut change = changed(roots, options, &path, Some(from.to_owned()), edited)?;
    if one_more(loaded.policy.rules(), change.loaded.policy.rules()) != Some(number) {
        return Err(EditError::WouldDiffer { file: change.path });
    }
    change.rule = number;
    Ok(change)
}

fn changed(
    roots: &Roots,
    options: &Options,
    path: &Path,
    from: Option<PathBuf>,
    edited: impl FnOnce(&str) -> Option<Spliced>,
) -> Result<Change, EditError> {
    let (old, text) = match &from {
        Some(from) => {
            let (bytes, text) = store::read(from)?;
            (Some(bytes), text)
        }
        None => (None, String::new()),
    };
    let file = || path.to_owned();
    let Spliced { text: new, entry } =
        edited(&text).ok_or_else(|| EditError::Form { file: file() })?;
    // A byte order mark stays.
    let mark = old
        .as_ref()
        .map_or(0, |bytes| bytes.len().saturating_sub(text.len()));
    let mut bytes = old
        .as_ref()
        .and_then(|bytes| bytes.get(..mark))
        .unwrap_or_default()
        .to_vec();
    bytes.extend_from_slice(new.as_bytes());
    let substitute = Substitute {
        path,
        bytes: &bytes,
    };
    let loaded = load_with(roots, options, Some(substitute)).map_err(|error: LoadError| {
        EditError::WouldBeWrong {
            file: file(),
            error,
        }
    })?;
    Ok(Change {
        path: file(),
        old: old.filter(|_| from.as_deref() == Some(path)),
        from,
        new: bytes,
        entry,
        rule: 0,
        loaded,
    })
}

/// The number of the one rule that `more` has and `less` has not, if all others
/// are the same in the same order.
fn one_more(more: &[Arc<Rule>], less: &[Arc<Rule>]) -> Option<usize> {
    if more.len() != less.len() + 1 {
        return None;
    }
    let first = more
        .iter()
        .zip(less)
        .take_while(|(a, b)| is_alike(a, b))
        .count();
    let rest = more.iter().skip(first + 1).zip(less.iter().skip(first));
    rest.into_iter()
        .all(|(a, b)| is_alike(a, b))
        .then_some(first)
}

/// Whether two rules say the same, wherever they are written.
fn is_alike(one: &Rule, other: &Rule) -> bool {
    (&one.name, &one.owner, &one.matcher, &one.options)
        == (&other.name, &other.owner, &other.matcher, &other.options)
}
