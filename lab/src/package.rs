//! virtplug as its Debian package installs it.

use anyhow::{Context as _, Result};

use crate::outer::Outer;
use crate::payload::PACKAGE;

/// What the saved state and the payload brought of virtplug.
const BROUGHT: &str = "/usr/bin/virtplug /usr/lib/systemd/system/virtplug.service \
    /usr/lib/sysusers.d/virtplug.conf /usr/lib/tmpfiles.d/virtplug.conf /run/virtplug";

impl Outer {
    /// Makes it a host that never had virtplug.
    pub fn forget_program(&self) -> Result<()> {
        self.sh(&format!(
            "rm -r {BROUGHT} && userdel virtplug && systemctl daemon-reload"
        ))
        .map(drop)
    }

    /// The same, and puts the package to [`PACKAGE`].
    pub fn bring_package(&self) -> Result<()> {
        let unpack = self.unpacking.package.as_ref().context(
            "no package to test in target/package: run scripts/package.sh, or set VIRTPLUG_DEB",
        )?;
        self.forget_program()?;
        self.sh(unpack).map(drop)
    }

    /// Installs the package, or upgrades to it, as `apt install FILE` does in the end; where
    /// a question comes up about a changed configuration, the usual answer is given.
    pub fn install_package(&self, file: &str) -> Result<()> {
        // The lab's image leaves out documents; this package's are wanted.
        self.sh(&format!(
            "DEBIAN_FRONTEND=noninteractive dpkg --path-include='/usr/share/*' \
                --force-confdef --install {file} 2>&1"
        ))
        .map(drop)
    }

    /// Makes another version of the package: a higher number, another default
    /// configuration. Returns its file.
    pub fn newer_package(&self) -> Result<String> {
        let file = "/root/virtplug-newer.deb";
        self.sh(&format!(
            "cd /root && dpkg-deb --raw-extract {PACKAGE} newer
            sed -i 's/^Version: .*/Version: 99.0-1/' newer/DEBIAN/control
            echo '# The newer default.' >> newer/etc/virtplug/virtplug.toml
            dpkg-deb --root-owner-group -Znone --build newer {file}"
        ))?;
        Ok(file.to_owned())
    }
}
