//! Tables for terminals.

use comfy_table::{ContentArrangement, Table, presets};

/// Width where the terminal does not tell one.
const WIDTH: u16 = 80;

/// A table without lines that fits the terminal; long cells wrap.
pub(crate) fn new(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    if table.width().is_none() {
        table.set_width(WIDTH);
    }
    table
}

/// The table as text, without the blanks that fill its last column.
pub(crate) fn render(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
