//! How the view looks.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout as Areas, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Clear, List, ListItem, Paragraph, Row, Table};
use unicode_width::UnicodeWidthStr as _;
use virtplug_ipc::DeviceState;

use super::model::{Model, Past, View};
use super::popup::Popup;
use crate::render::words::{belongs_to, is_in, kind_tone, kind_word, name, or_dash, tone, utc};
use crate::render::{Tone, clean, health, tree_lines, unusual, why};
use crate::table::{cut, wrap};

/// A frame for terminals that show nothing else.
const ASCII: border::Set<'_> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const KEYS: &str = "q quit  ? keys  Tab tree  a attach  d detach  r release  e explain";

/// Below this width the list has fewer columns.
const NARROW: u16 = 60;

/// Marks the selected row.
const POINTER: &str = "> ";

/// Blanks between two columns.
const GAP: u16 = 2;

/// Below this height there is only the list.
const LOW: u16 = 10;

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => Style::new().fg(Color::Green),
        Tone::Waiting => Style::new().fg(Color::Yellow),
        Tone::Bad => Style::new().fg(Color::Red),
        Tone::Dim => Style::new().add_modifier(Modifier::DIM),
        Tone::Strong => Style::new().add_modifier(Modifier::BOLD),
    }
}

impl Model {
    /// Draws the whole screen.
    pub(crate) fn draw(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.is_empty() {
            return;
        }
        let notes = self.notes(area);
        let because = self.because(area);
        let past = self.past_lines(area);
        let [head, above, body, reason, below, foot] = Areas::vertical([
            Constraint::Length(1),
            Constraint::Length(height(&notes)),
            Constraint::Min(1),
            Constraint::Length(height(&because)),
            Constraint::Length(height(&past)),
            Constraint::Length(1),
        ])
        .areas(area);
        frame.render_widget(self.head(area), head);
        frame.render_widget(Paragraph::new(notes), above);
        match self.view {
            View::List => self.draw_list(frame, body),
            View::Tree => self.draw_tree(frame, body),
        }
        frame.render_widget(Paragraph::new(because), reason);
        frame.render_widget(Paragraph::new(past), below);
        frame.render_widget(self.foot(area), foot);
        let mark = self.cut_mark();
        let unicode = self.unicode;
        if let Some(popup) = &mut self.popup {
            draw_popup(popup, frame, unicode, mark);
        }
    }

    fn cut_mark(&self) -> &'static str {
        self.layout(0).pick("…", "...")
    }

    /// A line that is cut to the width.
    fn line(&self, tone: Tone, text: &str, area: Rect) -> Line<'static> {
        let text = cut(&clean(text), usize::from(area.width), self.cut_mark());
        Line::styled(text, style(tone))
    }

    fn head(&self, area: Rect) -> Line<'static> {
        let (tone, text) = match (&self.ended, &self.status) {
            (Some(reason), _) => (Tone::Bad, format!("no news from the daemon: {reason}")),
            (None, None) => (Tone::Waiting, "waiting for the daemon".to_owned()),
            (None, Some(status)) => health(status),
        };
        self.line(tone, &text, area).bold()
    }

    /// What somebody should look at, and what is not as usual.
    fn notes(&self, area: Rect) -> Vec<Line<'static>> {
        let Some(status) = self.status.as_ref().filter(|_| area.height >= LOW) else {
            return Vec::new();
        };
        let problems = status.problems.iter().cloned();
        let problems = problems.map(|text| (Tone::Bad, format!("- {text}")));
        let others = unusual(status).into_iter();
        let all: Vec<_> = problems
            .chain(others.map(|text| (Tone::Waiting, text)))
            .collect();
        let room = usize::from(area.height / 4);
        let shown = if all.len() > room {
            room.saturating_sub(1)
        } else {
            room
        };
        let mut lines: Vec<_> = all
            .iter()
            .take(shown)
            .map(|(tone, text)| self.line(*tone, text, area))
            .collect();
        let more = all.len().saturating_sub(shown);
        if more > 0 {
            let text = format!("and {more} more: `virtplug status` tells all");
            lines.push(self.line(Tone::Waiting, &text, area));
        }
        lines
    }

    /// Why the selected device is not where it belongs.
    fn because(&self, area: Rect) -> Vec<Line<'static>> {
        let reason = self.selection().and_then(|state| {
            let text = format!("{}: {}", state.device.port, why(state)?);
            Some((tone(state), clean(&text)))
        });
        let Some((tone, text)) = reason.filter(|_| area.height >= LOW) else {
            return Vec::new();
        };
        let lines = wrap(&text, area.width).into_iter();
        let lines = lines.take(usize::from(area.height / 6));
        lines.map(|line| Line::styled(line, style(tone))).collect()
    }

    /// The last things that happened, with a title.
    fn past_lines(&self, area: Rect) -> Vec<Line<'static>> {
        let room = usize::from(area.height / 4).saturating_sub(1);
        if self.past.is_empty() || room == 0 || area.height < LOW {
            return Vec::new();
        }
        let skipped = self.past.len().saturating_sub(room);
        let title = self.line(Tone::Strong, "what happened (UTC)", area);
        let past = self.past.iter().skip(skipped);
        let lines = past.map(|past| match past {
            Past::Gap(count) => self.line(Tone::Dim, &format!("({count} left out)"), area),
            Past::Event(event) => {
                let time = utc(event.time);
                let time = time.rsplit(' ').next().unwrap_or_default();
                let text = format!("{time} {:<13} {}", kind_word(event.kind), event.text);
                self.line(kind_tone(event.kind), &text, area)
            }
        });
        std::iter::once(title).chain(lines).collect()
    }

    fn foot(&self, area: Rect) -> Line<'static> {
        match &self.message {
            Some((tone, text)) => self.line(*tone, text, area),
            None => self.line(Tone::Dim, KEYS, area),
        }
    }

    fn draw_list(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let rows = self.rows();
        if rows.is_empty() {
            let text = match &self.status {
                Some(_) => "no device that is plugged in belongs to anybody; Tab shows all",
                None => "",
            };
            frame.render_widget(self.line(Tone::Plain, text, area), area);
            return;
        }
        let narrow = area.width < NARROW;
        let cells: Vec<Vec<String>> = rows.iter().map(|state| columns(state, narrow)).collect();
        let header: &[&str] = if narrow {
            &["PORT", "NAME", "IS IN"]
        } else {
            &["PORT", "NAME", "SERIAL", "BELONGS TO", "IS IN"]
        };
        let widths = widths(header, &cells, area.width);
        let mark = self.cut_mark();
        let body = rows.iter().zip(&cells).map(|(state, cells)| {
            let cells = cells.iter().zip(&widths);
            let cells = cells.map(|(text, width)| cut(text, usize::from(*width), mark));
            Row::new(cells.map(Cell::new)).style(style(tone(state)))
        });
        let selected = self.selected_row(&rows);
        let table = Table::new(body, widths.iter().copied())
            .header(Row::new(header.iter().copied()).style(style(Tone::Strong)))
            .column_spacing(GAP)
            .highlight_symbol(POINTER)
            .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
        self.list.select(selected);
        frame.render_stateful_widget(table, area, &mut self.list);
    }

    fn draw_tree(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let layout = self.layout(area.width.saturating_sub(2));
        let lines = tree_lines(&self.devices, layout);
        let port = self.selection().map(|state| &state.device.port);
        let selected = lines.iter().position(|line| {
            line.device
                .is_some_and(|state| Some(&state.device.port) == port)
        });
        let items = lines.iter().map(|line| {
            let (stem, owner) = line.fit(layout);
            ListItem::new(Line::from(vec![
                Span::raw(stem),
                Span::raw("  "),
                Span::styled(owner, style(line.tone)),
            ]))
        });
        let list = List::new(items)
            .highlight_symbol(POINTER)
            .highlight_style(Style::new().add_modifier(Modifier::REVERSED));
        self.tree.select(selected);
        frame.render_stateful_widget(list, area, &mut self.tree);
    }

    fn selected_row(&self, rows: &[&DeviceState]) -> Option<usize> {
        let port = &self.selection()?.device.port;
        rows.iter().position(|state| state.device.port == *port)
    }
}

/// What each column gets: as much as it needs within limits, and the names what is left.
fn widths(header: &[&str], cells: &[Vec<String>], width: u16) -> Vec<u16> {
    let needed = |at: usize, title: &str| {
        let cells = cells.iter().filter_map(|row| row.get(at));
        let widest = cells.map(|cell| cell.width()).max().unwrap_or(0);
        u16::try_from(widest.max(title.len())).unwrap_or(u16::MAX)
    };
    let limited = |(at, title): (usize, &&str)| match *title {
        "NAME" => 0,
        "PORT" => needed(at, title).min(10),
        "IS IN" => needed(at, title).min(width / 10 * 3),
        _ => needed(at, title).min(width / 6),
    };
    let mut widths: Vec<u16> = header.iter().enumerate().map(limited).collect();
    let taken = widths.iter().map(|width| width + GAP).sum::<u16>();
    let left = width.saturating_sub(taken);
    for (width, _) in widths
        .iter_mut()
        .zip(header)
        .filter(|(_, title)| **title == "NAME")
    {
        *width = left;
    }
    widths
}

fn columns(state: &DeviceState, narrow: bool) -> Vec<String> {
    let device = &state.device;
    let mut cells = vec![device.port.clone(), name(device)];
    if !narrow {
        cells.push(or_dash(device.serial.as_deref()));
        cells.push(belongs_to(&state.belongs));
    }
    cells.push(is_in(state));
    cells.iter().map(|cell| clean(cell)).collect()
}

fn height(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

fn draw_popup(popup: &mut Popup, frame: &mut Frame<'_>, unicode: bool, mark: &str) {
    let area = frame.area();
    let width = area.width.saturating_sub(2).min(90);
    let layout = crate::render::Layout {
        width: width.saturating_sub(2),
        unicode,
    };
    let lines = popup.lines(layout);
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let height = wanted.saturating_add(2).min(area.height);
    let area = area.centered(Constraint::Length(width), Constraint::Length(height));
    let room = usize::from(area.height.saturating_sub(2));
    let first = popup.first(lines.len(), room);
    let shown = lines.iter().skip(first).take(room);
    let shown: Vec<_> = shown
        .map(|line| Line::raw(cut(line, usize::from(layout.width), mark)))
        .collect();
    let block = Block::bordered().border_set(if unicode { border::PLAIN } else { ASCII });
    frame.render_widget(Clear, area);
    frame.render_widget(
        Paragraph::new(shown).block(block.title(popup.title())),
        area,
    );
}
