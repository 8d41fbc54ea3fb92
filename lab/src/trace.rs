//! What the service records while a scenario runs: whether it happens again in
//! a fresh engine, and whether the world in it is as the simulator's model of it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use virtplug_sim::{BadTrace, Trace};

use crate::outer::Outer;

/// Where the service writes; each of its daemons but the first adds a number. Not
/// in the folder of its socket, which a scenario may fill or make read-only.
const FOLDER: &str = "virtplug-lab-trace";

/// What `recipe/record.conf` adds to the service's command. Outlives a boot.
const OPTIONS: &str = "/etc/virtplug-lab-record";

impl Outer {
    /// From now on the service records what happens.
    pub fn record(&self) -> Result<()> {
        self.write(OPTIONS, &format!("RECORD=--record /run/{FOLDER}/trace"))
    }

    /// The service does not record: something is about to act in a way that the
    /// model of the world does not know.
    pub fn record_nothing(&self) -> Result<()> {
        self.sh(&format!("rm {OPTIONS}")).map(drop)
    }

    /// Brings out what was recorded, keeps it with the logs and judges it.
    pub fn judge_traces(&self) -> Result<()> {
        let paths = self.run(&format!("ls /run/{FOLDER}/* 2> /dev/null"))?.out;
        for path in paths.lines() {
            let text = self.run(&format!("cat {path}"))?.out;
            let kept = self.keep(path);
            fs::write(&kept, &text).with_context(|| kept.display().to_string())?;
            let trace = match Trace::read(&text) {
                Ok(trace) => trace,
                // The daemon was killed before it wrote anything.
                Err(BadTrace::Empty) => continue,
                Err(error) => bail!("{}: {error}", kept.display()),
            };
            let found = trace
                .replay()
                .with_context(|| format!("the trace {}", kept.display()))?;
            eprintln!("{}: {found}", kept.display());
        }
        Ok(())
    }

    /// Where a trace is kept; after a boot the names begin anew.
    fn keep(&self, path: &str) -> PathBuf {
        let name = path.rsplit('/').next().unwrap_or(path);
        let kept = |boot: u32| self.logs().join(format!("{name}-boot{boot}.jsonl"));
        let mut boot = 1;
        while kept(boot).exists() {
            boot += 1;
        }
        kept(boot)
    }
}
