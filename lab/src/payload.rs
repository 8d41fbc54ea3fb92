//! The disk that carries the program under test into the machine. It is not
//! part of the saved state, so a new build of the program needs no new state.

use std::env;
use std::fmt::Write as _;
use std::fs::{File, read_to_string};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

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

    /// A script that installs unit, user and folders of the program.
    pub fn installation(&self) -> Result<String> {
        let mut script = String::from("set -e\n");
        for (file, place) in [
            (
                "virtplug.service",
                "/usr/lib/systemd/system/virtplug.service",
            ),
            ("virtplug.sysusers", "/usr/lib/sysusers.d/virtplug.conf"),
            ("virtplug.tmpfiles", "/usr/lib/tmpfiles.d/virtplug.conf"),
        ] {
            let path = self.dist.join(file);
            let text =
                read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            writeln!(script, "cat > {place} <<'END-OF-FILE'\n{text}END-OF-FILE")?;
        }
        script +=
            "systemd-sysusers\nsystemd-tmpfiles --create virtplug.conf\nsystemctl daemon-reload\n";
        Ok(script)
    }
}

/// Writes the disk: the program at the start, then nothing. Returns the script
/// that installs it.
///
/// Direct reads: the saved state's memory may hold the disk's start as it was
/// when the state was made. They come in whole blocks, so the end is cut off.
pub fn write(path: &Path, program: &Program) -> Result<String> {
    write_empty(path)?;
    if !program.binary.is_file() {
        return Ok("true".to_owned());
    }
    let mut file = File::options().write(true).open(path)?;
    let length = std::io::copy(&mut File::open(&program.binary)?, &mut file)
        .with_context(|| format!("cannot copy {}", program.binary.display()))?;
    ensure!(
        length <= SIZE << 20,
        "the program is too large for the payload disk ({length} bytes)"
    );
    Ok(format!(
        "cd /usr/bin && dd if=/dev/vdb of=virtplug bs=1M count={} iflag=direct status=none \
            && truncate -s {length} virtplug && chmod 755 virtplug",
        length.div_ceil(1 << 20)
    ))
}

/// An empty disk of the same size, present while the state is made.
pub fn write_empty(path: &Path) -> Result<()> {
    File::create(path)?.set_len(SIZE << 20)?;
    Ok(())
}
