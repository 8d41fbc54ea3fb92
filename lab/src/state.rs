//! The saved state: the outer machine with everything up and running, from
//! which each test starts in a second or two.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::accel::Accel;
use crate::agent::Agent;
use crate::image::Image;
use crate::lookout::Lookout;
use crate::monitor::Monitor;
use crate::outer::WORLD;
use crate::payload::Program;
use crate::qemu::{self, Console, Launch, Qemu, Start};
use crate::recipe::Release;
use crate::wait::{Seen, until_within};
use crate::{cache, payload, progress, recipe};

/// How long a boot may take.
pub const BOOT: Duration = Duration::from_secs(600);

/// A saved state and what belongs to it.
#[derive(Debug, Clone)]
pub struct State {
    /// The image it was made from.
    pub image: Image,
    /// The accelerator it was made under.
    pub accel: Accel,
    /// Holds `disk.raw`, `memory` and `state`.
    pub folder: PathBuf,
}

impl State {
    /// A release's state of today's recipe and of the files that go with this program, made
    /// if it is not there.
    pub fn ready(release: Release, program: &Program) -> Result<Self> {
        let image = Image::ready(release)?;
        let accel = Accel::probe(&image)?;
        let installation = program.installation()?;
        let key = recipe::state_key(release, &qemu::hardware(accel)?, &installation);
        let folder = cache::build(&release.folder("state"), &key, |folder| {
            make(folder, release, &image, accel, &installation)
        })?;
        Ok(Self {
            image,
            accel,
            folder,
        })
    }
}

fn make(
    folder: &Path,
    release: Release,
    image: &Image,
    accel: Accel,
    installation: &str,
) -> Result<()> {
    let status = Command::new("cp")
        .args(["--sparse=always", "--reflink=auto"])
        .args([image.disk(), folder.join("disk.raw")])
        .status()?;
    ensure!(status.success(), "cannot copy the image's disk");
    let sockets = tempfile::Builder::new().prefix("virtplug-lab-").tempdir()?;
    let empty = sockets.path().join("payload");
    payload::write_empty(&empty)?;
    // A build that was interrupted may have left its memory.
    let _ = fs::remove_file(folder.join("memory"));

    let mut qemu = Qemu::launch(&Launch {
        image,
        accel,
        folder,
        start: Start::Boot,
        payload: &empty,
        sockets: sockets.path(),
        logs: folder,
        console: Console::Log,
    })?;
    let monitor = Monitor::connect(&sockets.path().join("monitor"), || qemu.has_ended())
        .with_context(|| format!("see {}", folder.join("qemu.log").display()))?;
    let agent = progress::step("boot the outer machine", || {
        Agent::connect(&sockets.path().join("agent"), BOOT)
    })?;
    progress::step("start the machines in it", || {
        for (name, text) in [
            ("/root/small.xml", recipe::SMALL_XML),
            ("/root/guest.xml", recipe::GUEST_XML),
            (WORLD, recipe::WORLD),
            (
                "/etc/systemd/system/virtplug-lab.service",
                recipe::WORLD_UNIT,
            ),
            (
                "/etc/systemd/system/virtplug.service.d/lab-record.conf",
                recipe::RECORD,
            ),
        ] {
            agent.sh(&format!(
                "mkdir -p \"$(dirname {name})\" && cat > {name} <<'END-OF-FILE'\n{text}END-OF-FILE"
            ))?;
        }
        agent.sh_within(BOOT, installation)?;
        agent.sh_within(BOOT, recipe::SETTLE)
    })?;
    if release.boots_guest() {
        progress::step("boot a kernel in the innermost machine", || {
            boot_guest(&agent)
        })?;
    }
    progress::step("save the state", || {
        // The first looks start its virsh and its journalctl; tests begin after that.
        let lookout = Lookout::connect(&sockets.path().join("world"), BOOT)?;
        lookout.look("machines")?;
        lookout.look("journal 0")?;
        agent.sh("udevadm settle && sync")?;
        monitor.save()?;
        monitor.quit()?;
        qemu.wait()
    })
}

/// Boots the kernel of the machine `guest`, and pauses it then: so it takes no time from
/// the tests that do not need it.
fn boot_guest(agent: &Agent) -> Result<()> {
    agent.sh_within(BOOT, "virsh -q start guest >&2")?;
    until_within(BOOT, "the innermost guest is ready", || {
        // The guest shall have the processor, not our looks at it.
        let log = agent.run("sleep 2; cat /var/log/guest.log")?.out;
        Ok(if log.contains("guest: ready") {
            Seen::Yes(())
        } else {
            Seen::NotYet(log)
        })
    })?;
    agent.sh("virsh -q suspend guest").map(drop)
}
