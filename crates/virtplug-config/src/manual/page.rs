//! A manual page, written with the `man` macros.

use roff::{Inline, Roff, bold, roman};

/// A page, from its title on.
pub(super) struct Page {
    roff: Roff,
    /// Whether a heading was the last; what follows needs no gap then.
    fresh: bool,
}

impl Page {
    /// An empty page. It has no date, so that it only changes with its text.
    pub(super) fn new() -> Self {
        let mut roff = Roff::new();
        let title = ["virtplug.toml", "5", "\"\"", "virtplug", "File formats"];
        roff.control("TH", title);
        // Neither hyphens nor wide gaps inside of what people copy. The macros
        // switch hyphens on again by a register of theirs.
        roff.control("nr", ["HY", "0"]);
        roff.control("nh", []);
        roff.control("ad", ["l"]);
        Self { roff, fresh: true }
    }

    pub(super) fn section(&mut self, title: &str) {
        self.roff.control("SH", [title]);
        self.fresh = true;
    }

    pub(super) fn subsection(&mut self, title: &str) {
        self.roff.control("SS", [title]);
        self.fresh = true;
    }

    /// A paragraph, in which backquotes are around what is bold.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.gap();
        if !text.is_empty() {
            self.roff.text(inlines(text));
        }
    }

    pub(super) fn paragraphs(&mut self, texts: &[&str]) {
        for text in texts {
            self.paragraph(text);
        }
    }

    fn gap(&mut self) {
        if !std::mem::take(&mut self.fresh) {
            self.roff.control("P", []);
        }
    }

    /// Bold lines.
    pub(super) fn lines(&mut self, lines: &[String]) {
        self.fresh = false;
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                self.roff.control("br", []);
            }
            self.roff.text([bold(line)]);
        }
    }

    /// Numbered texts.
    pub(super) fn numbered(&mut self, texts: &[&str]) {
        for (number, text) in texts.iter().enumerate() {
            let label = format!("{}.", number + 1);
            self.roff.control("IP", [label.as_str(), "4"]);
            self.roff.text(inlines(text));
        }
    }

    /// A word and what is said of it.
    pub(super) fn item(&mut self, word: &str, text: &str) {
        self.fresh = false;
        self.roff.control("TP", []);
        self.roff.text([bold(word)]);
        self.roff.text(inlines(text));
    }

    /// More on a line of its own.
    pub(super) fn more(&mut self, text: &str) {
        self.roff.control("br", []);
        self.roff.text(inlines(text));
    }

    /// Lines of a file.
    pub(super) fn example(&mut self, text: &str) {
        self.gap();
        self.roff.control("RS", ["4"]);
        self.verbatim(text);
        self.roff.control("RE", []);
    }

    /// Lines of a file, below an item.
    pub(super) fn example_of_item(&mut self, text: &str) {
        self.roff.control("sp", []);
        self.roff.control("RS", ["11"]);
        self.verbatim(text);
        self.roff.control("RE", []);
    }

    fn verbatim(&mut self, text: &str) {
        self.roff.control("EX", []);
        for line in text.trim_end().lines() {
            self.roff.text([roman(line)]);
        }
        self.roff.control("EE", []);
    }

    /// The page as roff. Printers make other characters of these three unless
    /// they are told not to.
    pub(super) fn render(&self) -> String {
        self.roff
            .render()
            .replace('`', r"\(ga")
            .replace('^', r"\(ha")
            .replace('~', r"\(ti")
    }
}

/// Text with bold parts, which are between backquotes.
fn inlines(text: &str) -> Vec<Inline> {
    text.split('`')
        .enumerate()
        .filter(|(_, part)| !part.is_empty())
        .map(|(number, part)| {
            if number % 2 == 1 {
                bold(part)
            } else {
                roman(part)
            }
        })
        .collect()
}
