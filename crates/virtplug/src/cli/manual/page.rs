//! A manual page. What clap knows is written by `clap_mangen`, the rest in the same form.

use clap::Command;
use clap_mangen::Man;
use roff::{Roff, roman};

/// A page, from its title on.
pub(super) struct Page {
    text: String,
    /// Whether a heading was the last; what follows needs no gap then.
    fresh: bool,
}

impl Page {
    /// An empty page. It has no date, so that it only changes with its text.
    pub(super) fn new(name: &str, section: u8) -> Self {
        let mut page = Self {
            text: String::new(),
            fresh: true,
        };
        let of = if section == 8 {
            "Administration"
        } else {
            "virtplug"
        };
        page.line(&format!(".TH {name} {section} \"\" virtplug \"{of}\""));
        // Neither hyphens nor wide gaps inside of what people copy.
        page.line(".nr HY 0\n.nh\n.ad l");
        page
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    pub(super) fn section(&mut self, title: &str) {
        self.line(&format!(".SH \"{title}\""));
        self.fresh = true;
    }

    /// A paragraph, in which backquotes are around what is bold.
    pub(super) fn paragraph(&mut self, text: &str) {
        if !std::mem::take(&mut self.fresh) {
            self.line(".PP");
        }
        let text = escaped(text);
        self.line(&text);
    }

    /// A term and what is said of it.
    pub(super) fn item(&mut self, term: &str, text: &str) {
        self.fresh = false;
        self.line(".TP");
        let (term, text) = (escaped(term), escaped(text));
        self.line(&term);
        self.line(&text);
    }

    /// A line that can be typed.
    pub(super) fn example(&mut self, line: &str) {
        self.line(".PP\n.RS 4\n.EX");
        let line = escaped(line);
        self.line(&line);
        self.line(".EE\n.RE");
    }

    /// How a command is typed.
    pub(super) fn synopsis(&mut self, command: &Command) {
        let man = Man::new(command.clone());
        self.of_clap(|out| man.render_synopsis_section(out));
    }

    /// Arguments and options of a command, if it has any.
    pub(super) fn options(&mut self, command: &Command) {
        if command
            .get_arguments()
            .any(|argument| !argument.is_hide_set())
        {
            self.section("OPTIONS");
            let man = Man::new(command.clone());
            self.of_clap(|out| man.render_options_section(out));
        }
    }

    /// What `clap_mangen` writes, without the heading and the preamble that it puts before.
    fn of_clap(&mut self, write: impl Fn(&mut dyn std::io::Write) -> std::io::Result<()>) {
        let mut written = Vec::new();
        write(&mut written).unwrap();
        let written = String::from_utf8(written).unwrap();
        let body = written.lines().filter(|line| {
            !line.starts_with(".SH") && !line.starts_with(".ie ") && !line.starts_with(".el ")
        });
        let body: Vec<&str> = body.map(str::trim_end).collect();
        let body = body.join("\n").replace("\\*(Aq", "\\(aq");
        // An empty line between two breaks is one gap.
        let text = bold_parts(&body.replace("\n.br\n\n.br\n", "\n.sp\n"));
        self.line(&text);
        self.fresh = false;
    }

    /// The page as roff. Printers make other characters of these unless they are told not to.
    pub(super) fn render(&self) -> String {
        self.text.replace('^', r"\(ha").replace('~', r"\(ti")
    }
}

/// Text for roff, with what stands between backquotes in bold.
fn escaped(text: &str) -> String {
    let text: Vec<&str> = text.split_whitespace().collect();
    let written = Roff::new().text([roman(text.join(" "))]).to_roff();
    // `\-` was written as such.
    bold_parts(written.trim_end()).replace("\\\\\\-", "\\-")
}

/// Bold what stands between backquotes.
fn bold_parts(text: &str) -> String {
    let mut bold = false;
    text.split('`').fold(String::new(), |mut all, part| {
        if bold {
            all.push_str("\\fB");
            all.push_str(part);
            all.push_str("\\fR");
        } else {
            all.push_str(part);
        }
        bold = !bold;
        all
    })
}
