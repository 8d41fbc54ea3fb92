//! The disk that carries the program under test into the machine. It is not
//! part of the saved state, so a new build of the program needs no new state.

use std::env;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use tar::{Builder, Header};

use crate::recipe;

/// Size of the disk in MiB. Part of the saved state's key: the kernel
/// in it knows the size.
pub const SIZE: u64 = 64;

/// Where the program and its files are found.
#[derive(Debug, Clone)]
pub struct Program {
    binary: PathBuf,
    dist: PathBuf,
}

impl Program {
    /// `$VIRTPLUG_BIN` and `$VIRTPLUG_DIST`, else the release build and the `dist`
    /// folder of this workspace.
    pub fn find() -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
        let binary = env::var_os("VIRTPLUG_BIN")
            .map_or_else(|| target.join("release/virtplug"), PathBuf::from);
        let dist =
            env::var_os("VIRTPLUG_DIST").map_or_else(|| workspace.join("dist"), PathBuf::from);
        Self { binary, dist }
    }

    /// Fails with advice when the program is not built.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.binary.is_file(),
            "no program to test at {}: run `cargo build --release -p virtplug`, or set VIRTPLUG_BIN",
            self.binary.display()
        );
        Ok(())
    }
}

/// Writes the disk: an archive at the start, then nothing.
pub fn write(path: &Path, program: Option<&Program>) -> Result<()> {
    let file = File::create(path)?;
    let mut archive = Builder::new(&file);
    add(
        &mut archive,
        "usr/lib/virtplug-lab/world",
        0o755,
        recipe::WORLD.as_bytes(),
    )?;
    if let Some(program) = program.filter(|program| program.binary.is_file()) {
        add_file(&mut archive, "usr/bin/virtplug", 0o755, &program.binary)?;
        for (file, place) in [
            (
                "virtplug.service",
                "usr/lib/systemd/system/virtplug.service",
            ),
            ("virtplug.sysusers", "usr/lib/sysusers.d/virtplug.conf"),
            ("virtplug.tmpfiles", "usr/lib/tmpfiles.d/virtplug.conf"),
        ] {
            add_file(&mut archive, place, 0o644, &program.dist.join(file))?;
        }
    }
    archive.into_inner()?.flush()?;
    let length = file.metadata()?.len();
    ensure!(
        length <= SIZE << 20,
        "the program is too large for the payload disk ({length} bytes)"
    );
    file.set_len(SIZE << 20)?;
    Ok(())
}

/// Unpacks the disk. Direct reads: the saved state's memory may hold its start
/// as it was when the state was made.
pub const UNPACK: &str = "dd if=/dev/vdb bs=1M iflag=direct status=none | tar -x -C /";

/// An empty disk of the same size, present while the state is made.
pub fn write_empty(path: &Path) -> Result<()> {
    File::create(path)?.set_len(SIZE << 20)?;
    Ok(())
}

fn add_file(archive: &mut Builder<&File>, name: &str, mode: u32, path: &Path) -> Result<()> {
    let data = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    add(archive, name, mode, &data)
}

fn add(archive: &mut Builder<&File>, name: &str, mode: u32, data: &[u8]) -> Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(data.len() as u64);
    header.set_mode(mode);
    archive.append_data(&mut header, name, data)?;
    Ok(())
}
