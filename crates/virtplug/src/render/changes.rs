//! What came of a command.

use virtplug_ipc::{Change, Changes};

use super::page::Page;
use super::words::device_text;
use super::{Layout, Tone};

/// What became of each device, then what else is to be known.
pub(crate) fn changes(changes: &Changes, layout: Layout) -> String {
    let mut page = Page::new(layout);
    if changes.changes.is_empty() && changes.notes.is_empty() {
        page.say(Tone::Plain, 0, "no device is concerned");
    }
    for Change {
        device,
        done,
        result,
        ..
    } in &changes.changes
    {
        let tone = if *done { Tone::Good } else { Tone::Bad };
        page.say(tone, 0, &format!("{}: {result}", device_text(device)));
    }
    for note in &changes.notes {
        page.say(Tone::Plain, 0, &format!("note: {note}"));
    }
    page.done()
}
