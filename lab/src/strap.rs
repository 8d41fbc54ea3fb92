//! mmdebstrap: a root of a release with some packages, and what is done in it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::recipe::{self, Release};
use crate::{image, mirror};

/// What a root is made of.
#[derive(Debug, Clone, Copy)]
pub struct Strap<'a> {
    /// The release of its packages.
    pub release: Release,
    /// Names of packages, beside the essential ones.
    pub packages: &'a [&'a str],
    /// Whether source packages can be had as well.
    pub with_sources: bool,
    /// More options of mmdebstrap. Hooks among them run in order, and are given as text:
    /// without root they run as a user who may not read our files.
    pub options: &'a [String],
}

impl Strap<'_> {
    /// A command that makes the root in `target`, which is a folder or an archive.
    /// `work` is for files that it needs while it runs.
    pub fn command(&self, target: &Path, work: &Path) -> Result<Command> {
        let mut entries = mirror::sources(self.release)?;
        if self.with_sources {
            entries += &mirror::of_source(&entries);
        }
        let list = work.join("sources.list");
        fs::write(&list, entries)?;
        let mut command = Command::new(image::program("mmdebstrap", "mmdebstrap")?);
        command.args([
            "--variant=minbase",
            "--aptopt=APT::Install-Recommends \"false\"",
            "--aptopt=Acquire::Languages \"none\"",
        ]);
        for path in recipe::entries(recipe::LEFT_OUT) {
            command.arg(format!("--dpkgopt=path-exclude={path}"));
        }
        command.arg(format!("--include={}", self.packages.join(",")));
        command.args(self.options);
        command.arg(self.release.name()).arg(target).arg(&list);
        Ok(command)
    }
}
