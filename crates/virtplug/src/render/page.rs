//! Text under construction.

use anstyle::{AnsiColor, Style};
use virtplug_core::Escaped;

use super::Layout;
use crate::table::{Grid, push_wrapped};

/// How a text is meant; the words say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// It is as it should be.
    Good,
    /// It will be, without anybody's help.
    Waiting,
    /// Somebody should look at it.
    Bad,
    /// It matters less.
    Dim,
    /// It leads a part.
    Strong,
}

impl Tone {
    /// Its look.
    pub(crate) fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Waiting => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Dim => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }

    /// The text in its look. It must be clean.
    pub(crate) fn paint(self, text: &str) -> String {
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

/// The text without what could steer the terminal. The strings of replies are escaped already,
/// so their backslashes stay as they are.
pub(crate) fn clean(text: &str) -> String {
    let parts: Vec<String> = text
        .split('\\')
        .map(|part| Escaped(part).to_string())
        .collect();
    parts.join("\\")
}

/// Text that fits a layout and holds no control characters but its own.
#[derive(Debug)]
pub(crate) struct Page {
    layout: Layout,
    text: String,
}

impl Page {
    /// An empty one.
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            text: String::new(),
        }
    }

    /// Adds a paragraph, indented by some columns.
    pub(crate) fn say(&mut self, tone: Tone, indent: usize, text: &str) {
        let indent = " ".repeat(indent);
        push_wrapped(
            &mut self.text,
            tone,
            &indent,
            &clean(text),
            self.layout.width,
        );
    }

    /// Adds a paragraph behind a mark; its further lines stand under the first. A mark that takes
    /// more than half of the width has a line of its own.
    pub(crate) fn mark(&mut self, tone: Tone, indent: usize, mark: &str, text: &str) {
        let from = self.text.len();
        let hang = mark.chars().count() + 1;
        if usize::from(self.layout.width) < indent + hang * 2 {
            self.say(tone, indent, mark);
            return self.say(Tone::Plain, indent + 2, text);
        }
        self.say(Tone::Plain, indent + hang, text);
        // The first line is indented by blanks, so these bytes are blanks.
        let at = from + indent;
        let (Some(before), Some(after)) = (self.text.get(..at), self.text.get(at + hang..)) else {
            return;
        };
        self.text = format!("{before}{} {after}", tone.paint(mark));
    }

    /// Adds an empty line between parts.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Adds a table.
    pub(crate) fn table(&mut self, grid: &Grid) {
        self.text.push_str(&grid.render(self.layout.width));
    }

    /// Adds a line as it is: whoever made it saw to its width and its characters.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// What was said.
    pub(crate) fn done(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stay_and_control_characters_go() {
        assert_eq!(clean(r"\x1b[31m\\"), r"\x1b[31m\\");
        assert_eq!(clean("\x1b[31m\n\u{202e}"), r"\x1b[31m\x0a\u{202e}");
    }

    #[test]
    fn a_marked_paragraph_hangs_behind_its_mark() {
        let layout = Layout {
            width: 20,
            unicode: true,
        };
        let mut page = Page::new(layout);
        page.say(Tone::Plain, 0, "before");
        page.mark(Tone::Bad, 2, "✗", "one two three four five");
        let text = crate::output::plain(&page.done());
        assert_eq!(text, "before\n  ✗ one two three\n    four five\n");
    }
}
