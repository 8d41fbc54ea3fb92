//! What the image and the saved state are made of. A change of any of these
//! files gives a new hash, and with it a new build.

use std::env;

use clap::ValueEnum as _;
use sha2::{Digest as _, Sha256};

/// Release of Debian or Ubuntu in the outer machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Release {
    /// Debian 12 with libvirt 9.
    #[default]
    Bookworm,
    /// Debian 13 with libvirt 11.
    Trixie,
    /// Ubuntu 24.04 with libvirt 10.
    Noble,
}

impl Release {
    /// The one that `VIRTPLUG_LAB_RELEASE` names, else the usual one.
    ///
    /// # Panics
    /// Where it names none that the lab knows.
    #[allow(clippy::panic, reason = "this is how a test fails")]
    pub fn chosen() -> Self {
        match env::var("VIRTPLUG_LAB_RELEASE") {
            Ok(name) => Self::from_str(&name, false).unwrap_or_else(|_| {
                panic!("VIRTPLUG_LAB_RELEASE={name}: bookworm, trixie or noble")
            }),
            Err(_) => Self::default(),
        }
    }

    /// The name of its suite.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::Noble => "noble",
        }
    }

    /// Whether it is one of Debian's.
    pub fn is_debian(self) -> bool {
        self != Self::Noble
    }

    /// Names of the packages of the outer machine.
    pub fn packages(self) -> Vec<&'static str> {
        let packages = entries(PACKAGES);
        if self.is_debian() {
            return packages.collect();
        }
        let own = packages.filter(|name| *name != DEBIAN_KERNEL);
        own.chain(UBUNTU_PACKAGES).collect()
    }

    /// Run after the packages are configured.
    pub fn finish(self) -> String {
        match self {
            Self::Bookworm | Self::Trixie => FINISH.to_owned(),
            Self::Noble => format!("{UBUNTU}{FINISH}"),
        }
    }

    /// Whether the machine `guest` has booted its kernel in the saved state. That takes
    /// minutes, and what it shows does not differ between releases.
    pub fn boots_guest(self) -> bool {
        self == Self::Bookworm
    }

    /// What its image and its state are called in the cache. Neither name begins as
    /// one of another release does, so that each is replaced for itself.
    pub fn folder(self, kind: &str) -> String {
        match self {
            Self::Bookworm => kind.to_owned(),
            Self::Trixie | Self::Noble => format!("{}-{kind}", self.name()),
        }
    }
}

/// Names of the packages on Debian.
const PACKAGES: &str = include_str!("../recipe/packages");
const DEBIAN_KERNEL: &str = "linux-image-amd64";
/// The kernel without firmware and with all drivers, and what unpacks those.
const UBUNTU_PACKAGES: [&str; 2] = ["linux-image-extra-virtual", "zstd"];
/// Paths that are not unpacked.
pub const LEFT_OUT: &str = include_str!("../recipe/left-out");
/// Run before the packages are configured.
pub const EARLY: &str = include_str!("../recipe/early.sh");
const FINISH: &str = include_str!("../recipe/finish.sh");
const UBUNTU: &str = include_str!("../recipe/ubuntu.sh");
/// Names of the packages that virtqemud is compiled with.
pub const VIRTQEMUD_PACKAGES: &str = include_str!("../recipe/virtqemud.packages");
/// Compiles it.
pub const VIRTQEMUD: &str = include_str!("../recipe/virtqemud.sh");
/// First process of the outer machine.
pub const OUTER_INIT: &str = include_str!("../recipe/outer.init");
/// First process of the innermost guest.
pub const GUEST_INIT: &str = include_str!("../recipe/guest.init");
/// Definition of a small machine; `NAME` is replaced.
pub const SMALL_XML: &str = include_str!("../recipe/small.xml");
/// Definition of the machine that boots a kernel.
pub const GUEST_XML: &str = include_str!("../recipe/guest.xml");
/// Run in the outer machine before its state is saved.
pub const SETTLE: &str = include_str!("../recipe/settle.sh");
/// Shows the outer machine to the lab.
pub const WORLD: &str = include_str!("../recipe/world.pl");
/// Keeps it running.
pub const WORLD_UNIT: &str = include_str!("../recipe/world.service");
/// Lets the service record.
pub const RECORD: &str = include_str!("../recipe/record.conf");

/// Lines of a list without comments and blank lines.
pub fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Key of the image.
pub fn image_key(release: Release) -> String {
    key(&[
        release.name(),
        &release.packages().join(","),
        LEFT_OUT,
        EARLY,
        &release.finish(),
        OUTER_INIT,
        GUEST_INIT,
    ])
}

/// Key of libvirt's daemon for QEMU alone.
pub fn virtqemud_key(release: Release) -> String {
    key(&[release.name(), VIRTQEMUD_PACKAGES, VIRTQEMUD])
}

/// Key of the saved state. `hardware` describes everything outside the image
/// that the state depends on: QEMU's version, its arguments, the accelerator;
/// `dist` is the text of the tested program's own files.
pub fn state_key(release: Release, hardware: &str, dist: &str) -> String {
    let image = image_key(release);
    key(&[
        &image, SMALL_XML, GUEST_XML, WORLD, WORLD_UNIT, RECORD, SETTLE, hardware, dist,
    ])
}

fn key(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let bytes = hash.finalize();
    let number = bytes
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_depends_on_where_a_part_ends() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_eq!(key(&["ab", "c"]).len(), 16);
    }

    #[test]
    fn ubuntu_has_a_kernel_of_its_own() {
        let kernels = |release: Release| -> Vec<_> {
            let packages = release.packages().into_iter();
            packages.filter(|name| name.starts_with("linux-")).collect()
        };
        assert_eq!(kernels(Release::Trixie), [DEBIAN_KERNEL]);
        assert_eq!(kernels(Release::Noble), UBUNTU_PACKAGES[..1]);
    }

    #[test]
    fn comments_are_no_entries() {
        assert_eq!(entries("# x\n\n a \nb\n").collect::<Vec<_>>(), ["a", "b"]);
    }
}
