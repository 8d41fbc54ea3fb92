//! The service under test, as its unit runs it.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;

use crate::outer::Outer;
use crate::payload::Program;
use crate::wait::{Seen, until};

/// The main configuration file.
pub const CONFIG: &str = "/etc/virtplug/virtplug.toml";

/// The service `virtplug`.
#[derive(Debug, Clone, Copy)]
pub struct Daemon<'a> {
    outer: &'a Outer,
}

impl Outer {
    /// Installs virtplug with this configuration, without starting it.
    pub fn install_stopped(&self, config: &str) -> Result<()> {
        Program::find().check()?;
        // The program was unpacked with the payload, its unit is in the saved state.
        self.write(CONFIG, config)
    }

    /// Installs virtplug with this configuration and starts its service.
    pub fn install(&self, config: &str) -> Result<()> {
        self.install_stopped(config)?;
        self.daemon().start()
    }
}

impl<'a> Daemon<'a> {
    pub(crate) fn new(outer: &'a Outer) -> Self {
        Self { outer }
    }

    /// Starts it; returns when it says that it is ready.
    pub fn start(self) -> Result<()> {
        self.systemctl("reset-failed virtplug 2> /dev/null; systemctl start")
    }

    /// Stops it.
    pub fn stop(self) -> Result<()> {
        self.systemctl("stop")
    }

    /// Stops it and starts it again.
    pub fn restart(self) -> Result<()> {
        self.systemctl("restart")
    }

    /// Kills it without warning.
    pub fn kill(self) -> Result<()> {
        self.systemctl("kill --signal=KILL")
    }

    /// Halts it; events pile up.
    pub fn freeze(self) -> Result<()> {
        self.systemctl("kill --signal=STOP")
    }

    /// Lets it run on.
    pub fn thaw(self) -> Result<()> {
        self.systemctl("kill --signal=CONT")
    }

    /// Replaces the configuration and asks for a reload.
    pub fn reload(self, config: &str) -> Result<()> {
        self.outer.write(CONFIG, config)?;
        self.systemctl("reload")
    }

    /// Its main process.
    pub fn pid(self) -> Result<u32> {
        Ok(self
            .outer
            .sh("systemctl show -P MainPID virtplug")?
            .trim()
            .parse()?)
    }

    /// Its private memory in KiB.
    pub fn memory(self) -> Result<u64> {
        let pid = self.pid()?;
        let sum = self.outer.sh(&format!(
            "awk '/^Private/ {{ sum += $2 }} END {{ print sum }}' /proc/{pid}/smaps_rollup"
        ))?;
        Ok(sum.trim().parse()?)
    }

    /// Waits until it has written nothing for a while: what it had to do is done.
    pub fn wait_quiet(self) -> Result<()> {
        let entries = || Ok::<_, anyhow::Error>(self.outer.journal_of_service()?.len());
        let mut last = entries()?;
        until("virtplug has nothing more to do", || {
            // That nothing happens can only be seen by letting time pass.
            sleep(Duration::from_secs(3));
            let now = entries()?;
            let same = now == last;
            last = now;
            Ok(if same {
                Seen::Yes(())
            } else {
                Seen::NotYet(format!("{now} entries"))
            })
        })
    }

    fn systemctl(self, command: &str) -> Result<()> {
        self.outer
            .sh(&format!("systemctl {command} virtplug"))
            .map(drop)
    }
}
