//! Which accelerator really works here.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::image::{Image, program};
use crate::{cache, progress};

/// How long a kernel may take to boot under KVM. Where KVM works it takes two seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// An accelerator of QEMU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accel {
    /// Hardware virtualization.
    Kvm,
    /// Emulation.
    Tcg,
}

impl Accel {
    /// KVM only where a kernel was seen booting under it: a /dev/kvm that opens
    /// proves nothing. The answer is kept until the host boots again.
    pub fn probe(image: &Image) -> Result<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let note = cache::folder()?.join("accelerator");
        let known = fs::read_to_string(&note).unwrap_or_default();
        match known.strip_prefix(boot.trim()).map(str::trim) {
            Some("kvm") => return Ok(Self::Kvm),
            Some("tcg") => return Ok(Self::Tcg),
            _ => {}
        }
        let usable = fs::File::options()
            .read(true)
            .write(true)
            .open("/dev/kvm")
            .is_ok();
        let works =
            usable && progress::step("see whether KVM boots a kernel here", || boots(image))?;
        let accel = if works { Self::Kvm } else { Self::Tcg };
        eprintln!("  the lab runs under {}", accel.name());
        fs::write(&note, format!("{} {}", boot.trim(), accel.name()))?;
        Ok(accel)
    }

    /// QEMU's name of the accelerator.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }

    /// QEMU's arguments.
    pub fn arguments(self) -> [&'static str; 4] {
        match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "max"],
            Self::Tcg => ["-accel", "tcg,thread=multi", "-cpu", "max"],
        }
    }
}

fn boots(image: &Image) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let console = folder.path().join("console");
    let mut child = Command::new(program("qemu-system-x86_64", "qemu-system-x86")?)
        .args([
            "-nodefaults",
            "-display",
            "none",
            "-no-reboot",
            "-m",
            "256",
            "-smp",
            "2",
        ])
        .args(Accel::Kvm.arguments())
        .arg("-kernel")
        .arg(image.kernel())
        .arg("-initrd")
        .arg(image.initrd())
        .args(["-append", "console=ttyS0 lab.probe", "-serial"])
        .arg(format!("file:{}", console.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start qemu-system-x86_64")?;
    let begin = Instant::now();
    let mut works = false;
    while !works && begin.elapsed() < PATIENCE && child.try_wait()?.is_none() {
        sleep(Duration::from_millis(100));
        works = String::from_utf8_lossy(&fs::read(&console).unwrap_or_default())
            .contains("lab: the kernel runs");
    }
    // It may have ended by itself.
    let _ = child.kill();
    child.wait()?;
    Ok(works)
}
