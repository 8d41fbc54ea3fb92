//! libvirt's daemon for QEMU alone, in place of the one for all drivers, as Fedora and
//! others have it. It is compiled once for each release (`recipe/virtqemud.sh` says why).

use std::path::Path;

use anyhow::Result;

use crate::outer::Outer;
use crate::payload::Extra;
use crate::recipe::{self, Release};
use crate::strap::Strap;
use crate::{cache, image, progress};

/// The program with its units, as a `tar` of the root.
const ARCHIVE: &str = "virtqemud.tar";
const PLACE: &str = "/root/virtqemud.tar";

/// The daemon of a release, compiled if it is not there, for the payload disk.
pub fn ready(release: Release) -> Result<Extra> {
    let key = recipe::virtqemud_key(release);
    let folder = cache::build(&release.folder("virtqemud"), &key, |folder| {
        progress::step("compile virtqemud", || compile(folder, release))
    })?;
    Ok(Extra {
        file: folder.join(ARCHIVE),
        place: PLACE,
        mode: "644",
    })
}

fn compile(folder: &Path, release: Release) -> Result<()> {
    let work = tempfile::Builder::new()
        .prefix("virtplug-lab-")
        .tempdir_in(folder)?;
    let packages: Vec<_> = recipe::entries(recipe::VIRTQEMUD_PACKAGES).collect();
    let strap = Strap {
        release,
        packages: &packages,
        with_sources: true,
        options: &[
            format!("--customize-hook={}", recipe::VIRTQEMUD),
            // It runs in the folder itself, so that no path needs quotes.
            format!("--customize-hook=copy-out /{ARCHIVE} ."),
            "--format=null".to_owned(),
        ],
    };
    let mut command = strap.command(Path::new("-"), work.path())?;
    image::run(command.current_dir(folder), folder)
}

impl Outer {
    /// Installs and starts the daemon, brought as [`ready`] says, where libvirtd neither runs
    /// nor can be started. Machines that run are taken over.
    pub fn start_virtqemud(&self) -> Result<()> {
        self.sh(&format!(
            "set -e
            tar -C / -xf {PLACE}
            echo 'uri_default = \"qemu:///system\"' > /etc/libvirt/libvirt.conf
            systemctl daemon-reload
            systemctl -q enable --now virtqemud.socket virtqemud-ro.socket virtqemud-admin.socket
            systemctl -q enable virtqemud.service
            test ! -e /run/libvirt/libvirt-sock"
        ))
        .map(drop)
    }
}
