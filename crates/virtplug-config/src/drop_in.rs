//! The file of one machine, read by itself.

use std::path::Path;

use toml::de::DeValue;

use crate::access::Reader;
use crate::diagnostic::Diagnostic;
use crate::encoding::decode;
use crate::key::{DEVICE, MAIN};
use crate::load::{LoadError, Loaded, Options, Tree, folders_of};
use crate::source::{Place, Source};
use crate::syntax::Document;
use crate::table::get;
use crate::{MAIN_FILE, file, folder, machine};

/// Whether a file describes one machine: it is in a folder `machines.d`, or it
/// has device tables at its top level and nothing that a main file has. In a
/// file that is called as the main file such tables are a mistake instead.
pub fn is_drop_in(path: &Path) -> bool {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let inside = absolute
        .parent()
        .and_then(Path::file_name)
        .is_some_and(|name| name == folder::NAME);
    let main = path.file_name() == Path::new(MAIN_FILE).file_name();
    inside || !main && has_devices(path)
}

fn has_devices(path: &Path) -> bool {
    let Ok(contents) = file::read(path, Reader::of_this_process()) else {
        return false;
    };
    let source = Source::new(path, decode(&contents.bytes).text, 0);
    let document = Document::parse(&source);
    document.table().is_some_and(|table| {
        let devices = get(table, &DEVICE).map(toml::Spanned::get_ref);
        matches!(devices, Some(DeValue::Array(_)))
            && !MAIN.keys.iter().any(|key| get(table, key).is_some())
    })
}

/// Loads the file of one machine without the main file, so that its defaults
/// and the rules of other files do not count.
pub fn load_drop_in(path: &Path, options: &Options) -> Result<Loaded, LoadError> {
    let reader = Reader::of_this_process();
    let mut tree = Tree::of_one_file();
    for folder in folders_of(path) {
        tree.check_folder(&folder, reader);
    }
    if !folder::counts(path) {
        let place = Place::file(&Source::without_text(path));
        tree.diagnostics.push(
            Diagnostic::warning(place, "no file of this name is read from `machines.d`")
                .with_help("its name must end with `.toml` and not begin with a dot"),
        );
    }
    tree.add(path, file::read(path, reader), machine::read_drop_in);
    tree.into_loaded(options)
}
