//! What a report concerns, as fields of its line: programs find lines by them.

use std::fmt::Display;
use std::time::Duration;

use tracing::field::{DisplayValue, display};
use virtplug_core::{
    Assignment, ConnectionUri, Engine, Escaped, InstanceId, MachineKey, Order, OwnAlias, Owner,
    PortPath, Report, Rule,
};

use super::Timing;

/// The fields of a line; those that do not concern it are absent.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) device: Option<&'a PortPath>,
    pub(super) machine: Option<&'a MachineKey>,
    pub(super) connection: Option<&'a ConnectionUri>,
    pub(super) alias: Option<&'a OwnAlias>,
    pub(super) instance: Option<InstanceId>,
    /// The rule that gives the device to this machine.
    pub(super) rule: Option<String>,
    /// A group of rules.
    pub(super) group: Option<String>,
    /// Why it happened, as in the sentence.
    pub(super) reason: Option<String>,
    pub(super) attempt: Option<u32>,
    pub(super) reaction_us: Option<u64>,
    pub(super) added_us: Option<u64>,
    pub(super) connects: Option<u32>,
    pub(super) attached: Option<u32>,
    pub(super) detached: Option<u32>,
    pub(super) failed: Option<u32>,
}

/// A field as the log takes it.
pub(super) fn value<T: Display>(field: Option<T>) -> Option<DisplayValue<T>> {
    field.map(display)
}

impl<'a> Fields<'a> {
    pub(super) fn of(engine: &'a Engine, report: &'a Report, timing: Timing) -> Self {
        let mut fields = Self::named_by(report, timing);
        fields.connection = fields
            .connection
            .or(fields.machine.map(|machine| &machine.uri));
        fields.look_up(engine);
        fields
    }

    /// What the report itself says.
    fn named_by(report: &'a Report, timing: Timing) -> Self {
        match report {
            Report::Attached(machine, alias) => Self {
                reaction_us: timing.reaction.map(micros),
                added_us: timing.added.map(micros),
                ..Self::entry(machine, alias)
            },
            Report::Held(machine, alias) => Self::entry(machine, alias),
            Report::Detached(machine, alias, reason) => Self {
                reason: Some(reason.to_string()),
                ..Self::entry(machine, alias)
            },
            Report::AttachFailed {
                machine,
                alias,
                attempt,
                error,
                ..
            }
            | Report::DetachFailed {
                machine,
                alias,
                attempt,
                error,
                ..
            } => Self {
                attempt: Some(*attempt),
                reason: Some(error.clone()),
                ..Self::entry(machine, alias)
            },
            Report::InUse { machine, port, .. }
            | Report::TakenInUse { machine, port, .. }
            | Report::Starting(machine, port) => Self {
                machine: Some(machine),
                ..Self::at(port)
            },
            Report::Ordered(order) => Self::ordered(order),
            Report::HoldEnded { port, end } => Self {
                reason: Some(end.to_string()),
                ..Self::at(port)
            },
            Report::Flapping { port, .. }
            | Report::Conflict(port, _)
            | Report::Ambiguous(port, _) => Self::at(port),
            Report::Calmed { port, tally, .. } => Self {
                connects: Some(tally.connects),
                attached: Some(tally.attached),
                detached: Some(tally.detached),
                failed: Some(tally.failed),
                ..Self::at(port)
            },
            Report::StartFailed(machine, reason) => Self {
                machine: Some(machine),
                reason: Some(reason.clone()),
                ..Self::default()
            },
            Report::Overdue(machine) => Self {
                machine: Some(machine),
                ..Self::default()
            },
            Report::Connected(uri) => Self {
                connection: Some(uri),
                ..Self::default()
            },
            Report::Waiting(uri, reason) => Self {
                connection: Some(uri),
                reason: Some(reason.clone()),
                ..Self::default()
            },
            Report::LookFailed(_) => Self::default(),
        }
    }

    fn at(port: &'a PortPath) -> Self {
        Self {
            device: Some(port),
            ..Self::default()
        }
    }

    fn entry(machine: &'a MachineKey, alias: &'a OwnAlias) -> Self {
        Self {
            machine: Some(machine),
            alias: Some(alias),
            instance: Some(alias.instance),
            ..Self::at(&alias.port)
        }
    }

    fn ordered(order: &'a Order) -> Self {
        match order {
            Order::Hold {
                port,
                instance,
                owner,
                ..
            } => Self {
                machine: machine_of(owner),
                instance: Some(*instance),
                ..Self::at(port)
            },
            Order::Release(port) => Self::at(port),
            Order::Switch { group, owner } => Self {
                machine: owner.as_ref().and_then(machine_of),
                group: Some(Escaped(group).to_string()),
                ..Self::default()
            },
            Order::Pause { machine, .. } | Order::Resume(machine) => Self {
                machine: machine.as_ref(),
                ..Self::default()
            },
            Order::ReleaseAll => Self::default(),
        }
    }

    /// What is known of the device, if the one that is there now is meant.
    fn look_up(&mut self, engine: &Engine) {
        let Some(view) = self.device.and_then(|port| engine.device_view(port)) else {
            return;
        };
        let instance = *self.instance.get_or_insert(view.device.instance);
        if instance == view.device.instance {
            self.rule = rule_for(view.assignment, self.machine).map(rule_text);
        }
    }
}

/// The rule that gives a device to this machine, or would.
fn rule_for<'r>(assignment: &'r Assignment, machine: Option<&MachineKey>) -> Option<&'r Rule> {
    let (Assignment::Machine(grant) | Assignment::Refused(grant, _)) = assignment else {
        return None;
    };
    let meant = machine.is_none_or(|machine| grant.machine == *machine);
    grant.rule().filter(|_| meant).map(AsRef::as_ref)
}

/// Its name, or where it is written.
fn rule_text(rule: &Rule) -> String {
    Escaped(rule.name.as_deref().unwrap_or(&rule.origin)).to_string()
}

fn machine_of(owner: &Owner) -> Option<&MachineKey> {
    match owner {
        Owner::Host => None,
        Owner::Machine(machine) => Some(machine),
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
