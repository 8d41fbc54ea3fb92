//! The manual pages: virtplug(1), one for each command, virtplug-daemon(8) and
//! virtplug-control(7). Synopsis, descriptions and options come from the
//! definition of the command line, methods from the control interface; the rest
//! is `manual/`. `dist/man` has the newest of each.

mod example;
mod page;
pub(crate) mod tests;
mod text;

use clap::{Command, CommandFactory as _};

use super::Cli;
use crate::journal::Kind;
use crate::metrics::Name;
use page::Page;

/// Pages by file name, for the commands and all commands below them.
fn commands() -> Vec<(String, String)> {
    let mut root = Cli::command().term_width(80);
    root.build();
    let mut pages = Vec::new();
    add(&root, "virtplug", &mut pages);
    pages
}

fn add(command: &Command, name: &str, pages: &mut Vec<(String, String)>) {
    let section = section(name);
    pages.push((format!("{name}.{section}"), of_command(command, name)));
    for below in command.get_subcommands() {
        if below.get_name() != "help" && !below.is_hide_set() {
            add(below, &format!("{name}-{}", below.get_name()), pages);
        }
    }
}

/// The daemon is for administrators, all else for everybody.
fn section(name: &str) -> u8 {
    match name {
        "virtplug-daemon" => 8,
        _ => 1,
    }
}

/// `virtplug-attach(1)` of `virtplug-attach`.
fn reference(name: &str) -> String {
    format!("`{name}`({})", section(name))
}

fn of_command(command: &Command, name: &str) -> String {
    let mut page = Page::new(name, section(name));
    page.section("NAME");
    let about = command.get_about().map(ToString::to_string);
    page.paragraph(&format!(
        "{name} \\- {}",
        uncapitalised(&about.unwrap_or_default())
    ));
    page.section("SYNOPSIS");
    page.synopsis(command);
    let long = command.get_long_about().map(ToString::to_string);
    let long = long.unwrap_or_default();
    // The first line says the same as the name above.
    let described: Vec<&str> = long.split("\n\n").skip(1).collect();
    if !described.is_empty() {
        page.section("DESCRIPTION");
        for text in described {
            page.paragraph(text);
        }
    }
    let below: Vec<&Command> = command
        .get_subcommands()
        .filter(|below| below.get_name() != "help" && !below.is_hide_set())
        .collect();
    if !below.is_empty() {
        page.section("COMMANDS");
        for below in below {
            let about = below.get_about().map(ToString::to_string);
            let full = format!("{name}-{}", below.get_name());
            page.item(&reference(&full), &about.unwrap_or_default());
        }
    }
    page.options(command);
    for (title, texts) in text::of(name) {
        page.section(title);
        for text in *texts {
            match text.split_once(": ") {
                Some((word, what)) if word.starts_with('`') && word.ends_with('`') => {
                    page.item(word, what);
                }
                _ => page.paragraph(text),
            }
        }
        if *title == "JOURNAL" {
            page.section("EVENTS");
            events(&mut page);
        }
    }
    if name == "virtplug-metrics" {
        page.section("METRICS");
        metrics(&mut page);
    }
    let examples = example::of(name);
    if !examples.is_empty() {
        page.section("EXAMPLES");
        for (what, line) in examples {
            page.paragraph(what);
            page.example(line);
        }
    }
    page.section("EXIT STATUS");
    for (code, what) in text::EXIT_STATUS {
        page.item(code, what);
    }
    page.section("SEE ALSO");
    page.paragraph(&text::see_also(name));
    page.render()
}

/// The kinds of lines in the journal.
fn events(page: &mut Page) {
    for kind in Kind::ALL {
        let always = kind.fields().iter().map(|field| field.to_uppercase());
        let always: Vec<String> = always.map(|field| format!("`VIRTPLUG_{field}`")).collect();
        let fields = match always.as_slice() {
            [] => String::new(),
            _ => format!(" Always has {}.", always.join(", ")),
        };
        let about = format!("{}{fields} MESSAGE_ID={}", kind.about(), kind.id());
        page.item(&format!("`{}`", kind.name()), &about);
    }
}

/// All metrics.
fn metrics(page: &mut Page) {
    for metric in Name::ALL {
        let labels = match metric.labels() {
            [] => String::new(),
            labels => format!(" Labels: {}.", labels.join(", ")),
        };
        let kind = format!("{:?}", metric.kind()).to_lowercase();
        let about = format!("{}{labels} ({kind})", metric.help());
        page.item(&format!("`{}`", metric.text()), &about);
    }
}

/// Without a capital at the beginning, as `apropos` wants it.
fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// virtplug-control(7), from the description of the interface.
pub(crate) fn control(description: &str) -> String {
    let mut page = Page::new("virtplug-control", 7);
    page.section("NAME");
    page.paragraph("virtplug-control \\- the control interface of virtplug's daemon");
    for (title, texts) in text::CONTROL {
        page.section(title);
        for text in *texts {
            page.paragraph(text);
        }
    }
    for (title, keyword) in [("METHODS", "method"), ("ERRORS", "error")] {
        page.section(title);
        for member in members(description, keyword) {
            page.item(&format!("`{}`", member.signature), &member.comment);
        }
    }
    page.section("EXAMPLES");
    for (what, line) in example::CONTROL {
        page.paragraph(what);
        page.example(line);
    }
    page.section("SEE ALSO");
    page.paragraph(&text::see_also("virtplug-control"));
    page.render()
}

/// One method or error of the interface.
struct Member {
    /// As it is written, without comments and without what it answers.
    signature: String,
    comment: String,
}

/// The members of a kind, in their order.
fn members(description: &str, keyword: &str) -> Vec<Member> {
    let mut found = Vec::new();
    let mut comment = Vec::new();
    for line in description.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim());
            continue;
        }
        let rest = line
            .strip_prefix(keyword)
            .and_then(|rest| rest.strip_prefix(' '));
        if let Some(rest) = rest {
            let end = rest.find(") ->").map_or(rest.len(), |at| at + 1);
            let signature = rest[..end].split(" (#").next().unwrap_or_default();
            found.push(Member {
                signature: signature.trim().to_owned(),
                comment: comment.join(" "),
            });
        }
        comment.clear();
    }
    found
}
