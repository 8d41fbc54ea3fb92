//! The only place that prints. A reader that has gone is no error.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};

/// Prints to standard output.
pub(crate) fn print(text: impl Display) {
    let mut out = anstream::stdout().lock();
    let written = write!(out, "{text}").and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => message(format_args!("cannot write the output: {error}")),
        Ok(()) => {}
    }
}

/// Prints one line to standard error.
pub(crate) fn message(text: impl Display) {
    // There is nobody to tell when standard error does not work either.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// The text without colours.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Prints a value as indented JSON to standard output.
pub(crate) fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(format_args!("{text}\n")),
        Err(error) => message(format_args!("cannot write JSON: {error}")),
    }
}
