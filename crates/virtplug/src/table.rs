//! Tables for terminals.

use comfy_table::{
    Attribute, Cell, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
    Width, presets,
};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::render::{Tone, clean};

/// Width where the terminal does not tell one.
pub(crate) const WIDTH: u16 = 80;

/// Below this width a table is a list of its rows instead.
const NARROW: u16 = 50;

/// Blanks between two columns.
const GAP: u16 = 2;

/// Marks the line between two rows, as no cell has control characters.
const BETWEEN_ROWS: char = '\0';

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

/// The width of the terminal, where standard output is one.
pub(crate) fn terminal_width() -> Option<u16> {
    Table::new().width()
}

/// Breaks a text at blanks, or within words that are too long, into lines of at
/// most `width` columns.
pub(crate) fn wrap(text: &str, width: u16) -> Vec<String> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width.max(1))
        .add_row([text]);
    for column in table.column_iter_mut() {
        column.set_padding((0, 0));
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// The text, if it is wider than some columns its beginning with a mark of the cut.
pub(crate) fn cut(text: &str, width: usize, mark: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(mark.width());
    let mut kept = String::new();
    let mut taken = 0;
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken > room {
            break;
        }
        kept.push(c);
    }
    if mark.width() <= width {
        kept.push_str(mark);
    }
    kept
}

/// A table whose rows may have sentences under them.
#[derive(Debug)]
pub(crate) struct Grid {
    header: Vec<&'static str>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    cells: Vec<(Tone, String)>,
    under: Vec<(Tone, String)>,
}

impl Grid {
    /// A table with these columns.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self {
            header: header.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = (Tone, String)>) {
        self.rows.push(Row {
            cells: cells
                .into_iter()
                .map(|(tone, text)| (tone, clean(&text)))
                .collect(),
            under: Vec::new(),
        });
    }

    /// Adds a sentence under the last row.
    pub(crate) fn under(&mut self, tone: Tone, text: &str) {
        if let Some(row) = self.rows.last_mut() {
            row.under.push((tone, clean(text)));
        }
    }

    /// Leaves out the columns that tell nothing of any row.
    pub(crate) fn without_empty(mut self, columns: &[&str]) -> Self {
        for name in columns {
            let Some(at) = self.header.iter().position(|column| column == name) else {
                continue;
            };
            let tells = |row: &Row| row.cells.get(at).is_some_and(|(_, text)| !is_empty(text));
            if !self.rows.iter().any(tells) {
                self.header.remove(at);
                for row in &mut self.rows {
                    if at < row.cells.len() {
                        row.cells.remove(at);
                    }
                }
            }
        }
        self
    }

    /// The table as text.
    pub(crate) fn render(&self, width: u16) -> String {
        if width < NARROW && self.header.len() > 2 {
            return self.render_narrow(width);
        }
        let mut table = Table::new();
        table
            .load_style(TableStyle::new().row_separator(LineStyle::none().fill(BETWEEN_ROWS)))
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width)
            .enforce_styling()
            .set_header(&self.header);
        table.style_text_only();
        for row in &self.rows {
            table.add_row(row.cells.iter().map(|(tone, text)| cell(*tone, text)));
        }
        self.set_widths(&mut table, width);
        let mut text = String::new();
        let mut rows = self.rows.iter();
        let mut lines = table.lines();
        // The header has no such line after it.
        if let Some(header) = lines.next() {
            push_line(&mut text, "", &header);
        }
        for line in lines {
            if line.starts_with(BETWEEN_ROWS) {
                rows.next().inspect(|row| row.push_under(&mut text, width));
            } else {
                push_line(&mut text, "", &line);
            }
        }
        rows.next().inspect(|row| row.push_under(&mut text, width));
        text
    }

    /// Two blanks between columns, and room for whole words in the header where that fits.
    fn set_widths(&self, table: &mut Table, width: u16) {
        let last = self.header.len().saturating_sub(1);
        let room = |at: usize, name: &str| {
            let gap = if at == last { 0 } else { GAP };
            u16::try_from(name.len()).unwrap_or(u16::MAX) + gap
        };
        let header = self.header.iter().enumerate();
        let fits = header.map(|(at, name)| room(at, name)).sum::<u16>() <= width;
        let columns = table.column_iter_mut().zip(&self.header).enumerate();
        for (at, (column, name)) in columns {
            column.set_padding((0, if at == last { 0 } else { GAP }));
            if fits {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(room(
                    at, name,
                ))));
            }
        }
    }

    /// Each row as a list, for a terminal that is too narrow for columns.
    fn render_narrow(&self, width: u16) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let mut cells = row.cells.iter();
            if let Some((tone, title)) = cells.next() {
                push_wrapped(&mut text, *tone, "", title, width);
            }
            for (column, (tone, value)) in self.header.iter().skip(1).zip(cells) {
                if !is_empty(value) {
                    let line = format!("{}: {value}", column.to_lowercase());
                    push_wrapped(&mut text, *tone, "  ", &line, width);
                }
            }
            row.push_under(&mut text, width);
        }
        text
    }
}

impl Row {
    fn push_under(&self, text: &mut String, width: u16) {
        for (tone, sentence) in &self.under {
            push_wrapped(text, *tone, "    ", sentence, width);
        }
    }
}

fn is_empty(text: &str) -> bool {
    text.is_empty() || text == "-"
}

fn cell(tone: Tone, text: &str) -> Cell {
    let cell = Cell::new(text);
    match tone {
        Tone::Plain => cell,
        Tone::Good => cell.fg(Color::DarkGreen),
        Tone::Waiting => cell.fg(Color::DarkYellow),
        Tone::Bad => cell.fg(Color::DarkRed),
        Tone::Dim => cell.add_attribute(Attribute::Dim),
        Tone::Strong => cell.add_attribute(Attribute::Bold),
    }
}

fn push_line(text: &mut String, indent: &str, line: &str) {
    text.push_str(indent);
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Adds a text in lines that fit the width, each behind the indentation.
pub(crate) fn push_wrapped(text: &mut String, tone: Tone, indent: &str, line: &str, width: u16) {
    let taken = u16::try_from(indent.len()).unwrap_or(u16::MAX);
    for line in wrap(line, width.saturating_sub(taken)) {
        push_line(text, indent, &tone.paint(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::plain;

    #[test]
    fn sentences_stand_under_their_rows() {
        let mut grid = Grid::new(&["A", "B", "C"]);
        grid.row(
            ["1", "a cell that is long enough to wrap once", "-"].map(|t| (Tone::Good, t.into())),
        );
        grid.under(Tone::Dim, "a sentence");
        grid.row(["2", "short", "-"].map(|t| (Tone::Plain, t.into())));
        grid.under(Tone::Bad, "another \u{1b}[31msentence\0");
        let grid = grid.without_empty(&["C"]);
        insta::assert_snapshot!(format!(
            "{}\n{}",
            plain(&grid.render(80)),
            plain(&grid.render(20))
        ));
    }

    #[test]
    fn what_is_cut_fits() {
        assert_eq!(cut("short", 5, "…"), "short");
        assert_eq!(cut("longer", 5, "…"), "long…");
        assert_eq!(cut("日本語", 5, "…"), "日本…");
        assert_eq!(cut("longer", 2, "..."), "");
    }

    #[test]
    fn text_is_broken_at_blanks_and_long_words_within() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 4), ["unbr", "eaka", "ble"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
    }
}
