//! `virtplug schema`.

use crate::exit::Exit;
use crate::output::print_json;

/// Prints the schema of the main file, or that of a machine's own file.
pub(crate) fn run(drop_in: bool) -> Exit {
    let schema = if drop_in {
        virtplug_config::drop_in_schema()
    } else {
        virtplug_config::schema()
    };
    print_json(&schema);
    Exit::Ok
}
