//! The only place that prints. A reader that has gone is no error.

use std::fmt::{Arguments, Display};
use std::io::{ErrorKind, Write as _};

use anstream::{AutoStream, ColorChoice};

use crate::cli::Color;

/// Whether somebody still reads standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    There,
    Gone,
}

/// Decides when output has colour; to be called once, before anything is printed.
pub(crate) fn color(when: Color) {
    let choice = match when {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::AlwaysAnsi,
        Color::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether standard error shows colour.
pub(crate) fn messages_have_color() -> bool {
    AutoStream::choice(&std::io::stderr()) != ColorChoice::Never
}

/// Prints to standard output.
pub(crate) fn print(text: impl Display) {
    let _ = write_out(format_args!("{text}"));
}

/// Prints one line to standard output.
pub(crate) fn line(text: impl Display) -> Reader {
    write_out(format_args!("{text}\n"))
}

fn write_out(text: Arguments<'_>) -> Reader {
    let mut out = anstream::stdout().lock();
    let written = out.write_fmt(text).and_then(|()| out.flush());
    match written {
        Ok(()) => return Reader::There,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => message(format_args!("cannot write the output: {error}")),
    }
    Reader::Gone
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
