//! The package sources of the image: those of the host where it is Debian 12 or 13
//! itself (a site's mirror is then used here too, for either release), else Debian's own.
//! Ubuntu's are its own.
//!
//! `VIRTPLUG_LAB_SOURCES` names a file with one-line entries to use instead.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use clap::ValueEnum as _;

use crate::recipe::Release;

const DEFAULT: &str = "\
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
";

/// Signed with a key of Ubuntu's, which is not in each Debian.
const UBUNTU: &str = "\
deb http://archive.ubuntu.com/ubuntu noble main universe
deb http://archive.ubuntu.com/ubuntu noble-updates main universe
";

/// Ends of the names of suites that belong to a release.
const PARTS: [&str; 4] = ["", "-updates", "-security", "/updates"];

/// Entries for a release in apt's one-line format.
pub fn sources(release: Release) -> Result<String> {
    if let Some(path) = env::var_os("VIRTPLUG_LAB_SOURCES") {
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", Path::new(&path).display()))?;
        return Ok(renamed(&text, release));
    }
    if release == Release::Noble {
        return Ok(UBUNTU.to_owned());
    }
    let mut entries = Vec::new();
    for path in files() {
        // An unreadable file of the host is none of our business: the default remains.
        let text = fs::read_to_string(&path).unwrap_or_default();
        if path
            .extension()
            .is_some_and(|extension| extension == "sources")
        {
            entries.extend(stanzas(&text, release));
        } else {
            entries.extend(lines(&text, release));
        }
    }
    let base = format!(" {} main", release.name());
    if entries.iter().any(|entry| entry.ends_with(&base)) {
        Ok(entries.join("\n") + "\n")
    } else {
        Ok(renamed(DEFAULT, release))
    }
}

/// The entries of the source packages that belong to entries of packages.
pub fn of_source(entries: &str) -> String {
    let mut sources = String::new();
    for entry in entries.lines() {
        if let Some(rest) = entry.trim_start().strip_prefix("deb ") {
            sources += "deb-src ";
            sources += rest;
            sources.push('\n');
        }
    }
    sources
}

/// The suite of a release of Debian that is to it what the given one is to its own; `None`
/// if that is none of Debian's releases that we know.
fn suite_of(release: Release, suite: &str) -> Option<String> {
    let part = Release::value_variants()
        .iter()
        .filter(|known| known.is_debian() && release.is_debian())
        .find_map(|known| suite.strip_prefix(known.name()))?;
    PARTS
        .contains(&part)
        .then(|| format!("{}{part}", release.name()))
}

/// A text with the suites of a release in the place of another one's.
fn renamed(text: &str, release: Release) -> String {
    let mut entries = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let suite = word.trim_end();
        match suite_of(release, suite) {
            Some(suite_here) => entries += &word.replacen(suite, &suite_here, 1),
            None => entries += word,
        }
    }
    entries
}

fn files() -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(folder) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(
            folder
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| {
                    path.extension()
                        .is_some_and(|extension| extension == "list" || extension == "sources")
                }),
        );
    }
    files.sort();
    files
}

/// The suite to take in the place of one of the host's, if that is Debian's. Other
/// vendors use Debian's suite names too, but sign with a key of their own.
fn wanted(
    release: Release,
    suite: &str,
    components: &str,
    signed_by: Option<&str>,
) -> Option<String> {
    let debian = components
        .split_whitespace()
        .any(|component| component == "main")
        && signed_by.is_none_or(|key| key.contains("debian-archive"));
    suite_of(release, suite).filter(|_| debian)
}

fn lines(text: &str, release: Release) -> Vec<String> {
    let mut entries = Vec::new();
    for line in text.lines().map(str::trim) {
        let Some(rest) = line.strip_prefix("deb ") else {
            continue;
        };
        let rest = rest.trim_start();
        let (options, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((options, rest)) => (Some(options.trim()), rest.trim_start()),
            None => (None, rest),
        };
        let mut words = rest.splitn(3, char::is_whitespace);
        let (Some(uri), Some(suite), Some(components)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let signed_by = options.and_then(|options| {
            options
                .split_whitespace()
                .find_map(|option| option.strip_prefix("signed-by="))
        });
        if let Some(suite) = wanted(release, suite, components, signed_by) {
            let options = options
                .map(|options| format!("[{options}] "))
                .unwrap_or_default();
            entries.push(format!("deb {options}{uri} {suite} main"));
        }
    }
    entries
}

fn stanzas(text: &str, release: Release) -> Vec<String> {
    let mut entries = Vec::new();
    for stanza in text.split("\n\n") {
        let field = |name: &str| {
            stanza.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        let binary = field("Types").is_some_and(|types| types.split(' ').any(|kind| kind == "deb"));
        let enabled = field("Enabled").is_none_or(|enabled| enabled != "no");
        let (Some(uris), Some(suites), Some(components)) =
            (field("URIs"), field("Suites"), field("Components"))
        else {
            continue;
        };
        let signed_by = field("Signed-By");
        let mut options = Vec::new();
        // A key given inline (an empty first line) cannot be written on one line.
        if let Some(key) = signed_by.filter(|key| key.starts_with('/')) {
            options.push(format!("signed-by={key}"));
        }
        if field("Trusted") == Some("yes") {
            options.push("trusted=yes".to_owned());
        }
        let options = if options.is_empty() {
            String::new()
        } else {
            format!("[{}] ", options.join(" "))
        };
        for uri in uris.split_whitespace() {
            for suite in suites.split_whitespace() {
                let suite = wanted(release, suite, components, signed_by);
                if let Some(suite) = suite.filter(|_| binary && enabled) {
                    entries.push(format!("deb {options}{uri} {suite} main"));
                }
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_debian_and_leaves_others() {
        let text = "# comment\n\
            deb [arch=amd64] http://mirror.example/debian bookworm main contrib\n\
            deb [signed-by=/usr/share/keyrings/other.gpg] https://other.example bookworm main\n\
            deb https://vendor.example/linux/debian bookworm stable\n";
        assert_eq!(
            lines(text, Release::Bookworm),
            ["deb [arch=amd64] http://mirror.example/debian bookworm main"]
        );
    }

    #[test]
    fn reads_stanzas() {
        let text = "Types: deb\n# mirror\nURIs: http://mirror.example/debian\n\
            Suites: bookworm bookworm-updates\nComponents: main\n\
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n\
            Types: deb\nURIs: https://other.example\nSuites: nodistro\nComponents: main\n";
        let key = "/usr/share/keyrings/debian-archive-keyring.gpg";
        assert_eq!(
            stanzas(text, Release::Bookworm),
            [
                format!("deb [signed-by={key}] http://mirror.example/debian bookworm main"),
                format!("deb [signed-by={key}] http://mirror.example/debian bookworm-updates main"),
            ]
        );
    }

    #[test]
    fn sources_come_from_the_same_places() {
        let text = "deb [trusted=yes] http://mirror.example/debian sid main\n\
            # deb http://old.example sid main\n deb http://mirror.example/more sid main\n";
        assert_eq!(
            of_source(text),
            "deb-src [trusted=yes] http://mirror.example/debian sid main\n\
            deb-src http://mirror.example/more sid main\n"
        );
    }

    #[test]
    fn another_release_comes_from_the_same_places() {
        let text = "deb http://mirror.example/debian bookworm main\n\
            deb http://mirror.example/debian-security bookworm-security main\n\
            deb http://mirror.example/bookworm sid main\n";
        let renamed = renamed(text, Release::Trixie);
        let entries: Vec<_> = renamed.lines().collect();
        assert_eq!(
            entries,
            [
                "deb http://mirror.example/debian trixie main",
                "deb http://mirror.example/debian-security trixie-security main",
                "deb http://mirror.example/bookworm sid main",
            ]
        );
        assert_eq!(lines(text, Release::Trixie), entries[..2]);
        assert_eq!(super::renamed(text, Release::Noble), text);
        assert!(lines(text, Release::Noble).is_empty());
    }
}
