//! A line of `virtplug monitor`.

use virtplug_ipc::Happening;

use super::clean;
use super::words::{kind_tone, kind_word, utc};

/// One thing that happened, in one line.
pub(crate) fn happening(event: &Happening) -> String {
    let kind = format!("{:<13}", kind_word(event.kind));
    format!(
        "{}  {}  {}\n",
        utc(event.time),
        kind_tone(event.kind).paint(&kind),
        clean(&event.text)
    )
}
