//! The only place that prints. A reader that has gone is no error.

use std::fmt::{Arguments, Display, Write as _};
use std::io::{ErrorKind, Write as _};

use anstream::{AutoStream, ColorChoice};

use virtplug_core::Escaped;

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

/// Prints to standard error.
pub(crate) fn aside(text: impl Display) {
    let _ = write!(anstream::stderr().lock(), "{text}");
}

/// The text without colours.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Prints a value as indented JSON to standard output.
pub(crate) fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(format_args!("{}\n", shown_json(&text))),
        Err(error) => message(format_args!("cannot write JSON: {error}")),
    }
}

/// JSON that a terminal shows as it is: what is not plain text in a string
/// stands there by its number, which means the same.
pub(crate) fn shown_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let is_odd = c == '\x7f' || !c.is_ascii();
        if is_odd && Escaped(c.encode_utf8(&mut [0; 4])).to_string() != c.to_string() {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_does_nothing_to_a_terminal_and_means_the_same() {
        let text = "a\u{9b}31m\u{202e}\x1b\x7f\n\\\"é日\u{e0041}";
        let json = shown_json(&serde_json::to_string(text).unwrap());
        assert!(json.chars().all(|c| !c.is_control()), "{json}");
        assert!(json.contains("é日") && json.contains("\\u202e"), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
