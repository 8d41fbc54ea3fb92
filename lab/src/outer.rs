//! The outer machine: it plays the host on which virtplug runs.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::agent::{Agent, Output};
use crate::cache;
use crate::daemon::Daemon;
use crate::journal::Entry;
use crate::lookout::Lookout;
use crate::machine::Machine;
use crate::monitor::Monitor;
use crate::payload::{self, Extra, Program, Unpacking};
use crate::qemu::{Console, Launch, Qemu, Start};
use crate::recipe::Release;
use crate::state::{BOOT, State};
use crate::wait::{Seen, until_within};
use crate::world::World;

/// Where `recipe/world.pl` is in the outer machine.
pub(crate) const WORLD: &str = "/usr/lib/virtplug-lab/world";

/// What `timeout` ends with when it had to.
const TIMED_OUT: i64 = 124;

/// A running outer machine. It is gone when the value is dropped.
#[derive(Debug)]
pub struct Outer {
    pub(crate) monitor: Monitor,
    pub(crate) lookout: Lookout,
    pub(crate) unpacking: Unpacking,
    logs: PathBuf,
    devices: Cell<u32>,
    pub(crate) entries: RefCell<Vec<Entry>>,
    // Dropped last, in this order.
    qemu: Qemu,
    pub(crate) sockets: TempDir,
}

impl Outer {
    /// Starts from the saved state (made first, if it is not there). `name`
    /// names the folder for the logs.
    pub fn ready(release: Release, name: &str) -> Result<Self> {
        Self::start(release, name, Console::Log, &[])
    }

    /// Like [`Outer::ready`], with other files beside the program.
    pub fn ready_with(release: Release, name: &str, extras: &[Extra]) -> Result<Self> {
        Self::start(release, name, Console::Log, extras)
    }

    /// Like [`Outer::ready`], with the serial console on this terminal.
    pub fn on_terminal(release: Release, name: &str) -> Result<Self> {
        Self::start(release, name, Console::Terminal, &[])
    }

    fn start(release: Release, name: &str, console: Console, extras: &[Extra]) -> Result<Self> {
        let program = Program::find();
        let state = State::ready(release, &program)?;
        let logs = cache::log_folder(name)?;
        let sockets = tempfile::Builder::new().prefix("virtplug-lab-").tempdir()?;
        let disk = sockets.path().join("payload");
        let unpacking = payload::write(&disk, &program, extras)?;
        let mut qemu = Qemu::launch(&Launch {
            image: &state.image,
            accel: state.accel,
            folder: &state.folder,
            start: Start::Restore,
            payload: &disk,
            sockets: sockets.path(),
            logs: &logs,
            console,
        })?;
        let monitor = Monitor::connect(&sockets.path().join("monitor"), || qemu.has_ended())
            .with_context(|| format!("see {}", logs.join("qemu.log").display()))?;
        monitor.restore()?;
        let lookout = Lookout::connect(&sockets.path().join("world"), Duration::from_secs(60))?;
        let outer = Self {
            monitor,
            lookout,
            unpacking,
            logs,
            devices: Cell::new(0),
            entries: RefCell::default(),
            qemu,
            sockets,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let unpack = &outer.unpacking.files;
        outer.sh(&format!("date -s @{now} > /dev/null && {unpack}"))?;
        Ok(outer)
    }

    /// Runs a shell script as root; fails when the script does.
    pub fn sh(&self, script: &str) -> Result<String> {
        self.run(script)?.checked(script)
    }

    /// Runs a shell script as root, whatever its exit code.
    pub fn run(&self, script: &str) -> Result<Output> {
        self.lookout.run(script)
    }

    /// Runs a shell script as root that waits for something, and meanwhile does what
    /// it waits for: nothing looks then, and nothing starts.
    pub fn run_while(
        &self,
        script: &str,
        meanwhile: impl FnOnce() -> Result<()>,
    ) -> Result<Output> {
        self.lookout.run_while(script, meanwhile)
    }

    /// Writes a file inside.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.sh(&format!(
            "mkdir -p \"$(dirname {path})\" && cat > {path} <<'END-OF-FILE'\n{text}{end}END-OF-FILE"
        ))?;
        Ok(())
    }

    /// A machine of libvirt.
    pub fn machine<'a>(&'a self, name: &'a str) -> Machine<'a> {
        Machine::new(self, name)
    }

    /// The service under test.
    pub fn daemon(&self) -> Daemon<'_> {
        Daemon::new(self)
    }

    /// Everything there is to see: USB devices and machines.
    pub fn world(&self) -> Result<World> {
        World::parse(&self.lookout.look("machines")?)
    }

    /// Presses the reset button and waits until the machine is up again. What
    /// is plugged stays plugged, so it is there from power-on.
    pub fn boot_again(&self) -> Result<()> {
        // They are in memory.
        self.judge_traces()?;
        self.sh("sync")?;
        self.monitor.reset()?;
        self.booted()
    }

    /// Has the machine shut down and switch itself off, and switches it on again.
    pub fn power_cycle(&self) -> Result<()> {
        self.monitor.stay_when_off()?;
        self.sh("systemctl poweroff --no-block")?;
        until_within(BOOT, "the outer machine switches itself off", || {
            Ok(if self.monitor.is_off()? {
                Seen::Yes(())
            } else {
                Seen::NotYet("it is on".to_owned())
            })
        })?;
        self.monitor.reset()?;
        self.monitor.run()?;
        self.booted()
    }

    /// Waits until it is up again.
    fn booted(&self) -> Result<()> {
        self.lookout.reconnect(BOOT)?;
        self.entries.borrow_mut().clear();
        until_within(BOOT, "the boot ends", || {
            // Units may fail in a scenario: only the end of the boot counts.
            let waited = self.run("timeout 60 systemctl is-system-running --wait")?;
            Ok(if waited.code == TIMED_OUT {
                Seen::NotYet(waited.out)
            } else {
                Seen::Yes(())
            })
        })
    }

    /// Another way to run commands, for when the usual one may be stuck.
    pub(crate) fn agent(&self) -> Result<Agent> {
        Agent::connect(&self.sockets.path().join("agent"), Duration::from_secs(60))
    }

    /// Folder with the logs.
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// Hands the terminal over until QEMU ends.
    pub fn wait(self) -> Result<()> {
        self.qemu.wait()
    }

    /// A new id for a device of QEMU.
    pub(crate) fn new_id(&self) -> String {
        self.devices.set(self.devices.get() + 1);
        format!("device{}", self.devices.get())
    }
}
