//! Import: the configuration of other tools to TOML.
//!
//! Each importer reads text as data; nothing is ever executed. A rule never
//! gives a machine more than the original did: what cannot be said as exactly
//! is left out, and a [`Remark`] names it and its place.

mod bash;
mod bbvirt;
mod document;
mod gather;
mod glob;
mod go_regex;
mod handler;
mod matcher;
mod rules_file;
mod sticks;
mod whawty;
mod yaml;

use std::fmt;
use std::path::PathBuf;

use virtplug_core::Escaped;

pub use bbvirt::bbvirt;
pub use gather::{Format, ImportFailure, import};
pub use handler::hotplug;
pub use whawty::whawty;

use crate::encoding::{EncodingFaultKind, decode};

/// The most bytes of one file. Configurations of these tools are a few kilobytes.
const MOST_BYTES: usize = 256 << 10;

/// A file to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its path, for remarks, and where the format takes a name from it.
    pub name: PathBuf,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Input {
    /// The text, in UTF-8.
    fn text(&self) -> Result<String, ImportError> {
        if self.bytes.len() > MOST_BYTES {
            let message = format!("the file is larger than {MOST_BYTES} bytes");
            return Err(self.error(None, message));
        }
        let decoded = decode(&self.bytes);
        let Some(fault) = decoded.fault else {
            return Ok(decoded.text);
        };
        let before = decoded.text.get(..fault.span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let message = match fault.kind {
            EncodingFaultKind::Utf16 => "the file is in UTF-16; save it as UTF-8",
            EncodingFaultKind::NotUtf8 => "the text is not UTF-8; save the file as UTF-8",
            EncodingFaultKind::Nul => "there is a NUL byte, so this is no text file",
        };
        Err(self.error(Some(line), message.to_owned()))
    }

    fn error(&self, line: Option<usize>, message: String) -> ImportError {
        ImportError {
            file: self.name.clone(),
            line,
            message,
        }
    }

    fn remark(&self, line: impl Into<Option<usize>>, text: impl Into<String>) -> Remark {
        Remark {
            file: Some(self.name.clone()),
            line: line.into(),
            text: text.into(),
        }
    }

    /// The name without its folders.
    fn base_name(&self) -> String {
        let name = self.name.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// What came out of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The configuration. Each remark stands in it as a comment, too.
    pub toml: String,
    /// How many rules there are, also those that are switched off.
    pub rules: usize,
    /// What could not be carried over, and what to know about what was.
    pub remarks: Vec<Remark>,
}

/// Something to know about an import.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The file that it is about, if it is about one.
    pub file: Option<PathBuf>,
    /// The line, from 1, if it is about one.
    pub line: Option<usize>,
    /// What is to be said, with nothing in it that could steer a terminal.
    pub text: String,
}

impl Remark {
    /// A remark about the import as a whole.
    fn general(text: impl Into<String>) -> Self {
        Self {
            file: None,
            line: None,
            text: text.into(),
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}", Escaped(&file.to_string_lossy()))?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.text)
    }
}

/// Why nothing could be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1, if there is one to name.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Escaped(&self.file.to_string_lossy()))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ImportError {}
