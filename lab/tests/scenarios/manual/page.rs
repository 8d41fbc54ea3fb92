//! The examples of the manual pages, as they are in `dist/man`.

use std::fs;
use std::path::Path;

use lab::{Context as _, Result, ensure};

/// What a page shows to be typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Example {
    /// File name of the page.
    pub(super) page: String,
    pub(super) line: String,
}

/// All examples of all pages, by page. Those of a configuration file are not
/// commands: tests of that crate load them.
pub(super) fn examples() -> Result<Vec<Example>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/man");
    let mut pages = fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    pages.sort();
    let mut all = Vec::new();
    for path in pages {
        let page = path.file_name().context("a file")?.to_string_lossy();
        if page.ends_with(".5") {
            continue;
        }
        let found = of_page(&fs::read_to_string(&path)?);
        ensure!(!found.is_empty(), "{page} has no example");
        all.extend(found.into_iter().map(|line| Example {
            page: page.to_string(),
            line,
        }));
    }
    Ok(all)
}

/// The lines between `.EX` and `.EE` below the heading EXAMPLES.
fn of_page(page: &str) -> Vec<String> {
    let mut section = false;
    let mut example = false;
    let mut found = Vec::new();
    for line in page.lines() {
        match line.strip_prefix('.') {
            Some(request) if request.starts_with("SH ") => section = request.contains("EXAMPLES"),
            Some("EX") => example = section,
            Some("EE") => example = false,
            None if example => found.push(typed(line)),
            _ => {}
        }
    }
    found
}

/// A line of the page as it is typed.
fn typed(line: &str) -> String {
    [
        ("\\-", "-"),
        ("\\(aq", "'"),
        ("\\(dq", "\""),
        ("\\(ti", "~"),
        ("\\(ha", "^"),
        ("\\fB", ""),
        ("\\fR", ""),
    ]
    .iter()
    .fold(line.to_owned(), |line, (roff, plain)| {
        line.replace(roff, plain)
    })
}

#[test]
fn examples_are_read_as_a_reader_would_type_them() {
    let page = ".SH \"OPTIONS\"\n.EX\nnot this\n.EE\n.SH \"EXAMPLES\"\nWhat for:\n.PP\n.RS 4\n.EX\n\
                virtplug switch desk \\-\\-back\n.EE\n.RE\n.PP\nAnother:\n.EX\n\
                virtplug forget \"Zigbee stick\" \\(aqx\\(aq\n.EE\n.SH \"EXIT STATUS\"\n.EX\nnor this\n.EE\n";
    assert_eq!(
        of_page(page),
        [
            "virtplug switch desk --back",
            "virtplug forget \"Zigbee stick\" 'x'"
        ]
    );
}

#[test]
fn no_example_has_what_only_a_printer_understands() -> Result<()> {
    for Example { page, line } in examples()? {
        ensure!(!line.contains('\\'), "{page}: {line}");
    }
    Ok(())
}
