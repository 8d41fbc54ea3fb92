//! Loading a configuration: all files, all findings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::DeTable;
use virtplug_core::{ConnectionUri, Policy};

use crate::access::{Exposure, Reader};
use crate::control::Control;
use crate::diagnostic::{Diagnostic, Severity};
use crate::encoding::{EncodingFaultKind, decode};
use crate::file::{self, Contents, FileFault};
use crate::findings::Findings;
use crate::folder::{self, Listing};
use crate::meaning::{self, Meant};
use crate::roots::Roots;
use crate::rule_places::RulePlaces;
use crate::source::{Place, Source};
use crate::syntax::Document;
use crate::written::Written;
use crate::{machine, main_file};

/// What the command line says about a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The libvirt URI of every machine, whatever the files say.
    pub connect: Option<String>,
    /// The libvirt connection of machines of which the files do not say one.
    pub usual_connection: ConnectionUri,
}

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What it means.
    pub policy: Policy,
    /// Who may speak with the daemon.
    pub control: Control,
    /// Warnings and notes, in the order of the files.
    pub notes: Vec<Diagnostic>,
    /// The files that were read, the main file first.
    pub files: Vec<PathBuf>,
    /// Where the rules of the policy were written.
    pub places: RulePlaces,
}

/// A configuration that is refused as a whole.
#[derive(Debug, Clone)]
pub struct LoadError {
    diagnostics: Vec<Diagnostic>,
    missing: bool,
}

impl LoadError {
    /// All that was found, in the order of the files: errors, and the warnings
    /// and notes between them. At least one is an error.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether there is no main file. That is the only finding then.
    pub fn is_missing(&self) -> bool {
        self.missing
    }

    fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity() == Severity::Error)
    }
}

impl fmt::Display for LoadError {
    /// The first error on one line, and how many more there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.errors();
        if let Some(first) = errors.next() {
            first.fmt(f)?;
        }
        match errors.count() {
            0 => Ok(()),
            1 => f.write_str(" (and 1 more error)"),
            more => write!(f, " (and {more} more errors)"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Loads a main file and the folder `machines.d` beside it. For [`MAIN_FILE`]
/// that means the usual folders of a system, see [`Roots::system`].
pub fn load(main: &Path, options: &Options) -> Result<Loaded, LoadError> {
    load_from(&Roots::of(main), options)
}

/// Loads the configuration in these folders.
pub fn load_from(roots: &Roots, options: &Options) -> Result<Loaded, LoadError> {
    load_with(roots, options, None)
}

/// A file as it would be: the main file, or one of the first folder of machines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Substitute<'a> {
    pub(crate) path: &'a Path,
    pub(crate) bytes: &'a [u8],
}

/// Loads the configuration in these folders as it would be with another file
/// in it.
pub(crate) fn load_with(
    roots: &Roots,
    options: &Options,
    substitute: Option<Substitute<'_>>,
) -> Result<Loaded, LoadError> {
    let reader = Reader::of_this_process();
    let read_file = |path: &Path| match substitute {
        Some(substitute) if substitute.path == path => Ok(Contents {
            bytes: substitute.bytes.to_vec(),
            exposure: None,
        }),
        _ => file::read(path, reader),
    };
    let new_main = substitute.filter(|substitute| roots.is_first_main(substitute.path));
    let main = new_main.map_or(roots.main(), |substitute| substitute.path);
    let read = read_file(main);
    if let Err(fault @ FileFault::Missing) = &read {
        return Err(LoadError {
            diagnostics: vec![refusal(main, fault)],
            missing: true,
        });
    }
    let mut tree = Tree::default();
    let mut folders = folders_of(main);
    folders.extend(roots.around_folders().map(not_empty));
    for folder in folders {
        tree.check_folder(&folder, reader);
    }
    tree.add(main, read, main_file::read);
    let new = substitute.filter(|_| new_main.is_none());
    let list = || {
        let mut listing = roots.list(reader)?;
        if let Some(new) = new {
            listing.put(new.path);
        }
        Ok(listing)
    };
    tree.add_drop_ins(list, read_file);
    tree.into_loaded(options)
}

/// Loads one file's text by itself, wherever it comes from. A path in a folder
/// `machines.d` makes it the file of the machine that it is named after.
pub fn load_text(path: &Path, text: &[u8], options: &Options) -> Result<Loaded, LoadError> {
    let folder = path.parent().and_then(Path::file_name);
    let read = if folder == Some(folder::NAME.as_ref()) {
        machine::read_drop_in
    } else {
        main_file::read
    };
    let contents = Contents {
        bytes: text.to_vec(),
        exposure: None,
    };
    let mut tree = Tree::default();
    tree.add(path, Ok(contents), read);
    tree.into_loaded(options)
}

/// The folders in which somebody could put another file in the place of this
/// one: that of the path as given and, where that is a link, that of its target.
pub(crate) fn folders_of(path: &Path) -> BTreeSet<PathBuf> {
    [Some(path.to_owned()), path.canonicalize().ok()]
        .into_iter()
        .flatten()
        .filter_map(|path| path.parent().map(not_empty))
        .collect()
}

/// A path to a folder, which is never empty.
fn not_empty(folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        folder.to_owned()
    }
}

/// What is wrong with a file or folder as a whole.
fn whole(severity: Severity, path: &Path, fault: &FileFault) -> Diagnostic {
    let place = Place::file(&Source::without_text(path));
    let finding = Diagnostic::new(severity, place, fault.to_string());
    match fault.help() {
        Some(help) => finding.with_help(help),
        None => finding,
    }
}

fn refusal(path: &Path, fault: &FileFault) -> Diagnostic {
    whole(Severity::Error, path, fault)
}

/// What reading all files gives.
#[derive(Default)]
pub(crate) struct Tree {
    files: Vec<PathBuf>,
    written: Written,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Whether this is one file of several, read by itself.
    alone: bool,
}

/// Reads the table of a file.
type ReadFile = fn(&DeTable<'_>, &mut Findings) -> Written;

impl Tree {
    /// For one file of several, read by itself.
    pub(crate) fn of_one_file() -> Self {
        Self {
            alone: true,
            ..Self::default()
        }
    }

    fn warn_of(&mut self, path: &Path, exposure: Option<Exposure>) {
        if let Some(exposure) = exposure {
            let fault = FileFault::Exposed(exposure);
            self.diagnostics
                .push(whole(Severity::Warning, path, &fault));
        }
    }

    pub(crate) fn check_folder(&mut self, folder: &Path, reader: Reader) {
        // A folder that cannot be looked at holds no file that can be read.
        if let Ok(metadata) = folder.metadata() {
            match file::refuse_exposed(&metadata, reader) {
                Ok(exposure) => self.warn_of(folder, exposure),
                Err(fault) => self.diagnostics.push(refusal(folder, &fault)),
            }
        }
    }

    fn add_drop_ins(
        &mut self,
        list: impl FnMut() -> Result<Listing, (PathBuf, FileFault)>,
        read: impl Fn(&Path) -> Result<Contents, FileFault>,
    ) {
        match folder::read_all(list, read) {
            Err((folder, fault)) => self.diagnostics.push(refusal(&folder, &fault)),
            Ok((exposures, drop_ins)) => {
                for (folder, exposure) in exposures {
                    self.warn_of(&folder, Some(exposure));
                }
                for (path, contents) in drop_ins {
                    self.add(&path, contents, machine::read_drop_in);
                }
            }
        }
    }

    pub(crate) fn add(
        &mut self,
        path: &Path,
        contents: Result<Contents, FileFault>,
        read: ReadFile,
    ) {
        self.files.push(path.to_owned());
        let contents = match contents {
            Ok(contents) => contents,
            Err(fault) => return self.diagnostics.push(refusal(path, &fault)),
        };
        self.warn_of(path, contents.exposure);
        let decoded = decode(&contents.bytes);
        let source = Source::new(path, decoded.text, decoded.skipped);
        if let Some(fault) = decoded.fault {
            let offset = fault.span.start + decoded.skipped;
            let place = match fault.kind {
                EncodingFaultKind::Utf16 => Place::file(&source),
                _ => Place::span(&source, fault.span),
            };
            let refusal = encoding_refusal(place, fault.kind, offset);
            self.diagnostics.push(refusal);
            return;
        }
        let document = Document::parse(&source);
        let mut findings = Findings::new(&source);
        let mut written = document
            .table()
            .map(|table| read(table, &mut findings))
            .unwrap_or_default();
        let (whole, found) = document.join(findings);
        if !whole {
            written.mark_incomplete();
        }
        self.written.append(written);
        self.diagnostics.extend(found);
    }

    pub(crate) fn into_loaded(mut self, options: &Options) -> Result<Loaded, LoadError> {
        let Meant {
            policy,
            places,
            findings,
        } = meaning::policy(&self.written, options);
        self.diagnostics.extend(findings);
        let refused = self
            .diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity() == Severity::Error);
        if let Some(main) = self.files.first()
            && self.written.machines.iter().all(|machine| machine.mask)
            && !refused
            && !self.alone
        {
            let place = Place::file(&Source::without_text(main));
            self.diagnostics.push(
                Diagnostic::warning(place, "no machine is configured")
                    .with_help("a machine begins with `[machines.NAME]`"),
            );
        }
        let diagnostics = in_order(self.diagnostics, &self.files);
        if refused {
            return Err(LoadError {
                diagnostics,
                missing: false,
            });
        }
        Ok(Loaded {
            policy,
            control: self.written.control.unwrap_or_default(),
            notes: diagnostics,
            files: self.files,
            places,
        })
    }
}

fn encoding_refusal(place: Place, kind: EncodingFaultKind, offset: usize) -> Diagnostic {
    let message = match kind {
        EncodingFaultKind::Utf16 => "the file is UTF-16, not UTF-8".to_owned(),
        EncodingFaultKind::NotUtf8 => format!("not UTF-8, from byte {offset} on"),
        EncodingFaultKind::Nul => format!("a NUL character, at byte {offset}"),
    };
    Diagnostic::error(place, message).with_help("save the file as UTF-8 text")
}

/// Sorts findings by file and place.
fn in_order(mut diagnostics: Vec<Diagnostic>, files: &[PathBuf]) -> Vec<Diagnostic> {
    let numbers: BTreeMap<&Path, usize> = files
        .iter()
        .enumerate()
        .map(|(number, file)| (file.as_path(), number))
        .collect();
    diagnostics.sort_by_cached_key(|diagnostic| {
        let start = diagnostic.span().map(|span| span.start);
        // `None` comes first: what is said of a file, or of the folder, as a whole.
        (numbers.get(diagnostic.file()).copied(), start)
    });
    diagnostics
}
