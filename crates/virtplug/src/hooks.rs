//! `virtplug hooks`: targets of systemd on which users hang units of their own.
//!
//! With `--start` it is a client of the daemon that asks systemd to start them. The daemon has
//! no part in it and no right to it. What is told follows from the difference between what is so
//! and what was told before, so an event only says to look again.

mod instance;
mod list;
mod memory;
mod standing;
mod systemd;

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use futures_util::{FutureExt as _, StreamExt as _, pin_mut};
use tokio::time::{Instant, sleep_until};
use virtplug_ipc::Control as _;

pub(crate) use self::list::Hook;
use self::memory::Memory;
use self::standing::{Standing, is_unread};
use self::systemd::{Systemd, Told};
use crate::client::{self, Client, answered};
use crate::exit::Exit;
use crate::output::message;
use crate::service;

/// First pause before a machine is looked at that was not read yet; no event may tell that it was.
const PAUSE: Duration = Duration::from_secs(1);

/// Such pauses double up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What `virtplug hooks` does.
#[derive(Debug, Clone, Args)]
pub(crate) struct HooksArgs {
    /// Start the targets as things happen, until the daemon ends
    ///
    /// This is what `virtplug-hooks.service` runs. It may do nothing but look at the daemon and
    /// start and stop these targets; polkit lets its user do the latter.
    #[arg(long)]
    start: bool,
}

/// Lists the instances, or starts the targets.
pub(crate) async fn run(args: &HooksArgs) -> Exit {
    let mut client = match client::connect().await {
        Ok(client) => client,
        Err(unreachable) => return unreachable.tell(),
    };
    if !args.start {
        return list::run(&mut client).await;
    }
    match start(client).await {
        Ok(()) => {
            message(
                "error: the daemon ended the stream: it was stopped, or this reader was too slow",
            );
            Exit::Failed
        }
        Err(exit) => exit,
    }
}

/// Starts targets until the daemon ends.
async fn start(client: Client) -> Result<(), Exit> {
    let systemd = Systemd::connect().await.map_err(|error| {
        message(format_args!("error: {error}"));
        Exit::Failed
    })?;
    let mut watcher = client::reach()
        .await
        .map_err(|unreachable| unreachable.tell())?;
    let happenings = watcher.monitor().await;
    let happenings = happenings.map_err(|error| client::broken(&error))?;
    pin_mut!(happenings);
    let mut teller = Teller::new(client, systemd);
    let mut due = None;
    let mut ready = false;
    loop {
        tokio::select! {
            happened = happenings.next() => {
                let mut next = Some(happened);
                // What came at once is looked at once.
                while let Some(happened) = next {
                    match happened {
                        Some(Ok(Ok(_))) => {}
                        Some(Ok(Err(error))) => return Err(client::refused(&error)),
                        Some(Err(_)) | None => return Ok(()),
                    }
                    next = happenings.next().now_or_never();
                }
                teller.pause = PAUSE;
            }
            () = reached(due) => {}
        }
        due = teller.look().await?;
        if !ready {
            ready = true;
            service::ready();
        }
    }
}

/// A moment came; without one, never.
async fn reached(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Looks, and tells systemd.
struct Teller {
    client: Client,
    systemd: Systemd,
    memory: Memory,
    told: Standing,
    pause: Duration,
}

impl Teller {
    fn new(client: Client, systemd: Systemd) -> Self {
        let memory = Memory::of_unit();
        Self {
            client,
            systemd,
            told: memory.read(),
            memory,
            pause: PAUSE,
        }
    }

    /// Looks once and tells what is new; gives when to look again, if no event may say so.
    async fn look(&mut self) -> Result<Option<Instant>, Exit> {
        let status = answered(self.client.status().await)?;
        let machines = answered(self.client.machines().await)?;
        let now = self.told.now(&status, &machines);
        self.tell(now).await?;
        if !is_unread(&status, &machines) {
            return Ok(None);
        }
        let due = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(Some(due))
    }

    /// Tells systemd what is new, each thing for itself; what failed is told again by the next start.
    async fn tell(&mut self, now: Standing) -> Result<(), Exit> {
        let mut failed = BTreeSet::new();
        for step in self.told.steps(&now) {
            if failed.contains(&step.instance) {
                continue;
            }
            match self.systemd.tell(&step).await {
                Told::Done => message(format_args!("{} {}", step.verb.word(), step.unit())),
                Told::Unwanted(reason) => message(format_args!("note: {reason}")),
                Told::Failed(reason) => {
                    message(format_args!("error: {reason}"));
                    failed.insert(step.instance);
                }
            }
        }
        let told = now.without(&failed, &self.told);
        if told != self.told {
            self.memory.write(&told);
            self.told = told;
        }
        if failed.is_empty() {
            Ok(())
        } else {
            Err(Exit::Failed)
        }
    }
}
