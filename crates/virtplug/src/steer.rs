//! What is asked for by hand: from names to orders, and from orders to what
//! came of them. The same in the daemon and without it.

mod goal;
#[cfg(test)]
mod tests;
mod understand;

use std::time::Duration;

use virtplug_core::{Engine, Order};
use virtplug_ipc::{Change, Changes, ControlError, VERSION};

use goal::{Goal, Progress};

/// How long somebody waits for what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// At most so long.
    pub(crate) time: Duration,
    /// Also where something stands against it: it may go away.
    pub(crate) insists: bool,
}

impl Default for Patience {
    /// Of those who do not say.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30),
            insists: false,
        }
    }
}

/// Something to be changed, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    Attach {
        device: String,
        machine: Option<String>,
        /// Even while the host uses it.
        allow_in_use: bool,
    },
    Detach {
        device: String,
    },
    AttachAll {
        machine: Option<String>,
    },
    DetachAll {
        machine: Option<String>,
    },
    /// Of one device, or of all devices and groups.
    Release {
        device: Option<String>,
    },
    Switch {
        group: String,
        target: Target,
    },
    Pause {
        machine: Option<String>,
        detach: bool,
    },
    Resume {
        machine: Option<String>,
    },
}

/// Where a group is switched to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Machine(String),
    Host,
    /// Back to the owners of its rules.
    Rules,
}

/// A request that was understood: the orders to give the engine now, and what to wait for.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) orders: Vec<Order>,
    pub(crate) pending: Pending,
}

/// What is waited for.
#[derive(Debug)]
pub(crate) struct Pending {
    goals: Vec<Goal>,
    notes: Vec<String>,
    /// Whether what stands against a goal is waited for, too.
    insists: bool,
}

/// Understands a request; changes nothing yet.
pub(crate) fn begin(engine: &Engine, request: &Request) -> Result<Begun, ControlError> {
    understand::understand(engine, request)
}

/// Whether something that was refused may be possible in a moment: the device
/// comes, or the machine starts.
pub(crate) fn may_pass(refused: &ControlError) -> bool {
    matches!(
        refused,
        ControlError::NoSuchDevice { .. } | ControlError::MachineOff { .. }
    )
}

impl Pending {
    /// The same for somebody who waits for what stands against it, too.
    #[must_use]
    pub(crate) fn for_one_who(self, insists: bool) -> Self {
        Self { insists, ..self }
    }

    /// What came of it, once that is clear. To be asked after each step of the engine.
    pub(crate) fn outcome(&self, engine: &Engine) -> Option<Changes> {
        let mut changes = Vec::new();
        for goal in &self.goals {
            match goal.progress(engine) {
                Progress::UnderWay => return None,
                Progress::Missed(_) if self.insists => return None,
                Progress::Reached(result) => changes.push(goal.change(true, result)),
                Progress::Missed(result) => changes.push(goal.change(false, result)),
            }
        }
        Some(self.changes(changes))
    }

    /// What came of it so far, when nobody waits any longer.
    pub(crate) fn give_up(&self, engine: &Engine) -> Changes {
        let changes = self.goals.iter().map(|goal| match goal.progress(engine) {
            Progress::Reached(result) => goal.change(true, result),
            Progress::Missed(result) => goal.change(false, result),
            Progress::UnderWay => goal.change(false, goal.overdue(engine)),
        });
        self.changes(changes.collect())
    }

    fn changes(&self, changes: Vec<Change>) -> Changes {
        Changes {
            version: VERSION,
            changes,
            notes: self.notes.clone(),
        }
    }
}
