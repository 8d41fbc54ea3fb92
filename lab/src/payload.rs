//! The disk that carries the program under test into the machine, and its package
//! for Debian. It is not part of the saved state, so a new build of the program
//! needs no new state.

use std::env;
use std::fmt::Write as _;
use std::fs::{File, read_dir, read_to_string};
use std::io::{Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// Size of the disk in MiB. Part of the saved state's key: the kernel
/// in it knows the size.
pub const SIZE: u64 = 64;

/// Files begin at a multiple of this.
const BLOCK: u64 = 1 << 20;

/// Another file that a disk carries into the machine.
#[derive(Debug, Clone)]
pub struct Extra {
    /// Where it is here.
    pub file: PathBuf,
    /// Where it goes, with its folder, which is there.
    pub place: &'static str,
    /// Who may do what with it there, such as `755`.
    pub mode: &'static str,
}

/// Where the program and its files are found.
#[derive(Debug, Clone)]
pub struct Program {
    binary: PathBuf,
    dist: PathBuf,
    package: Option<PathBuf>,
}

impl Program {
    /// `$VIRTPLUG_BIN`, `$VIRTPLUG_DIST` and `$VIRTPLUG_DEB`, else the release build and the
    /// `dist` folder of this workspace, and what `scripts/package.sh` made.
    pub fn find() -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
        let binary = env::var_os("VIRTPLUG_BIN")
            .map_or_else(|| target.join("release/virtplug"), PathBuf::from);
        let dist =
            env::var_os("VIRTPLUG_DIST").map_or_else(|| workspace.join("dist"), PathBuf::from);
        let made = || package(&workspace.join("target/package"), "deb");
        let package = env::var_os("VIRTPLUG_DEB").map_or_else(made, |path| Some(path.into()));
        Self {
            binary,
            dist,
            package,
        }
    }

    /// The package for Fedora and its like that `scripts/package.sh` made, for the payload disk.
    pub fn rpm() -> Result<Extra> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/package");
        let file = package(&folder, "rpm").with_context(|| {
            let folder = folder.display();
            format!("no rpm to test in {folder}: run scripts/package.sh")
        })?;
        Ok(Extra {
            file,
            place: RPM,
            mode: "644",
        })
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

/// The package of a kind in a folder.
fn package(folder: &Path, kind: &str) -> Option<PathBuf> {
    let entries = read_dir(folder).ok()?.filter_map(Result::ok);
    let mut paths = entries.map(|entry| entry.path());
    paths.find(|path| path.extension().is_some_and(|extension| extension == kind))
}

/// Shell scripts that take what is on the disk from there.
#[derive(Debug)]
pub struct Unpacking {
    /// Puts the program where its unit expects it, and the other files to their places.
    pub files: String,
    /// Puts the package to [`PACKAGE`]; `None` if there is none.
    pub package: Option<String>,
}

/// Where the package is put.
pub const PACKAGE: &str = "/root/virtplug.deb";

/// Where [`Program::rpm`] is put.
pub const RPM: &str = "/root/virtplug.rpm";

/// Writes the disk: the program at the start, then the other files, its package, and nothing.
pub fn write(path: &Path, program: &Program, extras: &[Extra]) -> Result<Unpacking> {
    write_empty(path)?;
    let mut disk = File::options().write(true).open(path)?;
    let mut unpacking = Unpacking {
        files: "true".to_owned(),
        package: None,
    };
    if program.binary.is_file() {
        let place = "/usr/bin/virtplug";
        let unpack = append(&mut disk, &program.binary, place)?;
        write!(unpacking.files, " && {unpack} && chmod 755 {place}")?;
    }
    for Extra { file, place, mode } in extras {
        let unpack = append(&mut disk, file, place)?;
        write!(unpacking.files, " && {unpack} && chmod {mode} {place}")?;
    }
    if let Some(package) = &program.package {
        unpacking.package = Some(append(&mut disk, package, PACKAGE)?);
    }
    Ok(unpacking)
}

/// Writes a file to where the disk is at, and returns a script that puts it to `place`.
///
/// Direct reads: the saved state's memory may hold the disk's start as it was
/// when the state was made. They come in whole blocks, so the end is cut off.
fn append(disk: &mut File, from: &Path, place: &str) -> Result<String> {
    let start = disk.stream_position()?.div_ceil(BLOCK);
    disk.seek(SeekFrom::Start(start * BLOCK))?;
    let length = File::open(from)
        .and_then(|mut file| std::io::copy(&mut file, disk))
        .with_context(|| format!("cannot copy {}", from.display()))?;
    ensure!(
        start * BLOCK + length <= SIZE << 20,
        "{} is too large for the payload disk ({length} bytes)",
        from.display()
    );
    Ok(format!(
        "dd if=/dev/vdb of={place} bs={BLOCK} skip={start} count={} iflag=direct status=none \
            && truncate -s {length} {place}",
        length.div_ceil(BLOCK)
    ))
}

/// An empty disk of the same size, present while the state is made.
pub fn write_empty(path: &Path) -> Result<()> {
    File::create(path)?.set_len(SIZE << 20)?;
    Ok(())
}
