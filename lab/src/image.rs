//! Builds the disk of the outer machine, without mounting anything.

use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::recipe::Release;
use crate::strap::Strap;
use crate::{cache, progress, recipe};

/// Size of the disk; only what is written takes space.
const SIZE: u64 = 4 << 30;
/// No journal: a disk that is thrown away after each test needs no repair.
const MKFS_OPTIONS: [&str; 5] = ["-q", "-F", "-O", "^has_journal", "-d"];

/// A built image.
#[derive(Debug, Clone)]
pub struct Image {
    folder: PathBuf,
}

impl Image {
    /// A release's image of today's recipe, built if it is not there.
    pub fn ready(release: Release) -> Result<Self> {
        let key = recipe::image_key(release);
        let folder = cache::build(&release.folder("image"), &key, |folder| {
            build(folder, release)
        })?;
        Ok(Self { folder })
    }

    /// Root disk, raw.
    pub fn disk(&self) -> PathBuf {
        self.folder.join("disk.raw")
    }

    /// The kernel of the release.
    pub fn kernel(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    /// The initrd that mounts the disk.
    pub fn initrd(&self) -> PathBuf {
        self.folder.join("outer.cpio")
    }
}

/// The path of a program, or advice where to get it.
pub fn program(name: &str, package: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
    // A user's PATH often lacks the folders with mkfs.
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| {
            format!("the lab needs {name}: install the package {package} (scripts/test.sh does)")
        })
}

fn build(folder: &Path, release: Release) -> Result<()> {
    let mkfs = program("mkfs.ext4", "e2fsprogs")?;
    let root = rustix::process::geteuid().is_root();
    let work = tempfile::Builder::new()
        .prefix("virtplug-lab-")
        .tempdir_in(folder)?;
    // The root's own folders must be reachable for the users in it.
    fs::set_permissions(work.path(), fs::Permissions::from_mode(0o755))?;
    let tree = work.path().join("root");
    let archive = work.path().join("root.tar");
    let disk = folder.join("disk.raw");
    File::create(&disk)?.set_len(SIZE)?;

    progress::step("build the root of the outer machine (mmdebstrap)", || {
        let target = if root { &tree } else { &archive };
        let strap = Strap {
            release,
            packages: &release.packages(),
            with_sources: false,
            options: &hooks(release)?,
        };
        run(&mut strap.command(target, work.path())?, folder)
    })?;
    progress::step("write its disk (mkfs.ext4)", || {
        if root {
            let mut command = Command::new(&mkfs);
            command.args(MKFS_OPTIONS).arg(&tree).arg(&disk);
            run(&mut command, folder)
        } else {
            // Owners and device nodes of the archive exist only in fakeroot's books,
            // so unpacking and writing must share one session.
            let fakeroot = program("fakeroot", "fakeroot")?;
            let script = format!(
                "mkdir \"$1\" && tar -xf \"$2\" -C \"$1\" && \"$3\" {} \"$1\" \"$4\"",
                MKFS_OPTIONS.join(" ")
            );
            let mut command = Command::new(fakeroot);
            command
                .args(["sh", "-c", &script, "sh"])
                .args([&tree, &archive, &mkfs, &disk]);
            run(&mut command, folder)
        }
    })?;
    for name in ["vmlinuz", "outer.cpio"] {
        fs::copy(tree.join("boot/lab").join(name), folder.join(name))
            .with_context(|| format!("the recipe made no {name}"))?;
    }
    Ok(())
}

/// What is done in the root while it is made, as options of mmdebstrap.
fn hooks(release: Release) -> Result<[String; 2]> {
    let mut finish = String::from("mkdir -p \"$1/boot/lab\"\n");
    for (name, text) in [
        ("outer.init", recipe::OUTER_INIT),
        ("guest.init", recipe::GUEST_INIT),
    ] {
        writeln!(
            finish,
            "cat > \"$1/boot/lab/{name}\" <<'END-OF-FILE'\n{text}END-OF-FILE"
        )?;
    }
    finish += &release.finish();
    Ok([
        format!("--essential-hook={}", recipe::EARLY),
        format!("--customize-hook={finish}"),
    ])
}

/// Runs a program; its output goes to a log, of which the end is shown when it fails.
pub fn run(command: &mut Command, folder: &Path) -> Result<()> {
    let path = folder.join("build.log");
    let log = File::options().create(true).append(true).open(&path)?;
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdout(log.try_clone()?)
        .stderr(log)
        .status()
        .with_context(|| format!("cannot run {name}"))?;
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    let end = lines
        .get(lines.len().saturating_sub(20)..)
        .unwrap_or_default()
        .join("\n");
    bail!(
        "{name} failed ({status}); the end of {}:\n{end}",
        path.display()
    )
}
